package frontend_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
	"linienfunk/internal/legal"
	"linienfunk/report"
	"linienfunk/supervisor"
	"linienfunk/templates"
	"linienfunk/transit"
	"linienfunk/transit/network"
	"linienfunk/transit/read"
)

// noTexts are literals in the code that look like ids of texts but are not.
var noTexts = []string{"line-", "mailer-daemon", "no-cache", "no-store", "public-", "bot-title", "same-origin"}

func TestEveryTextExistsInEveryLanguageAndIsUsed(t *testing.T) {
	t.Parallel()
	used := map[string]string{}
	usedInPages(t, used)
	usedInCode(t, used)
	for _, state := range []supervisor.State{supervisor.Starting, supervisor.Running, supervisor.Waiting, supervisor.Stuck, supervisor.Revoked} {
		used["state-"+string(state)] = "supervisor.State"
	}
	for _, status := range []db.Status{db.Queued, db.Retrying, db.Sent, db.Failed, db.Expired, db.Retracted} {
		used["delivery-"+string(status)] = "db.Status"
	}
	for _, list := range []report.List{report.Instance, report.Blocked, report.Triggers, report.Spam, report.Hold, report.Limit, report.Muted, report.Dropped} {
		used["list-"+string(list)] = "report.List"
	}
	for _, kind := range legal.Kinds {
		used["legal-"+kind] = "legal.Kinds"
	}
	for _, rule := range report.HoldRules {
		used["hold-"+rule] = "report.HoldRules"
	}
	for _, ruling := range []report.Ruling{report.Release, report.Refuse} {
		used["ledger-"+string(ruling)] = "report.Ruling"
	}
	for _, field := range []string{"empty", "long", "list-long", "line", "range", "control", "lang", "zone", "option", "unknown", "type", "json", "network", "names"} {
		used["settings-error-"+field] = "settings.Errors"
	}
	for _, code := range []string{"400", "403", "404", "405", "410", "413", "500"} {
		used["error-"+code], used["error-"+code+"-text"] = "fail", "fail"
	}
	for _, problem := range []network.ListProblem{network.NoName, network.NoOtherNames, network.TooFewStops, network.NameTooLong, network.NameNotUTF8, network.NamedTwice, network.TooManyLines} {
		used["list-"+string(problem)] = "network.ListError"
	}
	for _, problem := range []network.Problem{network.NotAZip, network.Damaged, network.TooLarge, network.TwoFeeds, network.MissingFile, network.MissingColumn,
		network.MissingValue, network.BadValue, network.BadRow, network.UnknownReference, network.NothingLeft, transit.Unreachable, transit.Shrunk} {
		used["feed-"+string(problem)] = "network.FeedError"
	}
	for _, kind := range network.Kinds[1:] {
		used["kind-"+string(kind)] = "network.Kind"
	}
	for _, kind := range []read.Kind{read.Inspectors, read.Police, read.Disruption, read.Gone, read.Question, read.Other} {
		used["reading-"+string(kind)] = "read.Kind"
	}
	for _, kind := range []string{"address", "instance", "account"} {
		used["blocks-kind-"+kind], used["blocks-of-"+kind] = "instance block", "instance blocks"
	}
	for _, part := range []string{"broker", "ledger", "mails", "database", "nodes"} {
		used["instance-unread-"+part] = "instance status"
	}
	used["blocks-of-domain"] = "instance blocks"
	for _, letter := range []string{"register", "register-known", "reset", "address-new", "address-back", "changed", "revoked", "warned"} {
		used[letter+"-subject"], used[letter+"-mail"] = "send", "send"
	}
	used["date-format"], used["zone-name"] = "templates", "templates"
	for _, lang := range templates.Languages {
		texts := map[string]any{}
		if _, err := toml.DecodeFile("../templates/locale."+lang+".toml", &texts); err != nil {
			t.Fatal(err)
		}
		for id, where := range used {
			if texts[id] == nil {
				t.Errorf("%s: no text %q (%s)", lang, id, where)
			}
		}
		for id := range texts {
			if used[id] == "" {
				t.Errorf("%s: nobody uses the text %q", lang, id)
			}
		}
	}
}

// usedInPages collects {{t "id"}}.
func usedInPages(t *testing.T, used map[string]string) {
	pages, err := filepath.Glob("*/pages/*.html")
	frontendtest.Check(t, err)
	for _, page := range append(pages, "../templates/layout.html") {
		text, err := os.ReadFile(page)
		frontendtest.Check(t, err)
		for _, found := range regexp.MustCompile(`[{(]t "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			used[found[1]] = page
		}
	}
}

// usedInCode collects the literals that are ids: words with dashes, or arguments that are ids.
func usedInCode(t *testing.T, used map[string]string) {
	form := regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)+$`)
	files, err := filepath.Glob("*/*.go")
	frontendtest.Check(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "frontendtest") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		frontendtest.Check(t, err)
		ast.Inspect(tree, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				for i, arg := range call.Args {
					if name, ok := call.Fun.(*ast.SelectorExpr); ok && (name.Sel.Name == "Text" || name.Sel.Name == "TextIn") && i == 1 {
						used[literal(arg)] = file
					}
				}
			}
			if id := literal(n); form.MatchString(id) && !slices.Contains(noTexts, id) && id != "register-known" {
				used[id] = file
			}
			return true
		})
	}
	delete(used, "")
}

func literal(n ast.Node) string {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, _ := strconv.Unquote(lit.Value)
	return text
}
