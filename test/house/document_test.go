package house

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheNetworkInTheDocumentWorks copies the program, adds the directory that docs/add-a-network.md builds and nothing else, generates,
// and runs the conformance suite and the rules of the root on it (but the one about names: "example" is a word that the core does use).
func TestTheNetworkInTheDocumentWorks(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a copy of the program")
	}
	tree := t.TempDir()
	copyTree(t, tree)
	text, err := os.ReadFile("docs/add-a-network.md")
	if err != nil {
		t.Fatal(err)
	}
	files := regexp.MustCompile("(?ms)^`(bots/example/[a-z_.]+)`:\n\n```[a-z]+\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	if len(files) < 8 {
		t.Fatalf("the document has %d files", len(files))
	}
	if err := os.Mkdir(filepath.Join(tree, "bots/example"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(tree, file[1]), []byte(file[2]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range [][]string{
		{"go", "generate", "./bots/..."},
		{"go", "vet", "./bots/example", "./app"},
		{"go", "test", "./bots/example"},
		{"go", "test", "-run", "Imports|Place|Fresh|Conformance", "./test/house"},
	} {
		run := exec.Command(command[0], command[1:]...)
		run.Dir = tree
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	}
}

// copyTree copies what the program is built from.
func copyTree(t *testing.T, to string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); strings.HasPrefix(name, ".") || name == "data" || name == "data-demo" {
				return fs.SkipDir
			}
			return os.Mkdir(filepath.Join(to, path), 0o755)
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, path), text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}
