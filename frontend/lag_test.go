package frontend

import (
	"context"
	"testing"

	"linienfunk/settings"
)

// behind are settings of a node that has not heard of the newest version yet.
type behind struct {
	Settings
	old settings.Snapshot
}

func (b behind) Get(context.Context, string) (settings.Snapshot, bool, error) {
	return b.old, true, nil
}

func TestAFormThatAnotherNodeShowedIsSavedByOneThatLagsBehind(t *testing.T) {
	s, v, _ := past(t)
	old := s.present("berlin")
	s.save("berlin", 0, map[string]any{"about": "from another node"})
	form := s.form("berlin", "about", "from another node", "title", "Here")
	s.Settings = behind{s.store, old}
	v.post("/city/berlin", form...).at("/city/berlin").want(200, "Saved.")
	if got := s.present("berlin"); got.Title != "Here" || got.About != "from another node" {
		t.Errorf("in force: %+v", got.Settings)
	}
}

// unsure is a node that does not know what became of a change.
type unsure struct{ Settings }

func (unsure) Submit(context.Context, settings.Draft) (settings.Snapshot, error) {
	return settings.Snapshot{}, settings.ErrPending
}

func TestAChangeThatIsNotInForceYetSaysSo(t *testing.T) {
	s, v, _ := past(t)
	s.Settings = unsure{s.store}
	v.post("/city/berlin", s.form("berlin", "title", "Here")...).at("/city/berlin").want(200, "not in force yet", `role="alert"`)
}

// late is a history in which the newest version is missing.
type late struct{ *settings.Storage }

func (l late) History(ctx context.Context, city string) ([]settings.Version, error) {
	all, err := l.Storage.History(ctx, city)
	return all[:len(all)-1], err
}

func TestAHistoryThatLagsBehindIsShownAsFarAsItIs(t *testing.T) {
	s, v, _ := past(t, map[string]any{"title": "Two"}, map[string]any{"title": "Three"})
	v.get(historyPath).want(200, `id="change-3"`)
	base := s.present("berlin").Hash
	stale := s.form("berlin", "about", "mine")
	s.save("berlin", 0, map[string]any{"title": "Four"})
	v.get(historyPath).want(200, `id="change-4"`)
	s.historyTime, s.History = 0, late{s.storage}
	v.get(historyPath).want(200, `id="change-3"`).wantNot(`id="change-4"`)
	v.post("/city/berlin", stale...).want(409, "Four", "mine")
	v.post("/city/berlin/undo", "hash", string(s.present("berlin").Hash), "base", string(base)).want(400)
}
