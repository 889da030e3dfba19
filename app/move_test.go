package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linienfunk/app"
)

func TestAMoveThatCannotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	here := write("here.toml", "data = \""+filepath.Join(dir, "here")+"\"\n")
	there := write("there.toml", "data = \""+filepath.Join(dir, "there")+"\"\n")
	for name, c := range map[string]struct{ to, want string }{
		"no file":           {filepath.Join(dir, "none.toml"), "read configuration"},
		"the same database": {here, "the same database"},
		"nothing to move":   {there, "no database at"},
	} {
		var out bytes.Buffer
		err := app.Main(t.Context(), []string{"move", "--config", here, "--to", c.to}, nil, &out, &out)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if made, _ := filepath.Glob(filepath.Join(dir, "*", "*")); len(made) > 0 {
		t.Errorf("%q was made", made)
	}
}
