package frontend

import (
	"strings"
	"testing"
)

// cityPages are all pages and actions that are an admin's, below /city/<city>.
var cityPages = []string{
	"GET ", "POST ", "POST /try", "GET /try", "POST /merge", "GET /merge", "GET /ledger", "GET /history", "POST /undo", "GET /undo",
	"GET /settings.json", "POST /import", "GET /import", "POST /import/apply", "GET /import/apply", "POST /options/alpha", "GET /options/alpha",
	"POST /invite", "GET /bot/alpha/", "POST /bot/alpha/connect",
}

func (v *visitor) ask(page, city string, header ...string) answer {
	v.t.Helper()
	method, path, _ := strings.Cut(page, " ")
	now := string(v.present("berlin").Hash)
	body := "base=" + now + "&hash=" + now + "&head=" + now + "&document={}&title=x&address=cy@example.org&host=x"
	if method == "GET" {
		body = ""
	}
	return v.send(method, "/city/"+city+path, body, append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)...)
}

func TestOtherPeoplesCitiesDoNotExist(t *testing.T) {
	s := newSite(t, two)
	s.admin("ada@example.org", "berlin")
	s.admin("cy@example.org", "ghent")
	before := s.present("berlin").Hash
	stranger, cy := s.visitor(), s.visitorAs("cy@example.org")
	for _, page := range cityPages {
		for _, city := range []string{"berlin", "nowhere"} {
			if got := cy.ask(page, city); got.status != 404 || !strings.Contains(got.text, "No such stop") {
				t.Errorf("%s of %s, for an admin of another city: status %d", page, city, got.status)
			}
			if got := stranger.ask(page, city); !strings.HasPrefix(got.path, "/login") {
				t.Errorf("%s of %s, for a stranger: status %d at %s", page, city, got.status, got.path)
			}
		}
	}
	if s.present("berlin").Hash != before {
		t.Error("something was changed")
	}
}

func TestAFormOfAnotherSiteIsRefused(t *testing.T) {
	s := newSite(t, two)
	s.admin("ada@example.org", "berlin")
	v := s.visitorAs("ada@example.org")
	for _, page := range cityPages {
		if !strings.HasPrefix(page, "POST") {
			continue
		}
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
			if got := v.ask(page, "berlin", header...); got.status != 403 || !strings.Contains(got.text, "sent from another site") {
				t.Errorf("%s with %v: status %d", page, header, got.status)
			}
		}
	}
	v.send("POST", "/bots/feeds/report", "", "User-Agent", "a server, not a browser").want(200)
}

func TestAPageThatAFormLedToLeadsBackToTheForm(t *testing.T) {
	s := newSite(t, two)
	s.admin("ada@example.org", "berlin")
	v := s.visitorAs("ada@example.org")
	for path, to := range map[string]string{"try": "", "merge": "", "options/alpha": "", "undo": "/history", "import": "/history", "import/apply": "/history"} {
		v.get("/city/berlin/" + path + "?lang=de").at("/city/berlin" + to).want(200)
	}
}
