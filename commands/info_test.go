package commands_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/internal/testkit"
)

const team = "-100200300"

// writesIn has a person write in a group.
func (w *world) writesIn(group, person, text string) (chat.Answer, bool) {
	w.t.Helper()
	a, isCommand, err := w.InNetwork("net").Run(w.t.Context(), chat.Message{City: "bern", Person: person, Group: group, Text: text})
	w.check(err)
	return a, isCommand
}

// operator is on the command line.
var operator = commands.Actor{ID: "operator", Level: commands.Operator, Lang: "en"}

// confirmedAt has an address told, and confirms it.
func (w *world) confirmedAt(address string) {
	w.t.Helper()
	w.must(operator, "info add", "through", "net", "address", address)
	asked := w.net.toldTo(address)
	if len(asked) != 1 || len(asked[0].Buttons) != 1 || !strings.Contains(asked[0].Text, asked[0].Buttons[0].Command) {
		w.t.Fatalf("asked: %+v", asked)
	}
	if a, _ := w.writes(address, asked[0].Buttons[0].Command); a.Refused {
		w.t.Fatalf("%+v", a)
	}
	w.net.forget()
}

func TestAnOwnerHasAGroupToldWhatIsHeldAndDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.received("0", "von vorher")
	w.linked("ada")
	if a, ok := w.writesIn(team, "eve", "/info here"); !ok || !a.Refused {
		t.Errorf("a stranger: %+v", a)
	}
	if a, _ := w.writes("ada", "/info here"); !a.Refused || !strings.Contains(a.Text, "in the group") {
		t.Errorf("in a private chat: %+v", a)
	}
	for range 2 {
		if a, ok := w.writesIn(team, "ada", "/info here"); !ok || a.Refused {
			t.Errorf("%+v", a)
		}
	}
	if list := w.must(w.owner(), "info").(commands.InfoList); len(list.Places) != 1 || list.Places[0].Address != team || !list.Places[0].Confirmed {
		t.Errorf("%+v", list)
	}
	held := w.received("1", "schönes wetter")
	for range 2 {
		w.NoticeHeld(t.Context(), w.HeldCities(t.Context()))
	}
	told := w.net.toldTo(team)
	if len(told) != 1 || !strings.HasPrefix(told[0].Text, "A report is held:") || len(told[0].Buttons) != 2 {
		t.Fatalf("told: %+v", told)
	}
	if a, _ := w.writesIn(team, "eve", told[0].Buttons[0].Command); !a.Refused {
		t.Errorf("a stranger presses: %+v", a)
	}
	if a, _ := w.writesIn(team, "ada", told[0].Buttons[0].Command); a.Refused {
		t.Errorf("ada presses: %+v", a)
	}
	w.becomes(held, "released", func(e db.Entry) bool { return e.Passed })
	if told := w.net.toldTo(team); len(told) != 1 {
		t.Errorf("the group in which it was done hears of it again: %+v", told)
	}
	w.must(w.owner(), "pause")
	if told := w.net.toldTo(team); len(told) != 2 || !strings.Contains(told[0].Text+told[1].Text, "The city is paused") {
		t.Errorf("told: %+v", told)
	}
	if a, _ := w.writesIn(team, "eve", "/info stop"); !a.Refused {
		t.Errorf("a stranger ends it: %+v", a)
	}
	if a, _ := w.writesIn(team, "ada", "/info stop"); a.Refused {
		t.Errorf("%+v", a)
	}
	w.must(w.owner(), "resume")
	if told := w.net.toldTo(team); len(told) != 2 {
		t.Errorf("told after the end: %+v", told)
	}
}

func TestAGroupIsToldAlsoAfterWhoeverChoseItHasLeftTheCityAndTakesNothingFromThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bo := w.joins("bo@example.org", db.RoleOwner)
	code := w.must(w.actor(bo), "link new").(commands.LinkCode)
	w.writes("bo", "/link "+code.Code)
	if a, _ := w.writesIn(team, "bo", "/info here"); a.Refused {
		t.Fatalf("%+v", a)
	}
	w.must(w.actor(bo), "leave", "sure", true)
	w.received("1", "schönes wetter")
	w.NoticeHeld(t.Context(), w.HeldCities(t.Context()))
	var held chat.Answer // beside the notice that somebody has left, which comes before or after it
	testkit.Eventually(t, "the group is told both", func() bool {
		told := w.net.toldTo(team)
		at := slices.IndexFunc(told, func(a chat.Answer) bool { return len(a.Buttons) == 2 })
		if at >= 0 {
			held = told[at]
		}
		return at >= 0 && len(told) == 2
	})
	for _, text := range []string{held.Buttons[0].Command, "/info stop", "/info here"} {
		if a, _ := w.writesIn(team, "bo", text); !a.Refused {
			t.Errorf("%s: %+v", text, a)
		}
	}
	list := w.must(w.owner(), "info").(commands.InfoList)
	if len(list.Places) != 1 || list.Places[0].Address != team {
		t.Fatalf("the owner does not see the group: %+v", list)
	}
	w.must(w.owner(), "info remove", "place", list.Places[0].Place)
	before := len(w.net.toldTo(team))
	w.must(w.owner(), "pause")
	if told := w.net.toldTo(team); len(told) != before {
		t.Errorf("told after the end: %+v", told[before:])
	}
}

func TestInAGroupOnlyFewCommandsAreTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	for _, text := range []string{"/settings show", "/links", "/info", "/info add net x", "/link 12345", "/lists show", "/reports", "info here", "release 1", "/help", "/unlink"} {
		if a, ok := w.writesIn(team, "ada", text); ok {
			t.Errorf("%s: %+v", text, a)
		}
	}
}

func TestAGroupIsToldInTheCitysLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	w.must(operator, "settings change", "changes", map[string]any{"lang": "de"})
	if a, _ := w.writesIn(team, "ada", "/info here"); !strings.Contains(a.Text, "Diese Gruppe hört") {
		t.Errorf("%+v", a)
	}
	w.must(w.owner(), "pause")
	if told := w.net.toldTo(team); len(told) != 1 || !strings.Contains(told[0].Text, "Die Stadt ruht") {
		t.Errorf("%+v", told)
	}
}

func TestAnAddressIsToldOnceItHasConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if r := w.must(w.owner(), "info add", "through", "net", "address", "Team@Example.org").(commands.InfoChanged); r.Confirmed {
		t.Errorf("%+v", r)
	}
	asked := w.net.toldTo("Team@Example.org")
	w.net.forget()
	w.must(w.owner(), "pause")
	if told := w.net.toldTo("Team@Example.org"); len(told) != 0 {
		t.Errorf("told before it is confirmed: %+v", told)
	}
	command := asked[0].Buttons[0].Command
	if a, _ := w.writes("team@example.org", "/info confirm 12345"); !a.Refused {
		t.Errorf("a wrong code: %+v", a)
	}
	for _, want := range []bool{false, true} { // the code works once
		if a, _ := w.writes("team@example.org", command); a.Refused != want {
			t.Errorf("%+v", a)
		}
	}
	w.must(w.owner(), "resume")
	told := w.net.toldTo("team@example.org") // as the network writes it
	if len(told) != 1 || len(told[0].Buttons) != 1 || told[0].Buttons[0].Command != "/info stop" {
		t.Errorf("told: %+v", told)
	}
	w.received("1", "schönes wetter")
	w.NoticeHeld(t.Context(), []string{"bern"})
	for _, one := range w.net.toldTo("team@example.org") {
		for _, b := range one.Buttons {
			if b.Report != "" {
				t.Errorf("nobody knows who presses %q", b.Command)
			}
		}
	}
	if a, _ := w.writes("team@example.org", "/release 1"); !a.Refused {
		t.Errorf("%+v", a)
	}
	if a, _ := w.writes("team@example.org", "/info stop"); a.Refused {
		t.Errorf("%+v", a)
	}
	w.net.forget()
	w.must(w.owner(), "pause")
	if told := w.net.toldTo("team@example.org"); len(told) != 0 {
		t.Errorf("told after the end: %+v", told)
	}
}

func TestAnAddressCannotBeConfirmedADayLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.owner(), "info add", "through", "net", "address", "team")
	command := w.net.toldTo("team")[0].Buttons[0].Command
	w.Advance(25 * time.Hour)
	if a, _ := w.writes("team", command); !a.Refused {
		t.Errorf("%+v", a)
	}
	w.check(w.Prune(t.Context()))
	if list := w.must(w.owner(), "info").(commands.InfoList); len(list.Places) != 0 {
		t.Errorf("%+v", list)
	}
}

func TestWhatCannotBeToldIsRefusedAndNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.net.tellErr = bots.Permanent("not-an-address", errors.New("no address"))
	if got := w.refused(w.owner(), "info add", "through", "net", "address", "nobody"); got != "invalid address" {
		t.Error(got)
	}
	if got := w.refused(w.owner(), "info add", "through", "fax", "address", "1"); got != "not-found through" {
		t.Error(got)
	}
	if got := w.refused(w.owner(), "info remove", "place", 7); got != "not-found place" {
		t.Error(got)
	}
	if list := w.must(w.owner(), "info").(commands.InfoList); len(list.Places) != 0 {
		t.Errorf("%+v", list)
	}
}

func TestAskingAddressesIsLimitedForACityAndForAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	add := func(address string) error {
		_, err := w.run(w.owner(), "info add", "through", "net", "address", address)
		return err
	}
	asked := 0
	for range 20 {
		if add("team") == nil {
			asked++
		}
	}
	if asked != 3 {
		t.Errorf("one address was asked %d times", asked)
	}
	for i := range 20 {
		_ = add(fmt.Sprintf("team %d", i))
	}
	if list := w.must(w.owner(), "info").(commands.InfoList); len(list.Places) > 10 {
		t.Errorf("%d addresses", len(list.Places))
	}
}

func TestWhoeverDidItIsNotToldAtTheirOwnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.confirmedAt("ada@example.org") // where she logs in
	w.confirmedAt("team@example.org")
	w.must(w.owner(), "pause")
	if told := w.net.toldTo("ada@example.org"); len(told) != 0 {
		t.Errorf("ada: %+v", told)
	}
	if told := w.net.toldTo("team@example.org"); len(told) != 1 {
		t.Errorf("the team: %+v", told)
	}
}

// TestNothingThatIsToldIsASecret runs what makes codes and names addresses.
func TestNothingThatIsToldIsASecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	w.writesIn(team, "ada", "/info here")
	w.net.forget()
	code := w.must(w.owner(), "link new").(commands.LinkCode).Code
	w.must(w.owner(), "info add", "through", "net", "address", "other@example.org")
	asked := w.net.toldTo("other@example.org")
	w.must(w.owner(), "invite", "address", "new@example.org")
	told := w.net.toldTo(team)
	if len(told) != 2 {
		t.Errorf("told: %+v", told)
	}
	secret := regexp.MustCompile(regexp.QuoteMeta(code) + "|" + regexp.QuoteMeta(strings.Fields(asked[0].Buttons[0].Command)[2]) + "|example.org")
	for _, one := range told {
		if secret.MatchString(one.Text) {
			t.Errorf("the group reads %q", one.Text)
		}
	}
}

func TestAGroupThatGetsAnotherNameIsToldThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	w.writesIn("-17", "ada", "/info here")
	for range 2 {
		w.check(w.InNetwork("net").Moved(t.Context(), "bern", "-17", team))
	}
	w.must(w.owner(), "pause")
	if told := w.net.toldTo(team); len(told) != 1 {
		t.Errorf("%+v", told)
	}
	w.writesIn(team, "ada", "/info here")
	if list := w.must(w.owner(), "info").(commands.InfoList); len(list.Places) != 1 {
		t.Errorf("%+v", list)
	}
}

// TestEachWhoRunsTheCityHasAKeyOfTheirOwn has a network that takes each key once, as Telegram does.
func TestEachWhoRunsTheCityHasAKeyOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"bob", "carol"} {
		admin := w.newAdmin(name + "@example.org")
		w.check(w.db.Create(&db.CityAdmin{City: "bern", AdminID: admin.ID}).Error)
		code, err := w.run(commands.Actor{ID: fmt.Sprintf("admin %d", admin.ID), Level: commands.Owner, Admin: admin.ID}, "link new")
		w.check(err)
		w.writes(name, "/link "+code.(commands.LinkCode).Code)
	}
	w.must(w.owner(), "pause")
	for _, name := range []string{"bob", "carol"} {
		if told := w.net.toldTo(name); len(told) != 1 {
			t.Errorf("%s: %+v", name, told)
		}
	}
}
