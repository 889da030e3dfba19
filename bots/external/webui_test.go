package external

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/bottest"
	"linienfunk/bus/programs"
	"linienfunk/internal/testkit"
)

func TestThePasswordIsShownOnceAndStoredAsAHash(t *testing.T) {
	t.Parallel()
	w := bottest.NewWorld(t, "external", Plugin())
	w.Programs = listen(t, nil)
	w.Restart(t)
	password := connect(t, w, "zuerich", " Forum ")
	page := w.Settings(t, "zuerich", "en")
	for _, want := range []string{"zuerich.forum", "report.in.zuerich.forum", "report.out.zuerich.forum", "_INBOX.zuerich.forum", "nats://linienfunk.example:", "has not been there yet"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q:\n%s", want, page)
		}
	}
	users, err := w.Bot.(*bot).Users(t.Context())
	must(t, err)
	if len(users) != 1 || users[0].Name != "zuerich.forum" || !strings.HasPrefix(users[0].Hash, "$2a$") {
		t.Errorf("users %v", users)
	}
	if strings.Contains(page, password) || strings.Contains(w.Log.String(), password) || strings.Contains(page, users[0].Hash) {
		t.Error("the password or its hash can be read later")
	}
}

func TestTheNameOfAProgramIsCheckedBeforeItIsStored(t *testing.T) {
	t.Parallel()
	w := bottest.NewWorld(t, "external", Plugin())
	w.Programs = listen(t, nil)
	w.Restart(t)
	for _, name := range []string{"", "x", "1forum", "-forum", "for.um", "for*", ">", "for um", "für", strings.Repeat("x", 33)} {
		if answer := w.Submit(t, "zuerich", "/connect", url.Values{"name": {name}}); answer.Header().Get("X-Failed") == "" {
			t.Errorf("%q was accepted: %d", name, answer.Code)
		}
	}
	for _, path := range []string{"/password", "/disconnect"} {
		if answer := w.Submit(t, "zuerich", path, nil); answer.Header().Get("X-Failed") == "" {
			t.Errorf("%s without a program: %d", path, answer.Code)
		}
	}
}

func TestThePageSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := bottest.NewWorld(t, "external", Plugin())
	off := func() {
		t.Helper()
		if page := w.Settings(t, "zuerich", "en"); !strings.Contains(page, "has not switched on connections") || strings.Contains(page, "connect\"") {
			t.Errorf("the page is\n%s", page)
		}
		if answer := w.Submit(t, "zuerich", "/connect", url.Values{"name": {"forum"}}); answer.Header().Get("X-Failed") == "" {
			t.Errorf("connect: %d", answer.Code)
		}
	}
	off()
	w.Programs = programs.Service{Servers: true, Connected: func(string) bool { return false }, Kick: func(string) {}, Subjects: func(string) programs.Subjects { return programs.Subjects{} }}
	w.Restart(t)
	off() // nobody has said where the servers are
	w.Core.Config["address"] = "tls://nats.example.org:4222"
	w.Restart(t)
	connect(t, w, "zuerich", "forum")
	if page := w.Settings(t, "zuerich", "en"); !strings.Contains(page, "tls://nats.example.org:4222") || !strings.Contains(page, "linienfunk nats permissions") {
		t.Errorf("the page is\n%s", page)
	}
}

func TestThePageSaysWhenTheProgramWasThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if a := f.send(t, f.message("1", "")); !a.Stored {
		t.Fatalf("%+v", a)
	}
	if page := f.Settings(t, "zuerich", "en"); !strings.Contains(page, "It is connected now.") {
		t.Errorf("the page is\n%s", page)
	}
	at := f.Time()
	f.conn.Close()
	testkit.Eventually(t, "the server has noticed that it left", func() bool {
		return strings.Contains(f.Settings(t, "zuerich", "en"), "It was last there on "+at.In(time.Local).Format(time.DateOnly))
	})
	if answer := f.Submit(t, "zuerich", "/password", nil); answer.Code != http.StatusOK || answer.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("new password: %d", answer.Code)
	}
}

func TestAnAddressThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{"": true, "tls://nats.example.org:4222": true, "nats://127.0.0.1:4222": true, "nats.example.org:4222": false, "tls://nats.example.org": false,
		"https://nats.example.org:4222": false, "tls://me:secret@nats.example.org:4222": false, "tls://nats.example.org:4222/x": false, "tls://:4222": false} {
		if _, err := checkConfig(map[string]string{"address": address}); (err == nil) != ok || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
