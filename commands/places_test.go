package commands_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"linienfunk/bots"
	"linienfunk/bots/places"
	"linienfunk/commands"
	"linienfunk/internal/testkit"
)

var line4 = places.Place{ID: "-17", Kind: places.Group, Name: "Linie 4", Rights: []places.Right{places.Write, places.Read}}

// placesOf runs the command for bern's account.
func (w *world) placesOf(pairs ...any) commands.PlaceList {
	w.t.Helper()
	return w.must(w.owner(), "places", append([]any{"network", "net"}, pairs...)...).(commands.PlaceList)
}

func (w *world) wantQuestions(what string, want int) {
	w.t.Helper()
	if got := w.net.questions(); got != want {
		w.t.Errorf("%s: the network was asked %d times, not %d", what, got, want)
	}
}

func TestTheNetworkIsAskedForItsPlacesOnceInAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.net.see(nil, line4)
	begun := w.Now()
	list := w.placesOf()
	if len(list.Places) != 1 || list.Places[0].Name != "Linie 4" || list.Places[0].Chosen || fmt.Sprint(list.Places[0].Rights) != "[read write]" || list.Why != "" || list.Title != "NET" {
		t.Errorf("%+v", list)
	}
	if list.Read.Sub(begun).Abs() > time.Minute {
		t.Errorf("read at %v", list.Read)
	}
	w.net.chosen = []string{"-17"}
	if list := w.placesOf(); !list.Places[0].Chosen {
		t.Error("a choice is seen after a while only")
	}
	w.wantQuestions("a list that is fresh", 1)
	w.placesOf("refresh", true)
	w.wantQuestions("right after it was read", 1)
	w.Advance(11 * time.Second)
	w.placesOf()
	w.wantQuestions("a list that is fresh", 1)
	w.placesOf("refresh", true)
	w.wantQuestions("on demand", 2)
	w.Advance(6 * time.Minute)
	w.placesOf()
	w.wantQuestions("a list that is old", 3)
}

func TestANetworkThatFailsLeavesTheOlderListWithTheReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.net.see(nil, line4)
	before := w.placesOf().Read
	for _, tt := range []struct {
		name string
		err  error
		why  string
	}{
		{"away", bots.Retry("error-unreachable", errors.New("no route to host")), "error-unreachable"},
		{"the account is revoked", bots.Revoked("error-revoked", errors.New("unknown token")), "error-revoked"},
		{"an error without a sentence", context.DeadlineExceeded, "later-unreachable"},
	} {
		w.Advance(11 * time.Second)
		w.net.see(tt.err)
		list := w.placesOf("refresh", true)
		if len(list.Places) != 1 || list.Why != tt.why || !list.Read.Equal(before) {
			t.Errorf("%s: %+v", tt.name, list)
		}
	}
	w.Advance(11 * time.Second)
	w.net.mu.Lock()
	w.net.sees = func(context.Context) ([]places.Place, error) { panic("a mistake of the bot's") }
	w.net.mu.Unlock()
	if list := w.placesOf("refresh", true); list.Why != "later-unreachable" || len(list.Places) != 1 {
		t.Errorf("a panic: %+v", list)
	}
	w.Advance(11 * time.Second)
	w.net.see(nil)
	if list := w.placesOf("refresh", true); list.Why != "" || len(list.Places) != 0 || !list.Read.After(before) {
		t.Errorf("it works again: %+v", list)
	}
}

func TestANetworkThatWantsAPauseIsNotAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.net.see(nil, line4)
	w.placesOf()
	w.Advance(11 * time.Second)
	w.net.see(bots.RetryAfter(3*time.Minute, "error-too-many", errors.New("429")))
	for range 3 {
		if list := w.placesOf("refresh", true); list.Why != "error-too-many" || len(list.Places) != 1 {
			t.Errorf("%+v", list)
		}
		w.Advance(50 * time.Second)
	}
	w.wantQuestions("within the pause", 2)
	w.Advance(31 * time.Second)
	w.net.see(nil, line4)
	if list := w.placesOf("refresh", true); list.Why != "" {
		t.Errorf("%+v", list)
	}
	w.wantQuestions("after the pause", 3)
}

func TestAnAccountOfWhichNothingIsKnownIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.net.see(bots.Permanent("error-no-account", errors.New("none")))
	if got := w.refused(w.owner(), "places", "network", "net"); got != "conflict" {
		t.Error(got)
	}
	w.Advance(11 * time.Second)
	w.net.see(bots.Retry("error-unreachable", errors.New("away")))
	if got := w.refused(w.owner(), "places", "network", "net"); got != "unavailable" {
		t.Error(got)
	}
	if got := w.refused(w.owner(), "places", "network", "fax"); got != "not-found network" {
		t.Error(got)
	}
	stranger := commands.Actor{Lang: "en", Network: "net", Person: "eve"}
	if got := w.refused(stranger, "places", "network", "net"); got != "forbidden" {
		t.Error(got)
	}
}

// Two nodes have the same table: one that does not get its turn does not wait.
func TestOfTwoWhoAskAtTheSameTimeOneAsksTheNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	w.net.mu.Lock()
	w.net.sees = func(context.Context) ([]places.Place, error) {
		close(asked)
		<-answer
		return []places.Place{line4}, nil
	}
	w.net.mu.Unlock()
	first := make(chan error, 1)
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		_, err := w.Run(ctx, commands.Call{City: "bern", Name: "places", Args: map[string]any{"network": "net"}, Actor: w.owner()})
		first <- err
	}()
	testkit.Next(t, asked)
	if got := w.refused(w.owner(), "places", "network", "net"); got != "unavailable" {
		t.Error(got)
	}
	leave() // what the network says is kept even if who asked has left
	close(answer)
	if err := testkit.Next(t, first); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if list := w.placesOf(); len(list.Places) != 1 {
		t.Errorf("%+v", list)
	}
	w.wantQuestions("two at once", 1)
}

func TestTheListOfAnAccountThatHasChangedIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.net.see(nil, line4)
	w.placesOf()
	w.check(w.ForgetPlaces(t.Context(), "net", "bern"))
	w.check(w.ForgetPlaces(t.Context(), "fax", "bern")) // has none
	var rows int64
	w.check(w.db.Table("command_places").Count(&rows).Error)
	if rows != 0 {
		t.Error("it is still there")
	}
	asked, answer := make(chan struct{}), make(chan struct{})
	w.net.mu.Lock()
	w.net.sees = func(context.Context) ([]places.Place, error) {
		close(asked)
		<-answer
		return []places.Place{line4}, nil
	}
	w.net.mu.Unlock()
	lists, read := w.PlacesIn("net", w.net), make(chan places.Listing, 1)
	go func() {
		got, _ := lists.Refresh(t.Context(), "bern")
		read <- got
	}()
	testkit.Next(t, asked)
	w.check(w.ForgetPlaces(t.Context(), "net", "bern")) // the account is disconnected meanwhile
	close(answer)
	if got := testkit.Next(t, read); len(got.Places) != 0 {
		t.Errorf("what the account before has seen is shown: %+v", got)
	}
	if got, err := lists.Known(t.Context(), "bern"); err != nil || len(got.Places) != 0 {
		t.Errorf("what the account before has seen is stored: %+v, %v", got, err)
	}
}

func TestAListThatIsOutdatedIsReadAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lists := w.PlacesIn("net", w.net)
	w.net.see(nil, line4)
	w.placesOf()
	w.Advance(11 * time.Second)
	w.check(lists.Outdated(t.Context(), "bern"))
	if known, err := lists.Known(t.Context(), "bern"); err != nil || len(known.Places) != 1 {
		t.Errorf("a page shows %+v, %v", known, err)
	}
	w.wantQuestions("a page", 1)
	w.net.mu.Lock()
	w.net.sees = func(ctx context.Context) ([]places.Place, error) {
		return []places.Place{line4}, lists.Outdated(ctx, "bern") // it changes while it is read
	}
	w.net.mu.Unlock()
	w.placesOf()
	w.wantQuestions("a list that is outdated", 2)
	w.Advance(11 * time.Second)
	w.placesOf()
	w.wantQuestions("a list that has changed while it was read", 3)
}

func TestNamesOfPlacesAreTidyAndSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	found := []places.Place{
		{ID: "1", Kind: places.Room, Name: " Linie\n4\t\u2028Tram\x00 "},
		{ID: "2", Kind: places.Room, Name: "abc\u202Egpj.exe"},
		{ID: "3", Kind: places.Room, Name: strings.Repeat("ü", 300)},
		{ID: "4", Kind: places.Room, Name: "bad \xff bytes"},
		{ID: "5", Kind: places.Room, Name: "<b>👩‍👩‍👧 & \"Co\"</b>"},
		{ID: "6", Kind: places.Room},
		{ID: "6", Kind: places.Room, Name: "the same again"},
		{ID: "", Kind: places.Room, Name: "without an ID"},
		{ID: "\xff", Kind: places.Room, Name: "an ID that no JSON can hold"},
	}
	w.net.see(nil, found...)
	var names []string
	for _, one := range w.placesOf().Places {
		names = append(names, one.Name)
	}
	want := []string{"Linie 4 Tram", "abcgpj.exe", strings.Repeat("ü", 199) + "…", "bad \uFFFD bytes", "<b>👩‍👩‍👧 & \"Co\"</b>", "6"}
	if fmt.Sprintf("%q", names) != fmt.Sprintf("%q", want) {
		t.Errorf("%q\nnot\n%q", names, want)
	}
	var rows []struct{ Places []byte }
	w.check(w.db.Table("command_places").Find(&rows).Error)
	if len(rows) != 1 || len(rows[0].Places) == 0 || bytes.Contains(rows[0].Places, []byte("Tram")) {
		t.Errorf("stored in the clear: %q", rows)
	}
	many := make([]places.Place, places.MaxPlaces+1)
	for i := range many {
		many[i] = places.Place{ID: fmt.Sprint(i), Kind: places.List, Name: "Liste"}
	}
	w.net.see(nil, many...)
	w.Advance(11 * time.Second)
	if list := w.placesOf("refresh", true); len(list.Places) != places.MaxPlaces || !list.More {
		t.Errorf("%d places, more: %t", len(list.Places), list.More)
	}
}

func TestListsOfPlacesThatNobodyWantsAreDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.net.see(nil, line4)
	w.placesOf()
	for _, tt := range []struct{ days, want int }{{0, 1}, {29, 1}, {2, 0}} {
		w.Advance(time.Duration(tt.days) * 24 * time.Hour)
		w.check(w.Prune(t.Context()))
		var rows int64
		w.check(w.db.Table("command_places").Count(&rows).Error)
		if int(rows) != tt.want {
			t.Errorf("%d more days: %d lists", tt.days, rows)
		}
	}
}

func TestSomebodyWhoRunsTheCitySeesThePlacesInAChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	hall := line4
	hall.ID, hall.Name, hall.Note = "-18", "Halle", "waits"
	w.net.chosen = []string{"-17"}
	w.net.see(nil, line4, hall)
	a, _ := w.writes("ada", "/places net")
	if a.Refused || !strings.Contains(a.Text, "Linie 4 (group, chosen): read, write\nHalle (group): read, write – waits") || !strings.Contains(a.Text, "NET, read at ") {
		t.Error(a.Text)
	}
	if a, _ := w.writes("ada", "/places"); !a.Refused || !strings.Contains(a.Text, "/places <network>") {
		t.Error(a.Text)
	}
}

func FuzzNamesOfPlaces(f *testing.F) {
	f.Add("-17", "Linie 4")
	f.Add("a\xffb", " \u202Egpj.\x00exe\u2029\u2066")
	f.Add("🚋", strings.Repeat("👩‍👩‍👧", 100))
	f.Fuzz(func(t *testing.T, id, name string) {
		list, more := commands.TidyPlaces([]places.Place{{ID: id, Name: name, Rights: []places.Right{"fly", places.Write, places.Read, places.Write}}, {ID: id, Name: name}})
		if more || len(list) > 1 {
			t.Fatalf("%+v, %t", list, more)
		}
		for _, p := range list {
			bad := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
			if p.ID != id || !utf8.ValidString(p.Name) || utf8.RuneCountInString(p.Name) > places.MaxName || strings.ContainsFunc(p.Name, bad) || fmt.Sprint(p.Rights) != "[read write]" {
				t.Errorf("%q, %q became %+v", id, name, p)
			}
			if again, _ := commands.TidyPlaces(list); again[0].Name != p.Name {
				t.Errorf("%q became %q, and then %q", name, p.Name, again[0].Name)
			}
		}
	})
}
