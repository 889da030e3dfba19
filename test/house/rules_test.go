// Package house tests the rules of this repository: which package imports which, where networks are named, which documents must be up to
// date. The tests run in the root of the module.
package house

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"linienfunk/bots/all/generate/spelling"
)

// layers are the packages of the core, from the ground up. A package imports those below it and beside it.
var layers = [][]string{
	{"report", "internal/observe", "internal/legal", "internal/config", "internal/archive", "internal/secret", "internal/oldhash", "internal/outgoing", "internal/limits", "internal/wait", "internal/disk", "internal/htmltext", "templates", "settings/chain", "censor/generate", "transit/network", "bus/programs"},
	{"mail/text", "transit/read"},
	{"mail/inbound"},
	{"bus", "db"},
	{"transit"},
	{"bots"},
	{"bots/chat", "bots/places", "bots/importing", "bots/ending"},
	{"censor", "settings", "mail"},
	{"supervisor", "ancestors"},
	{"commands"},
	{"api"},
	{"frontend/site"},
	{"frontend/botpages"},
	{"frontend/wording"},
	{"frontend/account"},
	{"frontend/city", "frontend/public", "frontend/apipages", "frontend/operator"},
	{"frontend"},
	{"app"},
}

// forBots are our packages that a bot may import, and bots/kit as well. A bot that implements mail.Network may import mail and
// the packages below it as well, and one that implements programs.Network bus/programs.
var forBots = []string{"bots", "bots/kit", "bots/chat", "bots/places", "bots/importing", "bots/ending", "report", "internal/secret", "internal/limits", "internal/htmltext", "db"}

// TestMain changes to the root of the module.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

const module = "linienfunk"

type listed struct {
	ImportPath string
	Imports    []string
}

// runGo runs the go command and returns its output.
func runGo(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go %s: %v", args[0], err)
	}
	return string(out)
}

// packages lists the module's packages with their imports outside of tests, our own without the module's name.
func packages(t *testing.T) []listed {
	t.Helper()
	out := runGo(t, "list", "-json=ImportPath,Imports", "./...")
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(out)); ; {
		var one listed
		if err := decoder.Decode(&one); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		one.ImportPath = strings.TrimPrefix(strings.TrimPrefix(one.ImportPath, module), "/")
		for i := range one.Imports {
			one.Imports[i] = strings.TrimPrefix(one.Imports[i], module+"/")
		}
		all = append(all, one)
	}
}

func layer(name string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, name) })
}

// botNames are the directories of bots.
func botNames(t *testing.T) []string {
	t.Helper()
	list, err := os.ReadFile("bots/all/all.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, match := range regexp.MustCompile(`Name: "([^"]+)"`).FindAllStringSubmatch(string(list), -1) {
		names = append(names, match[1])
	}
	if len(names) == 0 {
		t.Fatal("bots/all lists no bot")
	}
	return names
}

func TestImportsRunDownwards(t *testing.T) {
	ours := func(path string) bool { _, err := os.Stat(path); return err == nil && !strings.Contains(path, ".") }
	for _, p := range packages(t) {
		name, isBot := strings.CutPrefix(p.ImportPath, "bots/")
		for _, imported := range p.Imports {
			switch {
			case imported == "bots/all" && p.ImportPath != "app":
				t.Errorf("%s imports bots/all; only app may", p.ImportPath)
			case strings.HasPrefix(p.ImportPath, "test/"), strings.HasSuffix(p.ImportPath, "test"), strings.HasPrefix(p.ImportPath, "bots/bottest/"): // a fake or a suite, for tests
			case imported == "internal/testkit" || imported == "bots/bottest":
				t.Errorf("%s imports %s outside of tests", p.ImportPath, imported)
			case isBot && (name == "kit" || slices.Contains(botNames(t), strings.Split(name, "/")[0])):
				same := strings.HasPrefix(imported, "bots/"+strings.Split(name, "/")[0])
				allowed := slices.Contains(forBots, imported) || isMail(imported) && implementsNetwork(t, strings.Split(name, "/")[0], "mail") ||
					imported == "bus/programs" && implementsNetwork(t, strings.Split(name, "/")[0], "programs")
				if ours(imported) && !allowed && !same {
					t.Errorf("the bot %s imports %s; a bot may import %v and libraries", name, imported, forBots)
				}
				if strings.HasPrefix(imported, "github.com/nats-io/") {
					t.Errorf("the bot %s imports %s; only bus speaks to NATS", name, imported)
				}
			case layer(p.ImportPath) >= 0 && layer(imported) > layer(p.ImportPath):
				t.Errorf("%s imports %s, which stands above it", p.ImportPath, imported)
			case layer(p.ImportPath) >= 0 && p.ImportPath != "app" && strings.HasPrefix(imported, "bots/") && imported != "bots/chat" && imported != "bots/places" && imported != "bots/importing" && imported != "bots/ending":
				t.Errorf("%s of the core imports %s", p.ImportPath, imported)
			}
		}
	}
}

func isMail(path string) bool { return path == "mail" || strings.HasPrefix(path, "mail/") }

// implementsNetwork reports whether a bot's package declares a variable of type Network of a package, so that the compiler checks it.
func implementsNetwork(t *testing.T, bot, of string) (found bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("bots", bot, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if spec, ok := node.(*ast.ValueSpec); ok {
				if kind, ok := spec.Type.(*ast.SelectorExpr); ok && kind.Sel.Name == "Network" {
					x, ok := kind.X.(*ast.Ident)
					found = found || ok && x.Name == of
				}
			}
			return true
		})
	}
	return found
}

func TestEveryPackageHasALayer(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath == "" || strings.HasPrefix(p.ImportPath, "internal/testkit") || strings.HasSuffix(p.ImportPath, "test") || strings.HasPrefix(p.ImportPath, "test/") || strings.HasPrefix(p.ImportPath, "bots/") || p.ImportPath == "bench" {
			continue
		}
		if layer(p.ImportPath) < 0 {
			t.Errorf("%s is in no layer: add it to layers in test/house/rules_test.go and to docs/architecture.md", p.ImportPath)
		}
	}
}

func TestTheListOfBotsIsFresh(t *testing.T) {
	generate := exec.Command("go", "run", "./generate", "-print")
	generate.Dir = "bots/all"
	generate.Stderr = os.Stderr
	want, err := generate.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile("bots/all/all.go"); string(got) != string(want) {
		t.Error("bots/all is stale: run go generate ./bots/...")
	}
}

func TestEveryBotRunsTheConformanceSuiteUnderItsOwnName(t *testing.T) {
	for _, name := range botNames(t) {
		call := fmt.Sprintf("bottest.Run(t, %q,", name)
		tests, _ := filepath.Glob(filepath.Join("bots", name, "*_test.go"))
		if !slices.ContainsFunc(tests, func(file string) bool {
			text, _ := os.ReadFile(file)
			return strings.Contains(string(text), call)
		}) {
			t.Errorf("no test in bots/%s calls %s …)", name, call)
		}
	}
}

// TestTheCoreSpellsNoNetworksName: everything about a network is in its directory.
func TestTheCoreSpellsNoNetworksName(t *testing.T) {
	found, err := spelling.Find(".", botNames(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range found {
		t.Errorf("a network's name: %s", place)
	}
}
