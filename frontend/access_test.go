package frontend_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
)

// cityPages are all pages and actions for admins, below /city/<city>.
var cityPages = []string{
	"GET ", "POST ", "POST /try", "GET /try", "POST /merge", "GET /merge", "GET /ledger", "POST /ledger/1/release", "GET /ledger/1/release", "GET /commands", "POST /commands/status", "GET /commands/status", "GET /history", "POST /undo", "GET /undo", "POST /undo/apply", "GET /undo/apply",
	"GET /settings.json", "POST /import", "GET /import", "POST /import/apply", "GET /import/apply", "POST /options/alpha", "GET /options/alpha",
	"GET /network", "POST /network/feed", "POST /network/cancel", "POST /network/choose", "POST /network/save", "POST /network/lists", "POST /network/names",
	"POST /network/try", "POST /network/remove", "POST /network/unfollow", "GET /network/feed",
	"GET /people", "POST /people/invite", "POST /people/people-remove", "POST /people/people-role", "POST /people/leave", "GET /people/leave", "GET /bot/alpha/", "POST /bot/alpha/connect",
}

func ask(v *frontendtest.Visitor, page, city string, header ...string) frontendtest.Answer {
	v.T.Helper()
	method, path, _ := strings.Cut(page, " ")
	now := string(v.Present("berlin").Hash)
	body := "base=" + now + "&hash=" + now + "&head=" + now + "&document={}&title=x&address=cy@example.org&host=x"
	if method == "GET" {
		body = ""
	}
	return v.Send(method, "/city/"+city+path, body, append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)...)
}

func TestOtherPeoplesCitiesDoNotExist(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	s.Admin("cy@example.org", "ghent")
	before := s.Present("berlin").Hash
	stranger, cy := s.Visitor(), s.VisitorAs("cy@example.org")
	for _, page := range cityPages {
		for _, city := range []string{"berlin", "nowhere"} {
			if got := ask(cy, page, city); got.Status != 404 || !strings.Contains(got.Text, "No such stop") {
				t.Errorf("%s of %s, for an admin of another city: status %d", page, city, got.Status)
			}
			if got := ask(stranger, page, city); !strings.HasPrefix(got.Path, "/login") {
				t.Errorf("%s of %s, for a stranger: status %d at %s", page, city, got.Status, got.Path)
			}
		}
	}
	if s.Present("berlin").Hash != before {
		t.Error("something was changed")
	}
}

// forModerators are those of cityPages that moderators see.
var forModerators = []string{
	"GET ", "GET /ledger", "POST /ledger/1/release", "GET /ledger/1/release", "GET /commands", "POST /commands/status", "GET /commands/status", "GET /history", "GET /settings.json",
	"GET /people", "POST /people/leave", "GET /people/leave",
}

func TestAModeratorIsToldWhoCanDoWhatOwnersDo(t *testing.T) {
	t.Parallel()
	s, ada, _ := frontendtest.Berlin(t)
	s.Joins("mo@example.org", "berlin", db.RoleModerator)
	before := s.Present("berlin").Hash
	mo := s.VisitorAs("mo@example.org")
	for _, page := range append(cityPages, "GET /api", "POST /api/keys", "POST /api/webhooks", "POST /commands/pause") {
		got := ask(mo, page, "berlin")
		refused := got.Status == http.StatusForbidden && strings.Contains(got.Text, "Only owners can do that") && strings.Contains(got.Text, "ada@example.org")
		if allowed := slices.Contains(forModerators, page); allowed == refused || allowed && got.Status == http.StatusForbidden || !allowed && !refused {
			t.Errorf("%s: status %d\n%s", page, got.Status, got.Text)
		}
	}
	if s.Present("berlin").Hash != before {
		t.Error("something was changed")
	}
	for _, page := range []string{"", "/ledger", "/history", "/people", "/commands"} {
		got := mo.Get("/city/berlin" + page).Want(200)
		if strings.Contains(got.Raw, `"/city/berlin/api"`) || strings.Contains(got.Raw, `"/city/berlin/network"`) || strings.Contains(got.Raw, `action="/city/berlin/undo"`) {
			t.Errorf("%s offers what a moderator cannot do\n%s", page, got.Raw)
		}
	}
	mo.Get("/city/berlin").Want(200, "<fieldset disabled>", "Its owners can change them")
	mo.Get("/city/berlin/history").Want(200, "The file does not contain lines and stops")
	mo.Get("/city/berlin/people").Want(200, "lines and stops, the log and the API are for owners")
	ada.Get("/city/berlin").Want(200).WantNot("<fieldset disabled>")
}

func TestAModeratorBeginsWithTheReportsAndAnOwnerWithTheSettings(t *testing.T) {
	t.Parallel()
	s, _, _ := frontendtest.Berlin(t)
	s.Joins("mo@example.org", "berlin", db.RoleModerator)
	for address, first := range map[string]string{"mo@example.org": "/city/berlin/ledger", "ada@example.org": "/city/berlin"} {
		s.Visitor().Post("/login", "address", address, "password", frontendtest.Password).At(first).Want(200)
	}
}

func TestARoleThatChangesHoldsForTheNextRequest(t *testing.T) {
	t.Parallel()
	s, _, _ := frontendtest.Berlin(t)
	admin := s.Joins("mo@example.org", "berlin", db.RoleModerator)
	mo := s.VisitorAs("mo@example.org")
	for _, one := range []struct {
		role   db.Role
		status int
	}{{db.RoleModerator, 403}, {db.RoleOwner, 200}, {db.RoleModerator, 403}, {"", 404}} {
		row := s.Site.DB.Model(&db.CityAdmin{}).Where("city = 'berlin' AND admin_id = ?", admin.ID)
		if one.role == "" {
			frontendtest.Check(t, row.Delete(&db.CityAdmin{}).Error)
		} else {
			frontendtest.Check(t, row.Update("role", one.role).Error)
		}
		mo.Get("/city/berlin/network").Want(one.status)
	}
}

func TestAFormOfAnotherSiteIsRefused(t *testing.T) {
	t.Parallel()
	_, v, _ := frontendtest.Berlin(t)
	for _, page := range cityPages {
		if !strings.HasPrefix(page, "POST") {
			continue
		}
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
			if got := ask(v, page, "berlin", header...); got.Status != 403 || !strings.Contains(got.Text, "sent from another site") {
				t.Errorf("%s with %v: status %d", page, header, got.Status)
			}
		}
	}
	v.Send("POST", "/bots/feeds/report", "", "User-Agent", "a server, not a browser").Want(200)
}

func TestAPageThatAFormLedToLeadsBackToTheForm(t *testing.T) {
	t.Parallel()
	_, v, _ := frontendtest.Berlin(t)
	for path, to := range map[string]string{"try": "", "merge": "", "options/alpha": "", "undo": "/history", "import": "/history", "import/apply": "/history", "people/invite": "/people", "network/feed": "/network"} {
		v.Get("/city/berlin/" + path + "?lang=de").At("/city/berlin" + to).Want(200)
	}
}

func TestAnAddressWithOtherMethodsSaysWhich(t *testing.T) {
	t.Parallel()
	_, v, _ := frontendtest.Berlin(t)
	for request, want := range map[string]struct {
		status int
		allow  string
	}{
		"PUT /register":         {405, "GET, HEAD, POST"},
		"DELETE /":              {405, "GET, HEAD"},
		"POST /c/berlin":        {405, "GET, HEAD"},
		"GET /logout":           {405, "POST"},
		"DELETE /city/berlin":   {405, "GET, HEAD, POST"},
		"PATCH /login":          {405, "GET, HEAD, POST"},
		"POST /healthz":         {405, "GET, HEAD"},
		"PUT /nowhere":          {404, ""},
		"OPTIONS /nowhere/else": {404, ""},
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := v.Send(method, path, ""); got.Status != want.status || got.Header.Get("Allow") != want.allow || !strings.Contains(got.Text, "<h1>") {
			t.Errorf("%s: %d %q, want %d %q", request, got.Status, got.Header.Get("Allow"), want.status, want.allow)
		}
	}
}
