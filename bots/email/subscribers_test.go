package email_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/email"
	"linienfunk/mail"
	"linienfunk/report"
)

// visitor visits the public pages of a city.
type visitor struct {
	t    testing.TB
	w    *bottest.World
	city string
}

func newVisitor(t testing.TB) visitor {
	return visitor{t, bottest.NewWorld(t, "email", email.Plugin()), "zuerich"}
}

func (v visitor) do(r *http.Request) *httptest.ResponseRecorder {
	v.t.Helper()
	city, _, _ := v.w.Core.Cities.City(r.Context(), v.city)
	mount := bots.Mount{City: city, Path: "/c/" + v.city + "/email", Lang: "en"}
	answer := httptest.NewRecorder()
	http.StripPrefix(mount.Path, v.w.Bot.(bots.Public).Public()).ServeHTTP(answer, bots.WithMount(r, mount))
	return answer
}

func (v visitor) get(path string) *httptest.ResponseRecorder {
	v.t.Helper()
	return v.do(httptest.NewRequest(http.MethodGet, path, nil))
}

// post uses another client for each address.
func (v visitor) post(path string, form url.Values) *httptest.ResponseRecorder {
	v.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = fmt.Sprintf("%x:1", form.Get("address"))
	return v.do(r)
}

var links = regexp.MustCompile(`https://linienfunk\.example(/c/\S+)`)

// link finds a link in the last mail to an address.
func (v visitor) link(to, page string) string {
	v.t.Helper()
	mails := v.w.Mails.All()
	for i := len(mails) - 1; i >= 0; i-- {
		if mails[i].To != to || mails[i].From != v.city {
			continue
		}
		for _, found := range links.FindAllStringSubmatch(mails[i].Text, -1) {
			if strings.Contains(found[1], "/"+page+"?t=") {
				return found[1]
			}
		}
	}
	v.t.Fatalf("no mail with a link to %s", page)
	return ""
}

// submit presses the button on the page behind a link.
func (v visitor) submit(link string) *httptest.ResponseRecorder {
	v.t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.post(u.Path, url.Values{"t": {u.Query().Get("t")}})
}

func (v visitor) ask(address string) *httptest.ResponseRecorder {
	v.t.Helper()
	return v.post("/c/"+v.city+"/email/subscribe", url.Values{"address": {address}})
}

func (v visitor) subscribe(address string) {
	v.t.Helper()
	answer := v.post("/c/"+v.city+"/email/subscribe", url.Values{"address": {address}})
	if answer.Header().Get("X-Message") == "" {
		v.t.Fatalf("subscribing: %d %v", answer.Code, answer.Header())
	}
	if answer := v.submit(v.link(address, "confirm")); answer.Header().Get("X-Message") == "" {
		v.t.Fatalf("confirming: %d %v", answer.Code, answer.Header())
	}
}

func (v visitor) broadcast(r report.Report) []mail.Message {
	v.t.Helper()
	before := len(v.w.Mails.All())
	for cursor := ""; ; {
		next, _, err := v.w.Bot.(bots.Broadcaster).SendPage(v.t.Context(), bots.Account{City: v.city}, r, cursor)
		if err != nil {
			v.t.Fatal(err)
		}
		if cursor = next; cursor == "" {
			return v.w.Mails.All()[before:]
		}
	}
}

func (v visitor) report(id string) report.Report {
	return report.Report{City: v.city, Bot: "elsewhere", ID: id, Text: "kontrolle u8\nhermannplatz", At: v.w.Core.Now()}
}

func TestASubscriberWhoseAddressCannotBeDecryptedIsSkipped(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("one@example.org")
	v.subscribe("two@example.org")
	before := len(v.w.Mails.All())
	if err := v.w.Core.DB.Model(&email.Subscriber{}).Where("id = 1").Update("address", []byte("sealed with another key")).Error; err != nil {
		t.Fatal(err)
	}
	_, served, err := v.w.Bot.(bots.Broadcaster).SendPage(t.Context(), bots.Account{City: "zuerich"}, v.report("1"), "")
	if err != nil || served != 1 {
		t.Errorf("%d served, %v", served, err)
	}
	if got := v.w.Mails.All()[before:]; len(got) != 1 || got[0].To != "two@example.org" {
		t.Errorf("mails %+v", got)
	}
}

func TestSubscribersOfOlderVersionsStay(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("rider@example.org")
	db, migration := v.w.Core.DB, email.Plugin().Migrations[1]
	if err := db.Migrator().DropColumn(&email.Subscriber{}, "asks"); err != nil {
		t.Fatal(err)
	}
	if err := migration.Migrate(db); err != nil {
		t.Fatal(err)
	}
	v.ask("other@example.org")
	if got := v.broadcast(v.report("1")); len(got) != 1 {
		t.Errorf("%d mails", len(got))
	}
}

func TestACityHasReadersOnceSomebodyHasConfirmed(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	readers := func() bool {
		t.Helper()
		return !v.w.Account(t, v.city).NoReaders
	}
	if readers() {
		t.Error("there are readers without a subscriber")
	}
	v.subscribe("rider@example.org")
	if !readers() {
		t.Error("the subscriber is no reader")
	}
}
