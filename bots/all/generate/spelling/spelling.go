// Package spelling finds names of networks in the core's code, which must spell none: everything about a network is in its directory.
package spelling

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Find returns where the core of the module in root spells one of the names, as "file:line: what is there". It looks at identifiers and string
// literals without spaces in Go, and at attributes in templates. Comments, sentences and texts are free: people must be able to
// read about an e-mail or a web page.
func Find(root string, names []string) ([]string, error) {
	any := strings.Join(names, "|")
	f := finder{
		root: root, word: regexp.MustCompile(`(?i)(^|[^a-z])(` + any + `)([^a-z]|$)`),
		attribute: regexp.MustCompile(`(?i)="[^"{]*\b(` + any + `)\b[^"]*"`),
	}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case entry.IsDir() && !isCore(name):
			return fs.SkipDir
		case entry.IsDir(), strings.HasSuffix(name, "_test.go"):
			return nil
		case strings.HasSuffix(name, ".go"):
			return f.inGo(name)
		case strings.HasSuffix(name, ".html"):
			return f.inTemplate(name)
		}
		return nil
	})
	return f.found, err
}

// isCore reports whether a directory belongs to the core: not to a network, nor to what only tests need.
func isCore(dir string) bool {
	base := path.Base(dir)
	switch {
	case dir == ".":
		return true
	case strings.HasPrefix(base, "."), strings.HasSuffix(base, "test"), base == "testdata", base == "testkit":
		return false
	case strings.HasPrefix(dir, "bots/"), dir == "bench", dir == "findings", dir == "data", dir == "data-demo":
		return false
	}
	return true
}

type finder struct {
	root            string
	word, attribute *regexp.Regexp
	found           []string
}

// inputTypes matches the types of HTML's inputs, among them email.
var inputTypes = regexp.MustCompile(`(<input\b[^>]*) type="[a-z-]+"`)

func (f *finder) inTemplate(name string) error {
	text, err := os.ReadFile(filepath.Join(f.root, name))
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(text), "\n") {
		line = inputTypes.ReplaceAllString(line, "")
		for _, found := range f.attribute.FindAllString(line, -1) {
			f.found = append(f.found, fmt.Sprintf("%s:%d: %s", name, i+1, found))
		}
	}
	return nil
}

func (f *finder) inGo(name string) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, filepath.Join(f.root, name), nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	imported := map[string]bool{} // such as signal, of os/signal
	for _, spec := range file.Imports {
		if address, err := strconv.Unquote(spec.Path.Value); err == nil && spec.Name == nil {
			imported[path.Base(address)] = true
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		text := ""
		switch n := node.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && imported[x.Name] {
				f.match(name, files, n.Pos(), n.Sel.Name)
				return false
			}
		case *ast.Ident:
			text = n.Name
		case *ast.BasicLit:
			if n.Kind == token.STRING && !strings.Contains(n.Value, " ") {
				text = n.Value
			}
		}
		f.match(name, files, nodePos(node), text)
		return true
	})
	return nil
}

func nodePos(node ast.Node) token.Pos {
	if node == nil {
		return token.NoPos
	}
	return node.Pos()
}

func (f *finder) match(name string, files *token.FileSet, pos token.Pos, text string) {
	if f.word.MatchString(text) {
		f.found = append(f.found, fmt.Sprintf("%s:%d: %s", name, files.Position(pos).Line, text))
	}
}
