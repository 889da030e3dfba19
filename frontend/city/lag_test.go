package city_test

import (
	"context"
	"testing"

	"linienfunk/frontend/frontendtest"
	"linienfunk/settings"
)

// staleSettings are the settings of a node that has not received the newest version yet.
type staleSettings struct {
	*settings.Node
	old settings.Snapshot
}

func (b staleSettings) Get(context.Context, string) (settings.Snapshot, bool, error) {
	return b.old, true, nil
}

func TestAFormOfAnotherNodeIsSavedByANodeThatLagsBehind(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	old := s.Present("berlin")
	s.Save("berlin", 0, map[string]any{"about": "from another node"})
	form := s.Form("berlin", "about", "from another node", "title", "Here")
	stale := staleSettings{s.Node, old}
	s.Site.Settings, s.Site.Commands.Settings = stale, stale
	v.Post("/city/berlin", form...).At("/city/berlin").Want(200, "Saved.")
	if got := s.Present("berlin"); got.Title != "Here" || got.About != "from another node" {
		t.Errorf("in force: %+v", got.Settings)
	}
}

// unknownOutcome is a node that does not know the outcome of a change.
type unknownOutcome struct{ *settings.Node }

func (unknownOutcome) Submit(context.Context, settings.Draft) (settings.Snapshot, error) {
	return settings.Snapshot{}, settings.ErrPending
}

func TestAChangeThatIsNotInForceYetSaysSo(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	s.Site.Commands.Settings = unknownOutcome{s.Node}
	v.Post("/city/berlin", s.Form("berlin", "title", "Here")...).At("/city/berlin").Want(200, "not in force yet", `role="alert"`)
}

// staleHistory is a history without the newest version.
type staleHistory struct{ *settings.Storage }

func (l staleHistory) History(ctx context.Context, city string) ([]settings.Version, error) {
	all, err := l.Storage.History(ctx, city)
	return all[:len(all)-1], err
}

func TestAHistoryThatLagsBehindIsShownAsFarAsItIs(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t, map[string]any{"title": "Two"}, map[string]any{"title": "Three"})
	v.Get(historyPath).Want(200, `id="change-3"`)
	base := s.Present("berlin").Hash
	stale := s.Form("berlin", "about", "mine")
	s.Save("berlin", 0, map[string]any{"title": "Four"})
	v.Get(historyPath).Want(200, `id="change-4"`)
	s.Site.Commands.HistoryTime, s.Site.Commands.History = 0, staleHistory{s.Storage}
	v.Get(historyPath).Want(200, `id="change-3"`).WantNot(`id="change-4"`)
	v.Post("/city/berlin", stale...).Want(409, "Four", "mine")
	v.Post("/city/berlin/undo", "hash", string(s.Present("berlin").Hash), "base", string(base)).Want(400)
}
