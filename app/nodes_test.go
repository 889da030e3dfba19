package app_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/app"
	"linienfunk/db"
)

func TestTheNodesAreListedWithTheirShards(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := func(environ ...string) (string, error) {
		var out bytes.Buffer
		err := app.Main(t.Context(), []string{"nodes", "--config", "/dev/null"}, append(environ, "LINIENFUNK_DATA="+dir), &out, &out)
		return out.String(), err
	}
	if _, err := run(); err == nil || !strings.Contains(err.Error(), "nats.url is not set") {
		t.Errorf("with the embedded broker: %v", err)
	}
	database, err := db.Open(t.Context(), filepath.Join(dir, "linienfunk.db"), time.Now)
	if err == nil {
		err = database.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { database.Close() })
	for _, node := range []db.Node{
		{ID: "first", Host: "vienna", Version: "v1", Roles: "bots,censor"}, {ID: "second", Host: "graz", Version: "v2", Roles: "bots"},
		{ID: "third", Host: "linz", Version: "v2", Roles: "frontend"},
	} {
		if _, _, err := database.Claim(t.Context(), node, 3, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if err := database.Release(t.Context(), "first", []int{1}); err != nil {
		t.Fatal(err)
	}
	out, err := run("LINIENFUNK_NATS_URL=nats://127.0.0.1:4222", "LINIENFUNK_NATS_SHARDS=3")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"vienna", "graz", "running  0,2", "none", "1 of 3 shards have no running node",
		"v1       bots,censor ", "v2       frontend ", "NO RUNNING NODE HAS THE ROLE mail: mail is neither received nor sent"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if strings.Count(out, "NO RUNNING NODE") != 1 {
		t.Errorf("roles that a node has are said to be missing:\n%s", out)
	}
	if _, _, err := database.Claim(t.Context(), db.Node{ID: "fourth", Roles: "bots,censor,frontend,mail"}, 3, time.Hour); err != nil {
		t.Fatal(err)
	}
	if out, err := run("LINIENFUNK_NATS_URL=nats://127.0.0.1:4222"); err != nil || strings.Contains(out, "ROLE mail") || !strings.Contains(out, " all ") {
		t.Errorf("with a node that has all roles: %v\n%s", err, out)
	}
}
