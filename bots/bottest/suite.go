package bottest

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/bots/places"
	"linienfunk/templates"
)

// suite is one run of the conformance tests.
type suite struct {
	name   string
	plugin bots.Plugin
	start  Start
	f      Features
}

// Run puts a bot through the contract. Each test has a World and a fake network of its own.
func Run(t *testing.T, name string, plugin bots.Plugin, start Start, f Features) {
	s := suite{name, plugin, start, f}
	s.run(t, "its interfaces match its features", s.featuresMatch)
	s.run(t, "its tables have its name as prefix", s.tablesHavePrefix)
	s.run(t, "its options have texts and usable defaults", s.optionsAreComplete)
	s.run(t, "its settings page shows the form of its options once", s.optionsFormIsShown)
	s.run(t, "a city that did not connect it has no account", s.noAccount)
	s.run(t, "a connected city has one account, and Core.Changed is called", s.oneAccount)
	s.run(t, "a city that is switched off has no account", s.cityOff)
	s.run(t, "an account is the same after a restart", s.sameAfterRestart)
	s.run(t, "its pages answer in every language, and viewing them changes nothing", s.pages)
	if f.Receives {
		s.receiving(t)
	}
	if f.Sends || f.Broadcasts {
		s.sending(t)
	}
	if _, ok := NewWorld(t, s.name, s.plugin).Bot.(chat.Network); ok {
		s.chats(t)
	}
	if s.f.Places {
		s.places(t)
	}
}

// run runs a test with a world and a fake network of its own.
func (s suite) run(t *testing.T, sentence string, test func(*testing.T, *World, Network)) {
	t.Run(sentence, func(t *testing.T) {
		w := NewWorld(t, s.name, s.plugin)
		n := s.start(t, w)
		test(t, w, n)
	})
}

// connected is run with zuerich connected.
func (s suite) connected(t *testing.T, sentence string, test func(*testing.T, *World, Network, bots.Account)) {
	s.run(t, sentence, func(t *testing.T, w *World, n Network) {
		n.Connect(t, w, "zuerich")
		test(t, w, n, w.account(t, "zuerich"))
	})
}

// featuresMatch compares Features with the interfaces that the bot implements.
func (s suite) featuresMatch(t *testing.T, w *World, _ Network) {
	_, receives := w.Bot.(bots.Receiver)
	_, listens := w.Bot.(bots.Listener)
	_, sends := w.Bot.(bots.Sender)
	_, broadcasts := w.Bot.(bots.Broadcaster)
	_, retracts := w.Bot.(bots.Retracter)
	if _, edits := w.Bot.(bots.Editor); edits != s.f.Updates {
		t.Errorf("features %+v, but Editor %v", s.f, edits)
	}
	if _, has := w.Bot.(places.Network); s.f.Places && !has {
		t.Error("the features have Places, but the bot is no places.Network")
	}
	if _, public := w.Bot.(bots.Public); len(s.plugin.PageFiles) > 0 && !public {
		t.Error("the plugin has PageFiles, but the bot is not a Public")
	}
	if s.f.Receives != (receives || listens) || s.f.Sends != sends || s.f.Broadcasts != broadcasts || (s.f.Retracts || s.f.Cancels) != retracts || sends && broadcasts {
		t.Errorf("features %+v, but Receiver %v, Listener %v, Sender %v, Broadcaster %v, Retracter %v",
			s.f, receives, listens, sends, broadcasts, retracts)
	}
}

func (s suite) tablesHavePrefix(t *testing.T, w *World, _ Network) {
	core := map[string]bool{}
	for _, table := range NewWorld(t, s.name, bots.Plugin{New: s.plugin.New, Files: s.plugin.Files, Config: s.plugin.Config}).tables(t) {
		core[table] = true
	}
	for _, table := range w.tables(t) {
		if !core[table] && !strings.HasPrefix(table, s.name+"_") {
			t.Errorf("table %s does not begin with %s_", table, s.name)
		}
	}
}

// optionsAreComplete checks the options' names, texts and defaults.
func (s suite) optionsAreComplete(t *testing.T, w *World, _ Network) {
	label := func(id string) {
		id = strings.ReplaceAll(id, "_", "-")
		for _, lang := range templates.Languages {
			if w.Core.Pages.Text(lang, id) == id {
				t.Errorf("there is no text %q in %s", id, lang)
			}
		}
	}
	for _, o := range s.plugin.Options {
		if !regexp.MustCompile("^[a-z][a-z0-9_]*$").MatchString(o.Name) {
			t.Errorf("an option is named %q", o.Name)
		}
		if err := o.Check(o.Default); err != nil {
			t.Errorf("the default of %s %v", o.Name, err)
		}
		label("option-" + o.Name)
		for _, choice := range o.Choices {
			label("option-" + o.Name + "-" + choice)
		}
	}
}

// optionsFormIsShown checks that the settings page of a connected city shows the core's form of options exactly once.
func (s suite) optionsFormIsShown(t *testing.T, w *World, n Network) {
	if len(s.plugin.Options) == 0 {
		return
	}
	n.Connect(t, w, "zuerich")
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	city, _, _ := w.Core.Cities.City(r.Context(), "zuerich")
	mount := bots.Mount{City: city, Path: "/city/zuerich/bot/" + s.name, Lang: "en", Admin: true, Options: "<form>options</form>"}
	answer := httptest.NewRecorder()
	w.Bot.WebUI().ServeHTTP(answer, bots.WithMount(r, mount))
	if got := strings.Count(answer.Body.String(), "<form>options</form>"); got != 1 {
		t.Errorf("the section shows Mount.Options %d times", got)
	}
}

func (s suite) noAccount(t *testing.T, w *World, n Network) {
	accounts, err := w.Bot.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.f.EveryCity && len(accounts) != 2 {
		t.Errorf("both cities should have an account, but there are %d", len(accounts))
	}
	if !s.f.EveryCity && len(accounts) != 0 {
		t.Errorf("no city is connected, but there are %d accounts", len(accounts))
	}
}

func (s suite) oneAccount(t *testing.T, w *World, n Network) {
	n.Connect(t, w, "zuerich")
	if !s.f.EveryCity {
		if city := <-w.Changes; city != "zuerich" {
			t.Errorf("Core.Changed was called for %q", city)
		}
		if accounts, _ := w.Bot.Accounts(t.Context()); len(accounts) != 1 {
			t.Errorf("one city is connected, but there are %d accounts", len(accounts))
		}
	}
	a := w.account(t, "zuerich")
	if again := w.account(t, "zuerich"); a != again {
		t.Errorf("the account changed by itself: %v, then %v", a, again)
	}
	if a.Revision == "" || a.Label == "" {
		t.Errorf("an account needs a revision and a label: %+v", a)
	}
}

func (s suite) cityOff(t *testing.T, w *World, n Network) {
	n.Connect(t, w, "zuerich")
	w.SetActive("zuerich", false)
	accounts, err := w.Bot.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts {
		if a.City == "zuerich" {
			t.Error("the city is switched off, but has an account")
		}
	}
}

func (s suite) sameAfterRestart(t *testing.T, w *World, n Network) {
	n.Connect(t, w, "zuerich")
	before := w.account(t, "zuerich")
	w.Restart(t)
	if after := w.account(t, "zuerich"); before != after {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func (s suite) pages(t *testing.T, w *World, n Network) {
	for _, connected := range []bool{false, true} {
		if connected {
			n.Connect(t, w, "zuerich")
		}
		before := w.dump(t)
		for _, lang := range templates.Languages {
			if got := get(w, w.Bot.WebUI(), "/", "/city/zuerich/bot/"+s.name, lang, true); got.Code != http.StatusOK || got.Body.Len() == 0 {
				t.Errorf("settings in %s: %d with %d bytes", lang, got.Code, got.Body.Len())
			}
			if got := get(w, w.Bot.WebUI(), "/no-such-page", "/city/zuerich/bot/"+s.name, lang, true); got.Code != http.StatusNotFound {
				t.Errorf("a settings page that does not exist: %d", got.Code)
			}
			public, ok := w.Bot.(bots.Public)
			if !ok {
				continue
			}
			got := get(w, public.Public(), "/", "/c/zuerich/"+s.name, lang, false)
			if got.Code != http.StatusOK && got.Code != http.StatusNoContent {
				t.Errorf("public section in %s: %d", lang, got.Code)
			}
		}
		if after := w.dump(t); before != after {
			t.Errorf("viewing pages changed the database:\n%s\nbecame\n%s", before, after)
		}
	}
}

// get requests a page of a bot's handler as the core does.
func get(w *World, h http.Handler, path, mount, lang string, admin bool) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	city, _, _ := w.Core.Cities.City(r.Context(), "zuerich")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, bots.WithMount(r, bots.Mount{City: city, Path: mount, Lang: lang, Admin: admin}))
	return answer
}
