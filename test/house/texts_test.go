package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"linienfunk/bots/all"
	"linienfunk/templates"
)

// noTexts are literals in the code of bots that look like ids of texts but are not: headers, HTML classes, answers of networks.
var noTexts = []string{
	"client-forbidden", "mail-editor-reference-message-container", "mailer-daemon", "moz-cite-prefix", "moz-signature", "no-cache",
	"no-store", "quote-inline", "usage-capped",
}

func TestTheTextsOfBotsExistInEveryLanguageAndAreUsed(t *testing.T) {
	shared, ofKit := textIDs(t, os.DirFS("templates"), "en"), textIDs(t, os.DirFS("bots/kit"), "en")
	var everywhere []string // ids that any network uses
	for _, bot := range all.Plugins() {
		t.Run(bot.Name, func(t *testing.T) {
			if bot.Files == nil {
				return
			}
			texts := textIDs(t, bot.Files, "en")
			for _, lang := range templates.Languages {
				if have := textIDs(t, bot.Files, lang); !slices.Equal(have, texts) {
					t.Errorf("%v are in one of en and %s only", differing(have, texts), lang)
				}
			}
			pages, words := wordsOfPages(t, bot), literals(t, filepath.Join("bots", bot.Name))
			named := slices.Concat([]string{"bot-title"}, pages, slices.DeleteFunc(slices.Clone(words), noTextID))
			for _, id := range named {
				if !slices.Contains(texts, id) && !slices.Contains(shared, id) && !part.MatchString(id) {
					t.Errorf("the text %q is used, but not there", id)
				}
			}
			words = append(words, literals(t, "bots/kit")...) // which may use any text of bot.Files
			everywhere = slices.Concat(everywhere, named, words)
			for _, id := range texts {
				if !slices.Contains(ofKit, id) && !usedBy(id, slices.Concat(named, words)) {
					t.Errorf("nobody uses the text %q", id)
				}
			}
		})
	}
	for _, id := range ofKit { // a network need not use all of them
		if !usedBy(id, everywhere) {
			t.Errorf("no network uses the text %q of bots/kit", id)
		}
	}
}

// textIDs lists the ids of the texts in a language, also those with a singular and a plural.
func textIDs(t *testing.T, files fs.FS, lang string) []string {
	t.Helper()
	var texts map[string]any
	if _, err := toml.DecodeFS(files, "locale."+lang+".toml", &texts); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(texts))
}

func differing(a, b []string) []string {
	both := func(id string) bool { return slices.Contains(a, id) == slices.Contains(b, id) }
	return slices.DeleteFunc(slices.Concat(a, b), both)
}

var (
	inPage = regexp.MustCompile(`\b(?:t|print) "([^"]+)"`)
	textID = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)+$`)
	// part is the beginning or the end of an id that is put together, such as "error-access-" and "-title".
	part = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*-$|^(-[a-z0-9]+)+$`)
)

// noTextID reports whether a literal is certainly not the id of a text. Those of one word may be anything.
func noTextID(literal string) bool {
	return !textID.MatchString(literal) || slices.Contains(noTexts, literal)
}

// usedBy reports whether one of the words is the id of a text, or a part of it. The conformance suite checks the texts of options.
func usedBy(id string, words []string) bool {
	return strings.HasPrefix(id, "option-") || slices.ContainsFunc(words, func(word string) bool {
		return word == id || part.MatchString(word) && (strings.HasPrefix(id, word) || strings.HasSuffix(id, word))
	})
}

// wordsOfPages are the ids, and parts of ids, that a bot's pages name.
func wordsOfPages(t *testing.T, bot all.Network) []string {
	t.Helper()
	pages, err := fs.Glob(bot.Files, "*.html")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, page := range pages {
		text, err := fs.ReadFile(bot.Files, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range inPage.FindAllStringSubmatch(string(text), -1) {
			words = append(words, found[1])
		}
	}
	return words
}

// literals are the strings in the code of a directory, without its tests.
func literals(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, _ := strconv.Unquote(lit.Value)
				found = append(found, text)
			}
			return true
		})
	}
	return found
}
