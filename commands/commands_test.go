package commands_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/report"
	"linienfunk/templates"
)

func TestAHeldReportIsReleasedOrRefusedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two, out := w.received("1", "zwei bei der post"), w.received("2", "schönes wetter"), w.received("3", "kontrolle 9er")
	if s := w.must(w.owner(), "status").(commands.CityStatus); s.Held != 2 || !s.Active || len(s.Networks) != 1 || s.Networks[0].Waiting != 2 {
		t.Errorf("status: %+v", s)
	}
	w.must(w.owner(), "release", "report", fmt.Sprint(one.ID))
	w.becomes(one, "released", func(e db.Entry) bool { return e.Passed && len(e.Deliveries) == 1 })
	w.must(w.owner(), "refuse", "report", fmt.Sprintf("#%d", two.ID))
	w.becomes(two, "refused", func(e db.Entry) bool { return e.Ruling == string(report.Refuse) })
	for name, want := range map[string]string{fmt.Sprint(one.ID): "conflict", fmt.Sprint(two.ID): "conflict", fmt.Sprint(out.ID): "conflict", "4711": "not-found report", "x": "invalid report", strings.Repeat("a", 32): "not-found report"} {
		if got := w.refused(w.owner(), "release", "report", name); got != want {
			t.Errorf("release %s: %s", name, got)
		}
	}
	list := w.must(w.owner(), "reports").(commands.ReportList)
	if len(list.Reports) != 3 || list.Reports[0].Report != int(out.ID) || !list.Reports[0].Passed || list.Reports[1].Ruling != "refused" || list.Reports[2].Held {
		t.Errorf("reports: %+v", list)
	}
}

func TestAReportThatIsNotFreshAnyMoreIsNotReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := w.received("1", "schönes wetter")
	w.Advance(31 * time.Minute)
	if got := w.refused(w.owner(), "release", "report", fmt.Sprint(held.ID)); got != "too-late" {
		t.Error(got)
	}
}

func TestAReportThatWasHandedInIsWithdrawnByItsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := commands.Actor{ID: "key 1", Level: commands.Owner, Lang: "en"}
	stored := w.must(key, "report", "text", "kontrolle am bahnhof", "author", "rider 7").(commands.ReportStored)
	e := w.judged("bern:api:" + stored.ID)
	if !e.Passed || e.Author == "" || strings.Contains(e.Author, "rider") || !e.Private {
		t.Errorf("ledger: %+v", e)
	}
	w.must(key, "withdraw", "report", stored.ID)
	w.becomes(e, "withdrawn", func(e db.Entry) bool { return e.Withdrawn == string(report.ByModerator) })
	if got := w.refused(key, "withdraw", "report", fmt.Sprint(e.ID)); got != "conflict" {
		t.Error(got)
	}
}

func TestACityIsPausedAndResumed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := w.received("1", "schönes wetter")
	if s := w.must(w.owner(), "pause").(commands.CityState); s.Active {
		t.Errorf("%+v", s)
	}
	if got := w.refused(w.owner(), "release", "report", fmt.Sprint(held.ID)); got != "conflict" {
		t.Error(got)
	}
	w.must(w.owner(), "pause") // once more is no mistake
	if s := w.must(w.owner(), "resume").(commands.CityState); !s.Active || s.Hash == "" {
		t.Errorf("%+v", s)
	}
}

func TestWordsAreAddedToListsAndRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.owner(), "lists add", "list", "triggers", "rule", "post*")
	w.must(w.owner(), "lists add", "list", "triggers", "rule", "post*")
	w.must(w.owner(), "lists add", "list", "blocked", "rule", "wetter")
	w.must(w.owner(), "lists remove", "list", "triggers", "rule", "kontrolle")
	l := w.must(w.owner(), "lists show").(commands.Lists)
	if !slices.Equal(l.Triggers, []string{"post*"}) || !slices.Equal(l.Blocked, []string{"wetter"}) {
		t.Errorf("%+v", l)
	}
	if got := w.refused(w.owner(), "lists remove", "list", "triggers", "rule", "kontrolle"); got != "not-found rule" {
		t.Error(got)
	}
	if got := w.refused(w.owner(), "lists add", "list", "triggers", "rule", "/[/"); got != "invalid rule" {
		t.Error(got)
	}
}

func TestManyWhoAddWordsAtOnceLoseNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			if _, err := w.run(w.owner(), "lists add", "list", "triggers", "rule", fmt.Sprintf("wort%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if l := w.must(w.owner(), "lists show").(commands.Lists); len(l.Triggers) != 5 {
		t.Errorf("%+v", l)
	}
}

func TestACallWithTheSameKeyIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := commands.Call{City: "bern", Name: "report", Args: map[string]any{"text": "kontrolle"}, Key: "k", Actor: commands.Actor{ID: "key 1"}}
	results := make([]any, 8)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() {
			for { // refused while the first one is carried out
				var err error
				if results[i], err = w.Run(t.Context(), call); commands.AsRefusals(err) == nil {
					w.check(err)
					return
				}
			}
		})
	}
	all.Wait()
	for _, one := range results {
		if one != results[0] {
			t.Errorf("results differ: %v", results)
		}
	}
	w.judged("bern:api:" + results[0].(commands.ReportStored).ID)
	if entries, err := w.db.Entries(t.Context(), "bern", 0, 10); err != nil || len(entries) != 1 {
		t.Errorf("%d reports, %v", len(entries), err)
	}
	other := call
	other.Args = map[string]any{"text": "kontrolle am zoo"}
	if _, err := w.Run(t.Context(), other); commands.AsRefusals(err) == nil || commands.AsRefusals(err)[0].Reason != commands.Conflict {
		t.Errorf("another call with the key: %v", err)
	}
	other.Actor.ID = "key 2"
	if _, err := w.Run(t.Context(), other); err != nil {
		t.Errorf("the key of another actor: %v", err)
	}
	w.Advance(25 * time.Hour)
	w.check(w.Prune(t.Context()))
	other.Actor.ID = "key 1"
	if _, err := w.Run(t.Context(), other); err != nil {
		t.Errorf("the key a day later: %v", err)
	}
}

func TestACallThatFailedCanBeRepeatedWithItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := commands.Call{City: "bern", Name: "lists remove", Args: map[string]any{"list": "triggers", "rule": "x"}, Key: "k", Actor: w.owner()}
	for range 2 {
		if _, err := w.Run(t.Context(), call); commands.AsRefusals(err) == nil || commands.AsRefusals(err)[0].Param != "rule" {
			t.Error(err)
		}
	}
}

func TestEveryCommandIsRefusedBelowItsLevel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, command := range w.All() {
		for level := commands.Anyone; level < command.Level; level++ {
			if got := w.refused(commands.Actor{ID: "x", Level: level, Lang: "en"}, command.Name); got != "forbidden" {
				t.Errorf("%s by %s: %s", command.Name, level, got)
			}
		}
		if command.NoCity {
			continue
		}
		_, err := w.Run(t.Context(), commands.Call{City: "nowhere", Name: command.Name, Actor: commands.Actor{Level: commands.Operator, Network: "net"}})
		if refusals := commands.AsRefusals(err); len(refusals) == 0 || refusals[0].Reason != commands.NotFound {
			t.Errorf("%s in a city that does not exist: %v", command.Name, err)
		}
	}
}

func TestAWrongValueIsRefusedByItsName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, one := range []struct {
		name, want string
		args       []any
	}{
		{"release", "invalid report", nil},
		{"release", "invalid report", []any{"report", 17}},
		{"release", "invalid report", []any{"report", nil}},
		{"release", "invalid reprot", []any{"reprot", "17"}},
		{"reports", "invalid limit", []any{"limit", 101}},
		{"reports", "invalid limit", []any{"limit", 1.5}},
		{"reports", "invalid limit", []any{"limit", "10"}},
		{"reports", "invalid held", []any{"held", "yes"}},
		{"lists add", "invalid list", []any{"list", "trigger", "rule", "x"}},
		{"lists add", "invalid rule", []any{"list", "triggers", "rule", "a\nb"}},
		{"report", "invalid text", []any{"text", strings.Repeat("x", 2001)}},
		{"report", "invalid text", []any{"text", "\xff"}},
		{"report", "invalid text", []any{"text", " \n"}},
		{"subscribe", "not-found network", []any{"network", "fax", "person", "1"}},
		{"subscribe", "invalid person", []any{"network", "net", "person", "nobody"}},
		{"nonsense", "not-found", nil},
	} {
		if got := w.refused(w.owner(), one.name, one.args...); got != one.want {
			t.Errorf("%s %q: %s", one.name, one.args, got)
		}
	}
}

// TestEveryCommandHasItsTexts also finds texts that nobody uses.
func TestEveryCommandHasItsTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	used := map[string]bool{}
	for _, mail := range []string{"removing", "announcement"} {
		used[mail+"-subject"], used[mail+"-mail"] = true, true
	}
	for _, command := range w.All() {
		for _, id := range []string{"command-", "words-", "answer-"} {
			used[id+command.ID()] = true
		}
		used["group-"+command.Group] = true
		for _, p := range command.Params {
			used["param-"+strings.ReplaceAll(p.Name, "_", "-")] = true
		}
	}
	names, err := os.ReadDir(".")
	w.check(err)
	for _, file := range names {
		if strings.HasSuffix(file.Name(), ".go") && !strings.HasSuffix(file.Name(), "_test.go") {
			code, err := os.ReadFile(file.Name())
			w.check(err)
			for _, found := range regexp.MustCompile(`"((?:refused|notice|button|origin|word|arrived|arrival|moved)(?:-[a-z0-9]+)*)"`).FindAllStringSubmatch(string(code), -1) {
				used[found[1]] = true
			}
		}
	}
	used["button-release"], used["button-refuse"], used["farewell"], used["answer-"+commands.ArriveID] = true, true, true, true
	for _, mail := range []string{"invite", "role", "removed", "suspended", "reinstated", "waiting", "approved", "declined", "ending", "restored", "waits", "recovered"} {
		used[mail+"-subject"], used[mail+"-mail"] = true, true
	}
	for _, rule := range report.HoldRules {
		used["hold-"+rule] = true
	}
	for _, lang := range templates.Languages {
		texts := map[string]any{}
		_, err := toml.DecodeFile("locale."+lang+".toml", &texts)
		w.check(err)
		for id := range used {
			if texts[id] == nil {
				t.Errorf("%s: no text %q", lang, id)
			}
		}
		for id := range texts {
			if !used[id] {
				t.Errorf("%s: nobody uses the text %q", lang, id)
			}
		}
	}
}
