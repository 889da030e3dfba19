package kit_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/kit"
	"linienfunk/templates"
)

// public returns the network's section of a city's page, or "".
func public(t *testing.T, w *bottest.World, city string) string {
	t.Helper()
	got := w.Serve(t, w.Bot.(bots.Public).Public(), "/c/"+city+"/sketch", city, "en", httptest.NewRequest(http.MethodGet, "/", nil))
	if got.Code != http.StatusOK && got.Code != http.StatusNoContent {
		t.Errorf("status %d", got.Code)
	}
	return got.Body.String()
}

// shows checks that a page contains the texts, except those that begin with "-", which it must not contain.
func shows(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		missing, no := strings.CutPrefix(text, "-")
		if strings.Contains(page, missing) == no {
			t.Errorf("%q: present %v in\n%s", missing, !no, page)
		}
	}
}

func TestThePagesConnectCheckAndDisconnect(t *testing.T) {
	t.Parallel()
	w, n := newWorld(t)
	shows(t, w.Settings(t, "zuerich", "de"), "Skizze", "NICHT VERBUNDEN", "CONNECT", "-EXTRA", "-Trennen")
	if text := public(t, w, "zuerich"); text != "" {
		t.Errorf("the city's page shows %q", text)
	}
	submit(t, w, "zuerich", "/check", "", "No account is connected.")
	submit(t, w, "zuerich", "/disconnect", "", "No account is connected.")

	submit(t, w, "zuerich", "/connect", "zh", "@zh is connected.")
	if city := <-w.Changes; city != "zuerich" {
		t.Errorf("changed %s", city)
	}
	shows(t, w.Settings(t, "zuerich", "en"), `<a href="https://sketch.example/zh"`, "@zh", "EXTRA", "TRY", "CONNECT", "Disconnect", "-NOT CONNECTED", "-Switched off")
	shows(t, public(t, w, "zuerich"), "Sketch", "@zh", "HOW")
	submit(t, w, "zuerich", "/check", "", "The connection works.")
	submit(t, w, "ghent", "/connect", "zh", "This account is already connected to another city.")

	w.SetOption(t, "zuerich", kit.Enabled, false)
	shows(t, w.Settings(t, "zuerich", "en"), "Switched off")
	shows(t, public(t, w, "zuerich"), "-@zh")

	submit(t, w, "zuerich", "/disconnect", "", "@zh is disconnected.")
	if city := <-w.Changes; city != "zuerich" || strings.Join(n.revoked, " ") != "token of zh" {
		t.Errorf("changed %s, revoked %v", city, n.revoked)
	}
}

func TestANetworkThatTheOperatorHasNotConfiguredSaysSo(t *testing.T) {
	t.Parallel()
	w, n := newWorld(t)
	n.unready = true
	const text = "The operator of this server has not set up this network yet. Please ask them."
	shows(t, w.Settings(t, "zuerich", "en"), text, "-CONNECT")
	submit(t, w, "zuerich", "/connect", "zh", text)
	submit(t, w, "zuerich", "/check", "", text)
	if err := n.Rows.Connect(t.Context(), account("zuerich", "zh"), "token"); err != nil {
		t.Fatal(err)
	}
	shows(t, public(t, w, "zuerich"), "-@zh")
	shows(t, w.Settings(t, "zuerich", "en"), text, "-CONNECT", "Disconnect")
	submit(t, w, "zuerich", "/disconnect", "", "@zh is disconnected.")
}

func TestAnErrorIsExplainedToTheAdmin(t *testing.T) {
	t.Parallel()
	w, n := newWorld(t)
	submit(t, w, "zuerich", "/connect", "zh", "@zh is connected.")
	for _, c := range []struct {
		err  error
		say  func(error) string
		want string
	}{
		{errors.New("broken"), nil, "Something went wrong on our side. Please try again."},
		{bots.Retry("error-server", errors.New("502")), nil, "The network reports an internal error. Nothing was changed; please try again later."},
		{bots.Retry("error-unreachable", errors.New("refused")), nil, "The network cannot be reached. Nothing was changed; please try again later."},
		{bots.Retry("error-too-many", errors.New("429")), nil, "The network asks us to wait. Nothing was changed; please try again in a few minutes."},
		{bots.Retry("error-not-json", errors.New("<p>")), nil, "The network sends answers that we do not understand. Nothing was changed; please try again later."},
		{errors.New("denied"), func(error) string { return "login-denied" }, "You denied access. Nothing was connected."},
		{kit.ErrNoLogin, nil, "This login has already been used, has expired, or was started in another browser. Please start again on your city's settings page."},
	} {
		n.fail, n.Pages.Say = c.err, c.say
		submit(t, w, "zuerich", "/check", "", c.want)
	}
}

func TestADatabaseErrorIsNotTheAdminsFault(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	if err := w.Core.DB.Migrator().DropTable(&Account{}); err != nil {
		t.Fatal(err)
	}
	for _, request := range []*http.Request{httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRequest(http.MethodPost, "/disconnect", nil)} {
		if got := w.Serve(t, w.Bot.WebUI(), "/p", "zuerich", "en", request); got.Code != http.StatusInternalServerError {
			t.Errorf("%s: %d", request.URL, got.Code)
		}
	}
}

func TestTheFilesOfANetworkReplaceSharedOnes(t *testing.T) {
	t.Parallel()
	files := kit.Files(fstest.MapFS{
		"public.html":    {Data: []byte("OWN")},
		"locale.en.toml": {Data: []byte("check = \"OWN CHECK\"\n")},
	})
	set, err := templates.New(files)
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if err := set.Render(&page, "en", "public.html", nil); err != nil || page.String() != "OWN" {
		t.Errorf("%q, %v", page.String(), err)
	}
	for id, want := range map[string]string{"check": "OWN CHECK", "again": "Log in again, or with another account"} {
		if got := set.Text("en", id); got != want {
			t.Errorf("%s is %q", id, got)
		}
	}
	if got := set.Text("de", "check"); got != "Verbindung prüfen" {
		t.Errorf("in German: %q", got)
	}
	if _, err := templates.New(kit.Files(fstest.MapFS{"locale.en.toml": {Data: []byte("not TOML")}})); err == nil {
		t.Error("texts that cannot be parsed are accepted")
	}
}
