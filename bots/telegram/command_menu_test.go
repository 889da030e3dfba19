package telegram

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/internal/testkit"
)

// translated returns cities in the language that the test sets.
type translated struct {
	bots.Cities
	lang atomic.Value
}

func (c *translated) City(ctx context.Context, name string) (bots.City, bool, error) {
	city, known, err := c.Cities.City(ctx, name)
	city.Lang = c.lang.Load().(string)
	return city, known, err
}

func TestRidersSeeAMenuInTheCitysLanguageEvenAfterItChanges(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	cities := &translated{Cities: w.Core.Cities}
	cities.lang.Store("de")
	w.Core.Cities = cities
	w.Restart(t)
	a := connect(t, w, fake, "zuerich")
	startRecv(t, w, a, nil)
	sees := func(scope string, want ...string) {
		t.Helper()
		testkit.Eventually(t, "the menu is there", func() bool { return slices.Equal(fake.Menu(botOf("zuerich"), scope), want) })
	}
	sees("all_private_chats", "start – alle Meldungen bekommen", "stop – keine Meldungen mehr bekommen",
		"linien – nur manche Linien: /linien U8 M10", "haltestellen – nur manche Haltestellen", "zeiten – nur zu manchen Zeiten: /zeiten 7-10 16-19",
		"tage – nur an manchen Tagen: /tage mo-fr", "ohneort – Meldungen ohne Ort: an oder aus", "alles – wieder alle Meldungen", "help – was dieser Bot kann")
	sees("all_group_chats", "melden – etwas melden: /melden und dein Text", "help – was dieser Bot kann")
	sees("all_chat_administrators", "melden – etwas melden: /melden und dein Text", "help – was dieser Bot kann",
		"linien – nur manche Linien: /linien U8 M10", "haltestellen – nur manche Haltestellen", "zeiten – nur zu manchen Zeiten: /zeiten 7-10 16-19",
		"tage – nur an manchen Tagen: /tage mo-fr", "ohneort – Meldungen ohne Ort: an oder aus", "alles – wieder alle Meldungen")
	cities.lang.Store("en")
	sees("all_group_chats", "report – report something: /report and your text", "help – what this bot can do")
}

func TestAMenuThatFailsIsSetLater(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	fake.Fail(bottest.Internal)
	row, c := account(t, w, a.City)
	var m commandMenu
	m.update(t.Context(), theBot(w), row, c)
	fake.Heal()
	m.update(t.Context(), theBot(w), row, c)
	m.update(t.Context(), theBot(w), row, c)
	set := 0
	for _, call := range fake.Calls() {
		if call == "setMyCommands" {
			set++
		}
	}
	if set != 4 || fake.Menu(botOf("zuerich"), "all_group_chats") == nil {
		t.Errorf("%d calls, menu %q", set, fake.Menu(botOf("zuerich"), "all_group_chats"))
	}
}
