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

// firstSuccess is the maximum of words in docs/add-a-network.md up to the command that tests the new network.
const firstSuccess = 300

// TestFollowingTheDocumentYieldsANetworkThatPasses runs the commands at the beginning of docs/add-a-network.md as they are, in a copy of
// the program, and then go vet of what has changed and all rules of the house.
func TestFollowingTheDocumentYieldsANetworkThatPasses(t *testing.T) {
	text, err := os.ReadFile("docs/add-a-network.md")
	if err != nil {
		t.Fatal(err)
	}
	before, commands := firstCommands(t, string(text))
	if words := len(strings.Fields(before)); words > firstSuccess {
		t.Errorf("the first success comes after %d words, at most %d", words, firstSuccess)
	}
	if testing.Short() {
		t.Skip("compiles a copy of the program")
	}
	tree := t.TempDir()
	copyTree(t, tree)
	for _, command := range append(commands, "go vet ./bots/... ./app", "go test -short ./test/house ./bots/all/...") {
		words := strings.Fields(command)
		run := exec.Command(words[0], words[1:]...)
		run.Dir = tree
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
}

// firstCommands returns the commands of the document's first block of code, and all that stands above its end.
func firstCommands(t *testing.T, text string) (before string, commands []string) {
	t.Helper()
	block := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindStringSubmatchIndex(text)
	if block == nil {
		t.Fatal("docs/add-a-network.md has no commands")
	}
	commands = strings.Split(strings.TrimSpace(text[block[2]:block[3]]), "\n")
	if want := "go run ./bots/all/generate -new signal"; commands[0] != want {
		t.Fatalf("the document begins with %q, want %q", commands[0], want)
	}
	return text[:block[1]], commands
}

// copyTree copies the files that the program is built from.
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
