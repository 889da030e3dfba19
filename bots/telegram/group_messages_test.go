package telegram

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestInOneGroupEveryMessageIsAReportAndInAnotherOnlyCommandsAndMentionsAre(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	fake.ReadAll(botOf("zuerich"))
	here := fake.AddChat(botOf("zuerich"), supergroup, "hier")
	there := addGroup(t, w, fake, supergroup, "dort")
	row, _, err := theBot(w).store.findChat(t.Context(), "zuerich", here)
	must(t, err)
	path := fmt.Sprintf("/groups/%d/all", row.ID)
	for _, test := range []struct{ all, want string }{{"true", "kontrolle hier|kontrolle u8"}, {"false", "kontrolle u8"}} {
		if answer := w.Submit(t, "zuerich", path, url.Values{"all": {test.all}}); !strings.Contains(answer.Header().Get("X-Message"), "hier") {
			t.Errorf("switching to %s: %v", test.all, answer.Header())
		}
		fake.SayIn(here, "marta", map[string]any{"text": "kontrolle hier"})
		fake.SayIn(there, "marta", map[string]any{"text": "kontrolle dort"})
		fake.SayIn(there, "marta", map[string]any{"text": "/report kontrolle u8"})
		if got := texts(receive(t, w, "zuerich")); got != test.want {
			t.Errorf("all is %s: reports %s", test.all, got)
		}
	}
	if answer := w.Submit(t, "ghent", path, url.Values{"all": {"true"}}); answer.Header().Get("X-Failed") == "" {
		t.Error("another city could switch the group")
	}
}

func TestThePageOffersTheSwitchOfAGroupUnlessAllGroupsAreSwitched(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	fake.AddChat(botOf("zuerich"), channel, "Meldungen")
	fake.AddChat(botOf("zuerich"), supergroup, "Linie 4")
	receive(t, w, "zuerich")
	offers := func(want int) {
		t.Helper()
		if got := strings.Count(w.Settings(t, "zuerich", "en"), `/all"`); got != want {
			t.Errorf("%d switches, want %d", got, want)
		}
	}
	offers(0) // the group is not confirmed yet
	confirmAll(t, w, "zuerich")
	offers(1)
	w.SetOption(t, "zuerich", "group_all", true)
	offers(0)
}

func TestGroupsOfOlderVersionsReportOnlyCommandsAndMentions(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	s := theBot(w).store
	must(t, s.addGroup(t.Context(), "zuerich", -5, group, "Linie 4"))
	must(t, w.Core.DB.Migrator().DropColumn(&Subscriber{}, "AllReports"))
	must(t, addAllReports(w.Core.DB))
	row, known, err := s.findChat(t.Context(), "zuerich", -5)
	if err != nil || !known || row.AllReports || s.title(row) != "Linie 4" {
		t.Errorf("%+v %v %v", row, known, err)
	}
}
