package telegram

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-telegram/bot/models"

	"linienfunk/bots/chat"
)

func TestACommandInAGroupThatNamesTheBotIsItsWritersAndAnsweredThere(t *testing.T) {
	t.Parallel()
	w, fake := newRun(t)
	team := fake.AddChat(botOf("zuerich"), supergroup, "Team")
	receive(t, w, "zuerich")
	ran := len(w.Commands.Ran())
	for _, one := range []struct{ who, text string }{
		{"ada", "/status"},                       // may be for another bot
		{"ada", "/status@OtherBot"},              // is for another bot
		{"marta", "/status@" + botOf("zuerich")}, // the group is not confirmed
		{"ada", "status"},
	} {
		fake.SayIn(team, one.who, map[string]any{"text": one.text})
		receive(t, w, "zuerich")
		if got := textsIn(fake, team); got != "" || len(w.Commands.Ran()) != ran {
			t.Errorf("%s writes %s: %q", one.who, one.text, got)
		}
	}
	fake.SayIn(team, "ada", map[string]any{"text": "/status@" + botOf("zuerich") + " now"})
	receive(t, w, "zuerich")
	if got := textsIn(fake, team); got != "done: /status now" {
		t.Errorf("answered %q", got)
	}
	all := w.Commands.Ran()
	if m := all[len(all)-1]; m.Person != personOf(fake.Person("ada")) || m.Group != groupOf(chatOf(groupChat(team))) {
		t.Errorf("%+v", m)
	}
	if menu := fake.Menu(botOf("zuerich"), "chat"); len(menu) != 0 && slices.Contains(menu, "pause") {
		t.Errorf("the group's menu: %q", menu)
	}
}

func TestANoticeToAGroupHasButtonsThatAreItsReadersOwn(t *testing.T) {
	t.Parallel()
	w, fake := newRun(t)
	team := fake.AddChat(botOf("zuerich"), group, "Team")
	receive(t, w, "zuerich")
	name := groupOf(chatOf(groupChat(team)))
	for range 2 {
		must(t, theBot(w).Tell(t.Context(), "zuerich", name, "held", heldNotice))
	}
	must(t, theBot(w).Tell(t.Context(), "zuerich", name, "done", chat.Answer{Text: "paused by @ada", Linked: true}))
	receive(t, w, "zuerich")
	if got := textsIn(fake, team); got != "#17 kontrolle?\n#18 wetter|paused by @"+wordJoiner+"ada" {
		t.Errorf("told %q", got)
	}
	press := func(who, label string) {
		t.Helper()
		if !fake.PressIn(team, botOf("zuerich"), who, label) {
			t.Fatalf("no button %q", label)
		}
		receive(t, w, "zuerich")
	}
	press("marta", "Release #17")
	if last := fake.Toasts()[len(fake.Toasts())-1]; !last.Alert || !strings.Contains(last.Text, "refused") {
		t.Errorf("a stranger presses: %+v", last)
	}
	press("ada", "Release #17")
	if last := fake.Toasts()[len(fake.Toasts())-1]; last.Alert || last.Text != "done: /status 17" {
		t.Errorf("ada presses: %+v", last)
	}
	all := w.Commands.Ran()
	if m := all[len(all)-1]; m.Group != name || m.Person != personOf(fake.Person("ada")) {
		t.Errorf("%+v", m)
	}
	if fake.UnansweredPresses() != 0 {
		t.Error("a press is not answered")
	}
}

func TestANoticeFollowsItsGroupIntoASupergroup(t *testing.T) {
	t.Parallel()
	for _, quietly := range []bool{false, true} {
		w, fake := newRun(t)
		team := fake.AddChat(botOf("zuerich"), group, "Team")
		receive(t, w, "zuerich")
		name := groupOf(chatOf(groupChat(team)))
		now := fake.UpgradeGroup(team, quietly)
		must(t, theBot(w).Tell(t.Context(), "zuerich", name, "held", heldNotice))
		receive(t, w, "zuerich")
		if got := textsIn(fake, now); !strings.Contains(got, "#17") {
			t.Errorf("quietly %v: told %q", quietly, got)
		}
		if got := w.Commands.Renamed(); len(got) == 0 || got[0] != "zuerich: "+name+" is "+groupOf(chatOf(groupChat(now))) {
			t.Errorf("quietly %v: %q", quietly, got)
		}
	}
}

func TestANoticeGoesIntoTheTopicInWhichItWasAskedFor(t *testing.T) {
	t.Parallel()
	w, fake := newRun(t)
	forum := fake.AddChat(botOf("zuerich"), supergroup, "Team")
	topic := fake.AddTopic(forum)
	receive(t, w, "zuerich")
	fake.SayIn(forum, "ada", map[string]any{"text": "/status@" + botOf("zuerich"), "message_thread_id": topic, "is_topic_message": true})
	receive(t, w, "zuerich")
	all := w.Commands.Ran()
	must(t, theBot(w).Tell(t.Context(), "zuerich", all[len(all)-1].Group, "held", heldNotice))
	receive(t, w, "zuerich")
	for _, sent := range fake.Sent() {
		if sent.Chat == forum && sent.Topic != topic {
			t.Errorf("%+v", sent)
		}
	}
	if got := textsIn(fake, forum); strings.Count(got, "|") != 1 {
		t.Errorf("told %q", got)
	}
}

func TestANameThatIsNoGroupIsRefused(t *testing.T) {
	t.Parallel()
	w, _, _ := newConnected(t)
	for _, name := range []string{"-", "-x", "-1/x", "--1", "0", "1/2", ""} {
		if err := theBot(w).Tell(t.Context(), "zuerich", name, "k", chat.Answer{Text: "x"}); err == nil {
			t.Errorf("%q is told", name)
		}
	}
}

func groupChat(id int64) models.Chat { return models.Chat{ID: id, Type: group} }
