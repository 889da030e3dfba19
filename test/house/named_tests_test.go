package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tried are documents in whose tables each line names the tests that show it.
var tried = []string{"docs/privacy.md", "docs/threat-model.md"}

func TestEachLineAboutPrivacyAndThreatsIsTriedByATest(t *testing.T) {
	known := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			known[match[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range tried {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasSuffix(line, "| test |\n") {
				continue
			}
			lines++
			names := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(line, -1)
			if len(names) == 0 {
				t.Errorf("%s names no test: %s", path, line)
			}
			for _, name := range names {
				if !known[name[1]] {
					t.Errorf("%s names %s, which does not exist", path, name[1])
				}
			}
		}
		if lines < 20 {
			t.Errorf("%s has %d lines", path, lines)
		}
	}
}
