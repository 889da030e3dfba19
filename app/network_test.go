package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/app"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
	"linienfunk/transit"
)

// feedFile writes the feed of a town.
func feedFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "town.zip")
	if err := os.WriteFile(path, testkit.Feed(t, testkit.TownLines()...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheCommandPrintsWhatIsInAFeed(t *testing.T) {
	t.Parallel()
	feed := feedFile(t)
	broken := filepath.Join(t.TempDir(), "broken.zip")
	if err := os.WriteFile(broken, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		feed: "2 lines, 6 stops\n\nCompanies:\n     1  City Transit\n     1  Metro\n\nsubway, 1:\n  U2\n\ntram, 1:\n  1\n",
		feed + " --kind tram --agency=City§Transit":   "1 lines, 3 stops\n\nCompanies:\n     1  City Transit\n\ntram, 1:\n  1\n",
		feed + " --lat=50 --lon=10.07 --radius=1.5":   "1 lines, 3 stops\n\nCompanies:\n     1  Metro\n\nsubway, 1:\n  U2\n",
		feed + " --kind plane":                        `error: --kind: there is no kind of line "plane"`,
		feed + " --lat=50 --lon=10.07":                "error: --radius is missing",
		feed + " --city berlin --data " + t.TempDir(): "error: no database at",
		broken: "error: broken.zip: this is not a zip archive, or its end is missing",
	} {
		args := strings.Fields(line)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "§", " ")
		}
		var out bytes.Buffer
		err := app.Main(t.Context(), append([]string{"network"}, args...), nil, &out, t.Output())
		got := out.String()
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want && !(strings.HasPrefix(want, "error: no database") && strings.HasPrefix(got, want)) {
			t.Errorf("%s:\n%s\nwant:\n%s", line, got, want)
		}
	}
}

func TestTheCommandOffersAFeedToACitysAdminsWhileTheProgramRuns(t *testing.T) {
	t.Parallel()
	c := harness.Config(t, harness.NewMailServer(t))
	harness.Start(t, c)
	d := harness.Database(t, c)
	if err := d.Create(&db.City{Name: "berlin"}).Error; err != nil {
		t.Fatal(err)
	}
	environ := []string{"LINIENFUNK_DATA=" + c.Data, "LINIENFUNK_DATABASE_URL=" + c.Database.URL}
	var out bytes.Buffer
	if err := app.Main(t.Context(), []string{"network", feedFile(t), "--city", "berlin"}, environ, &out, t.Output()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "The admins of berlin find it") {
		t.Errorf("%s", &out)
	}
	store := transit.NewStore(d, time.Now)
	got, found, err := transit.NewImports(store, t.TempDir(), nil).Status(t.Context(), "berlin")
	if err != nil || !found || got.State != transit.Read || got.File != "town.zip" {
		t.Fatalf("%+v %v %v", got, found, err)
	}
	if n, err := store.Load(t.Context(), got.Hash); err != nil || len(n.Lines) != 2 {
		t.Errorf("%v, %v", n, err)
	}
	if err := app.Main(t.Context(), []string{"network", feedFile(t), "--city", "ghent"}, environ, &out, t.Output()); err == nil || err.Error() != `--city: there is no city "ghent"` {
		t.Errorf("%v", err)
	}
}
