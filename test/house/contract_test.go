package house

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/all"
	"linienfunk/bots/bottest"
)

// Limits of the contract, which the author of a network has to read.
const (
	maxDocLines   = 350 // of `go doc -all ./bots`
	maxAbilities  = 8   // optional interfaces
	maxCoreFields = 13
	maxMainLines  = 60
)

// abilities are the optional interfaces of the contract.
var abilities = map[string]func(bots.Bot) bool{
	"Receiver": is[bots.Receiver], "Listener": is[bots.Listener], "Sender": is[bots.Sender], "Broadcaster": is[bots.Broadcaster],
	"Public": is[bots.Public], "Retracter": is[bots.Retracter], "Pruner": is[bots.Pruner], "Editor": is[bots.Editor],
}

func TestTheContractFitsOnOnePage(t *testing.T) {
	out := runGo(t, "doc", "-all", "./bots")
	if lines := strings.Count(out, "\n"); lines > maxDocLines {
		t.Errorf("go doc -all ./bots has %d lines, at most %d", lines, maxDocLines)
	}
}

// TestTheContractHasFewOptionalInterfaces compares the interfaces of package bots with abilities, and looks for one that no network
// implements.
func TestTheContractHasFewOptionalInterfaces(t *testing.T) {
	types := contractTypes(t)
	given := map[string]bool{"Bot": true} // and what a bot gets, not implements
	for _, field := range coreFields(t, types) {
		if name, ok := field.Type.(*ast.Ident); ok {
			given[name.Name] = true
		}
	}
	var optional []string
	for name, spec := range types {
		if _, ok := spec.Type.(*ast.InterfaceType); ok && spec.Name.IsExported() && !given[name] {
			optional = append(optional, name)
		}
	}
	slices.Sort(optional)
	if listed := slices.Sorted(maps.Keys(abilities)); !slices.Equal(optional, listed) {
		t.Errorf("the contract's optional interfaces are %v; test/house knows %v", optional, listed)
	}
	if len(optional) > maxAbilities {
		t.Errorf("%d optional interfaces, at most %d: %v", len(optional), maxAbilities, optional)
	}
	used := map[string]bool{}
	for _, network := range all.Plugins() {
		bot := bottest.NewWorld(t, network.Name, network.Plugin).Bot
		for name, has := range abilities {
			used[name] = used[name] || has(bot)
		}
	}
	for name := range abilities {
		if !used[name] {
			t.Errorf("no network is a %s", name)
		}
	}
}

// TestEveryFieldOfCoreServesTwoNetworks counts the networks whose code names a field; bots/kit does so for all that import it.
func TestEveryFieldOfCoreServesTwoNetworks(t *testing.T) {
	fields := coreFields(t, contractTypes(t))
	if len(fields) > maxCoreFields {
		t.Errorf("Core has %d fields, at most %d", len(fields), maxCoreFields)
	}
	inKit := source(t, "bots/kit")
	networks := map[string]string{}
	for _, name := range botNames(t) {
		networks[name] = source(t, "bots/"+name)
		if strings.Contains(networks[name], `"linienfunk/bots/kit"`) {
			networks[name] += inKit
		}
	}
	for _, field := range fields {
		name := field.Names[0].Name
		use := regexp.MustCompile(`\b[cC]ore\.` + name + `\b`)
		count := 0
		for _, text := range networks {
			if use.MatchString(text) {
				count++
			}
		}
		if count < 2 {
			t.Errorf("Core.%s is used by %d networks, at least 2: give it to the network in another way", name, count)
		}
	}
}

func TestTheRootHoldsOneShortGoFile(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || !slices.Equal(files, []string{"main.go"}) {
		t.Errorf("Go files in the root: %v, %v; only main.go belongs there", files, err)
	}
	text, err := os.ReadFile("main.go")
	if lines := bytes.Count(text, []byte("\n")); err != nil || lines > maxMainLines {
		t.Errorf("main.go has %d lines, at most %d (%v)", lines, maxMainLines, err)
	}
}

// TestLogKeysAreTheSameEverywhere looks for other names of common keys in calls of the logger, so that one search of the log finds all.
func TestLogKeysAreTheSameEverywhere(t *testing.T) {
	keys := map[string]string{`"error"`: "err", `"why"`: "reason", `"pause"`: "delay", `"backoff"`: "delay"}
	methods := []string{"Debug", "Info", "Warn", "Error", "Log", "With"}
	for _, p := range packages(t) {
		for _, path := range goFiles(t, cmp.Or(p.ImportPath, ".")) {
			files := token.NewFileSet()
			ast.Inspect(parse(t, files, path), func(node ast.Node) bool {
				call, ok := node.(*ast.CallExpr)
				if !ok {
					return true
				}
				method, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || !slices.Contains(methods, method.Sel.Name) || len(call.Args) < 2 {
					return true
				}
				for _, arg := range call.Args {
					if literal, ok := arg.(*ast.BasicLit); ok && keys[literal.Value] != "" {
						t.Errorf("%s: the log key is %q", files.Position(literal.Pos()), keys[literal.Value])
					}
				}
				return true
			})
		}
	}
}

// contractTypes are the types that package bots declares.
func contractTypes(t *testing.T) map[string]*ast.TypeSpec {
	t.Helper()
	types := map[string]*ast.TypeSpec{}
	for _, path := range goFiles(t, "bots") {
		ast.Inspect(parse(t, token.NewFileSet(), path), func(node ast.Node) bool {
			if spec, ok := node.(*ast.TypeSpec); ok {
				types[spec.Name.Name] = spec
			}
			return true
		})
	}
	return types
}

func coreFields(t *testing.T, types map[string]*ast.TypeSpec) []*ast.Field {
	t.Helper()
	core, ok := types["Core"].Type.(*ast.StructType)
	if !ok {
		t.Fatal("bots.Core is no struct")
	}
	return core.Fields.List
}

// source is the code of a package and of those below it, without tests.
func source(t *testing.T, dir string) string {
	t.Helper()
	var text strings.Builder
	for _, path := range goFiles(t, dir) {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(file)
	}
	return text.String()
}

// goFiles lists the Go files of a package, without tests.
func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(path string) bool { return strings.HasSuffix(path, "_test.go") })
}

func parse(t *testing.T, files *token.FileSet, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
