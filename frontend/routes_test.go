package frontend_test

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend"
	"linienfunk/frontend/frontendtest"
)

// who are those who may use an address that takes forms. Of a city, others learn not even that it exists.
type who string

const (
	anybody    who = "anybody"     // or whoever has the secret in the path
	accounts   who = "accounts"    // whoever is logged in, about their own account
	moderators who = "of the city" // and owners
	owners     who = "owners of the city"
	operators  who = "operators"
)

// allowed says for each address that takes forms who may use it. One that is missing fails the test: whoever adds an address says here for whom it is.
var allowed = map[string]who{
	"POST /register": anybody, "POST /confirm/{token}": anybody, "POST /login": anybody, "POST /login/code/{token}": anybody, "POST /login/passkey": anybody,
	"POST /login/passkey/{token}": anybody, "POST /logout": anybody, "POST /forgot": anybody, "POST /reset/{token}": anybody, "POST /invite/{token}": anybody,
	"POST /account/back/{token}": anybody, "POST /c/{city}/flag/{report}": anybody, "POST /c/{city}/sent/{bot}/{id}": anybody, "POST /mails/{city}/{person}/{seal}": anybody, "OPTIONS /c/{city}/numbers.json": anybody,
	"/c/{city}/{file}": anybody, "/c/{city}/{bot}/{rest...}": anybody, "/bots/{bot}/{rest...}": anybody,

	"POST /announcements/{id}/dismiss": accounts, "POST /cities": accounts, "POST /account/address": accounts, "POST /account/address/{token}": accounts, "POST /account/password": accounts,
	"POST /account/sessions": accounts, "POST /account/sessions/{id}/end": accounts, "POST /account/language": accounts, "POST /account/delete": accounts,
	"POST /account/totp": accounts, "POST /account/totp/confirm": accounts, "POST /account/totp/end": accounts, "POST /account/recovery": accounts,
	"POST /account/passkeys": accounts, "POST /account/passkey/{token}": accounts, "POST /account/passkeys/{id}/remove": accounts, "POST /account/passkeys/{id}/rename": accounts,

	"POST /city/{city}/ledger/{id}/{command}": moderators, "POST /city/{city}/commands/{command}": moderators, "POST /city/{city}/people/{command}": moderators,

	"POST /operator/{command}": operators,

	"POST /city/{city}": owners, "POST /city/{city}/try": owners, "POST /city/{city}/merge": owners, "POST /city/{city}/options/{bot}": owners,
	"POST /city/{city}/undo": owners, "POST /city/{city}/undo/apply": owners, "POST /city/{city}/import": owners, "POST /city/{city}/import/apply": owners,
	"POST /city/{city}/ledger/{id}/word": owners, "POST /city/{city}/end/{command}": owners, "POST /city/{city}/arrive": owners, "/city/{city}/bot/{bot}/{rest...}": owners,
	"POST /city/{city}/network/feed": owners, "POST /city/{city}/network/cancel": owners, "POST /city/{city}/network/choose": owners, "POST /city/{city}/network/save": owners,
	"POST /city/{city}/network/lists": owners, "POST /city/{city}/network/names": owners, "POST /city/{city}/network/try": owners,
	"POST /city/{city}/network/remove": owners, "POST /city/{city}/network/unfollow": owners,
	"POST /city/{city}/api/keys": owners, "POST /city/{city}/api/keys/{id}/revoke": owners, "POST /city/{city}/api/webhooks": owners,
	"POST /city/{city}/api/webhooks/{id}/resume": owners, "POST /city/{city}/api/webhooks/{id}/delete": owners,
}

// patterns lists the patterns of a mux that take more than a GET, from its index, which is not exported: nothing else knows all of them.
func patterns(t *testing.T, mux *http.ServeMux) (all []string) {
	t.Helper()
	index := reflect.ValueOf(mux).Elem().FieldByName("index")
	lists := []reflect.Value{index.FieldByName("multis")}
	for _, key := range index.FieldByName("segments").MapKeys() {
		lists = append(lists, index.FieldByName("segments").MapIndex(key))
	}
	for _, list := range lists {
		for i := range list.Len() {
			if one := list.Index(i).Elem().FieldByName("str").String(); !strings.HasPrefix(one, "GET ") && !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	if len(all) == 0 {
		t.Fatal("the patterns of http.ServeMux are not where they were")
	}
	return all
}

// filled is the path of a pattern in berlin.
func filled(pattern, command string) string {
	path := pattern[strings.Index(pattern, "/"):]
	return strings.NewReplacer("{city}", "berlin", "{bot}", "alpha", "{rest...}", "connect", "{id}", "1", "{command}", command, "{token}", "x", "{report}", "1", "{file}", "x").Replace(path)
}

func TestEachAddressThatTakesFormsIsForThoseForWhomItIs(t *testing.T) {
	t.Parallel()
	s, _, _ := frontendtest.Berlin(t)
	s.Joins("mo@example.org", "berlin", db.RoleModerator)
	s.Admin("cy@example.org", "ghent")
	before := s.Present("berlin").Hash
	stranger, other, mo := s.Visitor(), s.VisitorAs("cy@example.org"), s.VisitorAs("mo@example.org")
	all := patterns(t, frontend.Pages(s.Frontend))
	for pattern := range allowed {
		if !slices.Contains(all, pattern) {
			t.Errorf("there is no %s", pattern)
		}
	}
	for _, pattern := range all {
		whom, known := allowed[pattern]
		if !known {
			t.Errorf("nobody has said for whom %s is", pattern)
		}
		if !known || whom == anybody {
			continue
		}
		path := filled(pattern, "release")
		post := func(v *frontendtest.Visitor) frontendtest.Answer {
			return v.Send("POST", path, "x=1", "Content-Type", "application/x-www-form-urlencoded")
		}
		if got := post(stranger); !strings.HasPrefix(got.Path, "/login?next=") {
			t.Errorf("%s, for a stranger: %d at %s", pattern, got.Status, got.Path)
		}
		if whom == accounts {
			continue
		}
		if got := post(other); got.Status != http.StatusNotFound || strings.Contains(got.Text, "Berlin") {
			t.Errorf("%s, for an owner of another city: %d\n%s", pattern, got.Status, got.Text)
		}
		if got := post(mo); (got.Status == http.StatusForbidden) != (whom == owners) {
			t.Errorf("%s, for a moderator: %d\n%s", pattern, got.Status, got.Text)
		}
	}
	if s.Present("berlin").Hash != before {
		t.Error("something was changed")
	}
}

func TestAModeratorIsRefusedEachCommandOfOwnersOnAPage(t *testing.T) {
	t.Parallel()
	s, _, _ := frontendtest.Berlin(t)
	s.Joins("mo@example.org", "berlin", db.RoleModerator)
	before := s.Present("berlin").Hash
	mo := s.VisitorAs("mo@example.org")
	for _, command := range s.Site.Commands.All() {
		if command.Level <= commands.Moderator {
			continue
		}
		for _, page := range []string{"/city/berlin/commands/", "/city/berlin/people/", "/city/berlin/ledger/1/"} {
			got := mo.Post(page+command.ID(), "once", "x", "who", "ada@example.org", "role", "moderator", "changes", `{"title":"x"}`, "list", "triggers", "rule", "x")
			if got.Status != http.StatusForbidden && got.Status != http.StatusNotFound {
				t.Errorf("%s%s: %d\n%s", page, command.ID(), got.Status, got.Text)
			}
		}
	}
	if s.Present("berlin").Hash != before {
		t.Error("something was changed")
	}
}
