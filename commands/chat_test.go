package commands_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/report"
)

func TestARiderSubscribesAndChoosesInAChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, one := range []struct{ text, answer string }{
		{"/subscribe", "You get the reports."},
		{"/hours 7-9 16:30-19", "Hours: 7-9, 16:30-19"},
		{"/hours", "Hours: 7-9, 16:30-19"},
		{"/zeiten alle", "Hours: all"},
		{"/Unsubscribe!", "You get no more reports."},
	} {
		if a, ok := w.writes("rider", one.text); !ok || a.Refused || a.Text != one.answer {
			t.Errorf("%s: %+v", one.text, a)
		}
	}
	for _, text := range []string{"/hours 7-9", "/hours", "/status", "/release 1", "/link 12345", "/unsubscribe me now"} {
		if a, ok := w.writes("rider", text); !ok || !a.Refused {
			t.Errorf("%s: %+v", text, a)
		}
	}
}

func TestOnlyWhoGetsTheReportsChoosesAmongThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"lines", "stops", "hours"} {
		if a, _ := w.writes("rider", "/"+name+" all"); !a.Refused || !strings.Contains(a.Text, "Subscribe first") {
			t.Errorf("a stranger, %s: %+v", name, a)
		}
		if got := w.refused(commands.Actor{ID: "x", Level: commands.Anyone, Lang: "en"}, name, "network", "net", "person", "rider"); got != "forbidden" {
			t.Errorf("somebody who is in no chat, %s: %s", name, got)
		}
		key := commands.Actor{ID: "key 1", Level: commands.Owner, Lang: "en"}
		if got := w.refused(key, name, "network", "net", "person", "rider", "to", "all"); got != "conflict" {
			t.Errorf("a key for somebody who has not subscribed, %s: %s", name, got)
		}
	}
	if a, _ := w.writes("rider", "/unsubscribe"); a.Refused || len(w.net.interests) != 0 {
		t.Errorf("whoever has not subscribed unsubscribes: %+v, %v", a, w.net.interests)
	}
	w.net.follows = true
	if a, _ := w.writes("rider", "/lines all"); !a.Refused || !strings.Contains(a.Text, "follow") {
		t.Errorf("where people follow the account: %+v", a)
	}
	w.net.follows = false
	w.writes("rider", "/subscribe")
	if a, _ := w.writes("rider", "/hours 7-9"); a.Refused {
		t.Errorf("a subscriber: %+v", a)
	}
}

func TestAMessageThatIsNoCommandMayBeAReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	for _, text := range []string{"kontrolle u8", "/u8 kontrolle", "status quo am zoo", "pause am zoo", "release the kraken", "/report kontrolle", "/link new", "/city list", "", "/"} {
		if a, ok := w.writes("ada", text); ok {
			t.Errorf("%q: %+v", text, a)
		}
	}
	if _, ok := w.writes("rider", "status"); ok {
		t.Error("a stranger's word is a command without a slash")
	}
}

// TestACitysDayPassesWithoutABrowser runs a city from a chat.
func TestACitysDayPassesWithoutABrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	held := w.received("1", "zwei bei der post")
	w.NoticeHeld(t.Context(), []string{"bern"})
	notices := w.net.toldTo("ada")
	if len(notices) != 1 || !strings.Contains(notices[0].Text, "zwei bei der post") || len(notices[0].Buttons) != 2 {
		t.Fatalf("told: %+v", notices)
	}
	if a, ok := w.writes("ada", notices[0].Buttons[0].Command); !ok || a.Refused {
		t.Errorf("%+v", a)
	}
	w.becomes(held, "released", func(e db.Entry) bool { return e.Passed })
	if a, _ := w.writes("ada", "/lists add triggers bei der"); a.Refused || !strings.Contains(a.Text, "bei der") {
		t.Errorf("%+v", a)
	}
	if e := w.received("2", "drei bei der kirche"); !e.Passed {
		t.Errorf("%+v", e)
	}
	out := w.received("3", "kontrolle von gestern")
	if a, _ := w.writes("ada", fmt.Sprintf("withdraw #%d", out.ID)); a.Refused {
		t.Errorf("%+v", a)
	}
	w.becomes(out, "withdrawn", func(e db.Entry) bool { return e.Withdrawn != "" })
	if a, _ := w.writes("ada", fmt.Sprintf("/mute %d", out.ID)); a.Refused {
		t.Errorf("%+v", a)
	}
	if a, _ := w.writes("ada", "pause"); a.Refused {
		t.Errorf("%+v", a)
	}
	if a, _ := w.writes("ada", "status"); !strings.Contains(a.Text, "Bern: paused") || !strings.Contains(a.Text, "NET: running (@bern), 2 waiting") {
		t.Errorf("%+v", a)
	}
	w.must(w.owner(), "panic")
	if a, _ := w.writes("ada", "status"); !strings.Contains(a.Text, "Panic is on: nothing is sent") {
		t.Errorf("%+v", a)
	}
	w.must(w.owner(), "panic", "on", false)
	w.must(operator, "city suspend", "why", "It names riders")
	if a, _ := w.writes("ada", "status"); !strings.Contains(a.Text, "Bern: suspended by the operator: It names riders") {
		t.Errorf("%+v", a)
	}
	w.must(operator, "city reinstate")
	if a, _ := w.writes("ada", "/weiter"); a.Refused {
		t.Errorf("%+v", a)
	}
	if a, _ := w.writes("ada", "/reports on"); a.Refused || !strings.Contains(a.Text, "no reports") {
		t.Errorf("%+v", a)
	}
	if a, _ := w.writes("ada", "/help"); !strings.Contains(a.Text, "/release <number of the report>") || strings.Contains(a.Text, "city list") {
		t.Errorf("%+v", a)
	}
	if a, _ := w.writes("ada", "/release"); !a.Refused || !strings.Contains(a.Text, "report: is missing") || !strings.Contains(a.Text, "/release <") {
		t.Errorf("%+v", a)
	}
	if a, _ := w.writes("ada", "/unlink"); a.Refused {
		t.Errorf("%+v", a)
	}
	if a, _ := w.writes("ada", "/status"); !a.Refused {
		t.Errorf("%+v", a)
	}
}

func TestACodeLinksOneChatForAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.must(w.owner(), "link new").(commands.LinkCode)
	if a, _ := w.writes("ada", "/link "+strings.ToLower(code.Code)); a.Refused {
		t.Errorf("%+v", a)
	}
	if a, _ := w.writes("eve", "/link "+code.Code); !a.Refused {
		t.Errorf("used again: %+v", a)
	}
	late := w.must(w.owner(), "link new").(commands.LinkCode)
	w.Advance(16 * time.Minute)
	if a, _ := w.writes("eve", "/link "+late.Code); !a.Refused {
		t.Errorf("too late: %+v", a)
	}
	list := w.must(w.owner(), "links").(commands.LinkList)
	if len(list.Links) != 1 || list.Links[0].Admin != "ada@example.org" {
		t.Errorf("%+v", list)
	}
	w.must(w.owner(), "links remove", "link", list.Links[0].Link)
	if a, _ := w.writes("ada", "/status"); !a.Refused {
		t.Errorf("removed: %+v", a)
	}
}

func TestWrongCodesAreLimitedForAPersonAndForACity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tries := func(person string) (count int) {
		for ; count < 200; count++ {
			if a, _ := w.writes(person, "/link 12345"); strings.Contains(a.Text, "Too many codes") {
				return count
			}
		}
		return count
	}
	first := tries("eve")
	w.Advance(time.Hour)
	if all := first + tries("eve"); first == 0 || all > 10 {
		t.Errorf("%d tries at once, %d within an hour", first, all)
	}
	for i := range 30 {
		tries(fmt.Sprintf("eve %d", i))
	}
	code := w.must(w.owner(), "link new").(commands.LinkCode)
	if a, _ := w.writes("ada", "/link "+code.Code); !a.Refused || !strings.Contains(a.Text, "quarter of an hour") {
		t.Errorf("%+v", a)
	}
	w.Advance(10 * time.Minute)
	if a, _ := w.writes("ada", "/link "+code.Code); a.Refused {
		t.Errorf("later: %+v", a)
	}
}

func TestAnAnswerToANoticeIsAboutItsReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	one, two := w.received("1", "schönes wetter"), w.received("2", "schlechtes wetter")
	for text, about := range map[string]db.Entry{"release": one, fmt.Sprintf("refuse %d", two.ID): one} {
		a, ok, err := w.InNetwork("net").Run(t.Context(), chat.Message{City: "bern", Person: "ada", Text: text, Reports: []string{fmt.Sprint(about.ID)}})
		if err != nil || !ok || a.Refused {
			t.Errorf("%s: %+v %v %v", text, a, ok, err)
		}
	}
	w.becomes(one, "released", func(e db.Entry) bool { return e.Passed })
	w.becomes(two, "refused", func(e db.Entry) bool { return e.Ruling == "refused" })
}

func TestAnAnswerSaysWhetherThePersonRunsTheCity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.InNetwork("net")
	if cities, err := n.Cities(t.Context()); err != nil || cities["bern"] {
		t.Errorf("%v %v", cities, err)
	}
	w.linked("ada")
	if cities, err := n.Cities(t.Context()); err != nil || !cities["bern"] {
		t.Errorf("%v %v", cities, err)
	}
	for _, one := range []struct {
		person, text string
		linked       bool
	}{{"rider", "/subscribe", false}, {"rider", "/status", false}, {"ada", "/status", true}, {"ada", "/release 99", true}, {"ada", "/unlink", false}} {
		if a, _ := w.writes(one.person, one.text); a.Linked != one.linked {
			t.Errorf("%s writes %s: %+v", one.person, one.text, a)
		}
	}
	w.linked("ada")
	list := w.must(w.owner(), "links").(commands.LinkList)
	w.must(w.owner(), "links remove", "link", list.Links[0].Link)
	if told := w.net.toldTo("ada"); len(told) != 1 || told[0].Linked || !strings.Contains(told[0].Text, "no longer linked") {
		t.Errorf("%+v", told)
	}
}

func TestWhoeverIsNoLongerAnAdminRunsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	w.check(w.db.Where("admin_id = ?", w.admin.ID).Delete(&db.CityAdmin{}).Error)
	if a, _ := w.writes("ada", "/status"); !a.Refused {
		t.Errorf("%+v", a)
	}
	w.received("1", "schönes wetter")
	w.NoticeHeld(t.Context(), w.HeldCities(t.Context()))
	if told := w.net.toldTo("ada"); len(told) != 0 {
		t.Errorf("told: %+v", told)
	}
}

func TestAModeratorRulesFromAChatAndChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	w.check(w.db.Model(&db.CityAdmin{}).Where("admin_id = ?", w.admin.ID).Update("role", db.RoleModerator).Error)
	for _, text := range []string{"/pause", "/lists add triggers x", "/links", "/settings change {}"} {
		if a, _ := w.writes("ada", text); !a.Refused || !strings.Contains(a.Text, "Only owners of the city may do that") || !a.Linked {
			t.Errorf("%s: %+v", text, a)
		}
	}
	held := w.received("1", "schönes wetter")
	if a, _ := w.writes("ada", fmt.Sprintf("/release %d", held.ID)); a.Refused {
		t.Errorf("%+v", a)
	}
}

func TestAForgedMessageRunsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	a, ok, err := w.InNetwork("net").Run(t.Context(), chat.Message{City: "bern", Person: "ada", Text: "/pause", Forged: true})
	if err != nil || !ok || !a.Refused {
		t.Errorf("%+v %v %v", a, ok, err)
	}
}

func TestAForgedAnswerToANoticeIsTakenForItsReportsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	one, two := w.received("1", "schönes wetter"), w.received("2", "schlechtes wetter")
	answers := func(text string) chat.Answer {
		t.Helper()
		a, _, err := w.InNetwork("net").Run(t.Context(), chat.Message{City: "bern", Person: "ada", Text: text, Forged: true, Reports: []string{fmt.Sprint(one.ID)}})
		w.check(err)
		return a
	}
	for _, text := range []string{fmt.Sprintf("/release %d", two.ID), "/pause", "/link 12345", "/lists add triggers x"} {
		if a := answers(text); !a.Refused || !strings.Contains(a.Text, "not certain") {
			t.Errorf("%s: %+v", text, a)
		}
	}
	if a := answers(fmt.Sprintf("release #%d", one.ID)); a.Refused || !a.Linked {
		t.Errorf("%+v", a)
	}
}

func TestTheSameMessageIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	m := chat.Message{City: "bern", Person: "ada", Text: "/release 1", ID: "m1"}
	held := w.received("1", "schönes wetter")
	m.Text = fmt.Sprintf("/release %d", held.ID)
	for range 2 {
		a, _, err := w.InNetwork("net").Run(t.Context(), m)
		if err != nil || a.Refused {
			t.Errorf("%+v %v", a, err)
		}
		w.becomes(held, "released", func(e db.Entry) bool { return e.Passed })
	}
}

func TestWhatIsHeldIsToldOnceAndAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.received("0", "von vorher")
	w.linked("ada")
	for i := range 7 {
		w.received(fmt.Sprint(i+1), fmt.Sprintf("wetter %d", i))
	}
	w.net.tellErr = bots.Retry("", errors.New("away"))
	w.NoticeHeld(t.Context(), []string{"bern"})
	w.net.tellErr = nil
	for range 3 {
		w.NoticeHeld(t.Context(), w.HeldCities(t.Context()))
	}
	told := w.net.toldTo("ada")
	if len(told) != 1 || !strings.HasPrefix(told[0].Text, "7 reports are held:") || strings.Contains(told[0].Text, "von vorher") || len(told[0].Buttons) != 10 || !strings.Contains(told[0].Text, "/reports on") {
		t.Errorf("%+v", told)
	}
}

func TestOthersWhoRunTheCityHearWhatWasDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	bob := w.newAdmin("bob@example.org")
	w.check(w.db.Create(&db.CityAdmin{City: "bern", AdminID: bob.ID}).Error)
	code, err := w.run(commands.Actor{ID: "admin 2", Level: commands.Owner, Admin: bob.ID}, "link new")
	w.check(err)
	w.writes("bob", "/link "+code.(commands.LinkCode).Code)
	w.writes("ada", "/pause")
	if told := w.net.toldTo("bob"); len(told) != 1 || !strings.Contains(told[0].Text, "The city is paused") {
		t.Errorf("bob: %+v", told)
	}
	if told := w.net.toldTo("ada"); len(told) != 0 {
		t.Errorf("ada: %+v", told)
	}
}

func TestMenusNameWhatPeopleCanWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	words := func(role chat.Role) (list []string) {
		for _, item := range w.InNetwork("net").Menu("de", role) {
			if item.Help == "" || strings.ContainsAny(item.Word, " äöü") {
				t.Errorf("%+v", item)
			}
			list = append(list, item.Word)
		}
		return list
	}
	if riders := words(chat.Rider); !slices.Contains(riders, "abonnieren") || slices.Contains(riders, "freigeben") {
		t.Error(riders)
	}
	if moderators := words(chat.Moderator); !slices.Contains(moderators, "freigeben") || slices.Contains(moderators, "pause") || slices.Contains(moderators, "einladen") {
		t.Error(moderators)
	}
	if all := words(chat.Owner); !slices.Contains(all, "freigeben") || !slices.Contains(all, "pause") {
		t.Error(all)
	}
}

func TestWhoeverRunsTheCityHasTheMenuOfTheirRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	if a, _ := w.writes("ada", "/status"); a.Role != chat.Owner {
		t.Errorf("%+v", a)
	}
	w.joins("bo@example.org", db.RoleOwner)
	w.check(w.db.Model(&db.CityAdmin{}).Where("admin_id = ?", w.admin.ID).Update("role", db.RoleModerator).Error)
	for _, text := range []string{"/status", "/pause"} { // which is refused
		if a, _ := w.writes("ada", text); a.Role != chat.Moderator {
			t.Errorf("%s: %+v", text, a)
		}
	}
	w.received("1", "schönes wetter")
	w.notices()
	if told := w.net.toldTo("ada"); len(told) != 1 || told[0].Role != chat.Moderator {
		t.Errorf("%+v", told)
	}
	if a, _ := w.writes("rider", "/help"); a.Role != chat.Rider {
		t.Errorf("%+v", a)
	}
}

var _ = report.Release
