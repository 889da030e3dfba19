package settings_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/settings"
)

func TestAChainThatIsBrokenIsCutAndAllNodesTakeWhatIsLeft(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil []string
		title string // that is in force afterwards
		kept  int
	}{
		"a link was changed":                        {[]string{"UPDATE settings_links SET note = 'x' WHERE number = 2"}, "Turicum", 3},
		"a link is missing":                         {[]string{"DELETE FROM settings_links WHERE number = 2"}, "Turicum", 3},
		"the last link is missing":                  {[]string{"DELETE FROM settings_links WHERE number = 3"}, "Turicum", 3},
		"the document was changed by hand":          {[]string{`UPDATE settings_heads SET document = '{"title":"stolen"}'`}, "Turicum", 3},
		"the current version is missing":            {[]string{"DELETE FROM settings_heads"}, "Turicum", 3},
		"so is a link, and the document is no JSON": {[]string{"UPDATE settings_heads SET document = '{'", "DELETE FROM settings_links WHERE number = 3"}, "Züri", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, storage, n := started(t, "zuerich", "ghent")
			now := get(t, n, "zuerich")
			for _, title := range []string{"Züri", "Turicum"} {
				var err error
				if now, err = n.Submit(t.Context(), edit(t, now, "title", title)); err != nil {
					t.Fatal(err)
				}
			}
			written(t, storage, now)
			keep := func([]byte) error { return nil }
			if _, err := storage.Cut(t.Context(), "zuerich", keep); !errors.Is(err, settings.ErrSound) {
				t.Errorf("a sound chain: %v", err)
			}
			for _, statement := range c.spoil {
				if err := w.db.Exec(statement + map[bool]string{true: " AND", false: " WHERE"}[strings.Contains(statement, "WHERE")] + " city = 'zuerich'").Error; err != nil {
					t.Fatal(err)
				}
			}
			full := errors.New("the disk is full")
			if _, err := storage.Cut(t.Context(), "zuerich", func([]byte) error { return full }); !errors.Is(err, full) {
				t.Errorf("the old rows cannot be kept: %v", err)
			}
			var old struct{ Links []struct{ Note string } }
			cut, err := storage.Cut(t.Context(), "zuerich", func(rows []byte) error { return json.Unmarshal(rows, &old) })
			if err != nil || cut.Kept != c.kept || len(old.Links) != cut.Links || !strings.Contains(cut.Broken, "the chain is broken") {
				t.Fatalf("%+v, %v, %+v", cut, err, old)
			}
			late, _ := w.node() // reads the stream from its beginning, with the links that are gone
			waitLoaded(t, late)
			for _, node := range []*settings.Node{n, late} {
				testkit.Eventually(t, "the node has what is left", func() bool { return node.Take(t.Context(), "zuerich", cut.Hash) == nil })
				if got := get(t, node, "zuerich"); got.Title != c.title {
					t.Errorf("the title is %q", got.Title)
				}
			}
			next, err := n.Submit(t.Context(), edit(t, get(t, n, "zuerich"), "title", "Zürich HB"))
			if err != nil {
				t.Fatal(err)
			}
			written(t, storage, next)
			waitForVersion(t, next, late)
			if history, err := storage.History(t.Context(), "zuerich"); err != nil || len(history) != 2 {
				t.Errorf("%d versions, %v", len(history), err)
			}
			if history, err := storage.History(t.Context(), "ghent"); err != nil || len(history) != 1 {
				t.Errorf("another city: %d versions, %v", len(history), err)
			}
		})
	}
}

func TestACityThatDoesNotExistIsNotCut(t *testing.T) {
	t.Parallel()
	_, storage, _ := started(t, "zuerich")
	if _, err := storage.Cut(t.Context(), "atlantis", func([]byte) error { return nil }); !errors.Is(err, db.ErrNotFound) {
		t.Error(err)
	}
}
