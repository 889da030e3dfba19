package app

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"testing"

	_ "github.com/ncruces/go-sqlite3/driver"

	"linienfunk/internal/config"
	"linienfunk/settings"
)

// testdata/before-history.sql is a database of a version without the history of settings. It has three cities: one with options of its
// networks, one with lists, an account and another freshness, and one whose settings cannot be read.
func TestCitiesFromBeforeTheHistoryKeepTheirSettingsAsTheFirstPatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	restore(t, filepath.Join(dir, "linienfunk.db"))
	if err := os.WriteFile(filepath.Join(dir, "instance.key"), []byte("bGluaWVuZnVuayBsaW5pZW5mdW5rIGxpbmllbmZ1bms=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, start := range []string{"the first start", "the second start"} {
		t.Run(start, func(t *testing.T) { checkMigrated(t, dir) })
	}
}

func restore(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile("testdata/before-history.sql")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Exec(string(text)); err != nil {
		t.Fatal(err)
	}
}

func checkMigrated(t *testing.T, dir string) {
	c := config.Default()
	c.HTTP, c.SMTP, c.Data, c.Log.Level, c.BaseURL, c.Mail.Domain = "127.0.0.1:0", "127.0.0.1:0", dir, "error", "http://localhost:8080", "localhost"
	p, err := Open(t.Context(), c, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	get := func(city string) settings.Snapshot {
		t.Helper()
		snapshot, ok, err := p.settings.Get(context.Background(), city)
		if !ok || err != nil {
			t.Fatalf("%s: %v, %v", city, ok, err)
		}
		history, err := p.storage.History(t.Context(), city)
		if err != nil || len(history) != 1 || history[0].Hash != snapshot.Hash || history[0].Admin != 0 {
			t.Errorf("%s has the history %+v, %v", city, history, err)
		}
		return snapshot
	}
	demo := get("demo")
	if demo.Title != "Demo City" || len(demo.Triggers) != 23 || !demo.Active || demo.FreshnessMinutes != 30 {
		t.Errorf("demo: %+v", demo.Settings)
	}
	web, email := p.settings.View("web", demo).Options, p.settings.View("email", demo).Options
	if web.On("form") || !web.On("list") || email.On("enabled") {
		t.Errorf("demo chose otherwise: %v, %v", web, email)
	}
	ghent := get("ghent")
	if ghent.Title != "Gent" || !slices.Equal(ghent.Blocked, []string{"test"}) || ghent.FreshnessMinutes != 45 {
		t.Errorf("ghent: %+v", ghent.Settings)
	}
	mastodon := p.settings.View("mastodon", ghent).Options
	if mastodon.On("enabled") || mastodon.Text("repost") != "copy" || !p.settings.View("web", ghent).Options.On("form") {
		t.Errorf("ghent chose otherwise: %v", mastodon)
	}
	if broken := get("broken"); broken.Active || broken.Title != "broken" {
		t.Errorf("settings that cannot be read should rest: %+v", broken.Settings)
	}
}
