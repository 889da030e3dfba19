package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module writes a small module with a core and one network.
func module(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for file, text := range map[string]string{
		"go.mod":               "module linienfunk\n",
		"main.go":              "package main\n\nimport \"os/signal\"\n\nfunc main() { signal.Stop(nil) }\n",
		"core/core.go":         "package core\n\n// Chat and discord are words of a comment.\nconst line, home = \"the discord of it\", \"mail.example\"\n",
		"core/page.html":       "<form action=\"/board/new\"><p>A notice: slack</p></form>\n",
		"core/core_test.go":    "package core\n\nvar matrix = 1\n",
		"bots/old/old.go":      "package old\n\nvar irc = 1\n",
		"bots/all/all.go":      "package all\n",
		"bots/old/old_test.go": "package old\n",
	} {
		path := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestANameThatCannotWorkIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	root := module(t)
	for name, want := range map[string]string{
		"x": "2 to 20 lower-case letters", "Signal": "lower-case", "two-words": "lower-case", "9gag": "beginning with a letter", "../up": "lower-case",
		"func": "means something else to Go", "internal": "means something else to Go", "apitest": "fakes and suites",
		"old": "exists already", "all": "exists already",
		"example": "core/core.go:4", "board": "core/page.html:1", "line": "core/core.go:4", "main": "means something else",
	} {
		err := writeNetwork(root, name)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if _, err := os.Stat(filepath.Join(root, "bots", name, "recv.go")); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

func TestANameThatOccursOnlyInProseImportsTestsAndNetworksIsFree(t *testing.T) {
	t.Parallel()
	root := module(t)
	for _, name := range []string{"signal", "discord", "slack", "matrix", "irc"} {
		if err := writeNetwork(root, name); err != nil {
			t.Error(err)
		}
	}
}

func TestANewNetworkHasItsNameEverywhere(t *testing.T) {
	t.Parallel()
	root := module(t)
	if err := writeNetwork(root, "signal"); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "bots/signal/*"))
	if err != nil || len(files) < 12 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(filepath.Base(file)+string(text)), "newnetwork") {
			t.Errorf("%s still has the template's name", file)
		}
	}
	if names, err := bots(filepath.Join(root, "bots")); err != nil || len(names) != 1 || names[0] != "signal" {
		t.Errorf("the list would have %v, %v", names, err)
	}
}
