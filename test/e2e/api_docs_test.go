package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// TestTheExamplesOfTheDocumentAboutTheAPIWork runs each block of docs/api.md as it stands there.
func TestTheExamplesOfTheDocumentAboutTheAPIWork(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("needs curl")
	}
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	s := newFixture(t)
	key := s.newKey("zuerich", "read", "report", "settings")
	blocks := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 4 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, block := range blocks {
		run := exec.Command("bash", "-euo", "pipefail", "-c", block[1])
		run.Env = append(os.Environ(), "URL="+s.program.URL(), "CITY=zuerich", "KEY="+key)
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("%s%v\n%s", block[1], err, out)
		}
	}
}
