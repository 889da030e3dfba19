package text

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAPatternMatchesWhatItsRegexpMatches(t *testing.T) {
	t.Parallel()
	patterns := append([]*pattern{
		disclaimer, aboutMail, listFooter, warning, street, register, stop, endsInStop, writesOrNot, writesLast, beginsForwarded, forwarded, aboveThisLine,
	}, adverts...)
	files, err := filepath.Glob("testdata/mails/*")
	if err != nil || len(files) == 0 {
		t.Fatal(err, "no mails")
	}
	lines := map[string]bool{}
	for _, file := range files {
		mail, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(mail)) {
			line = strings.TrimSpace(line)
			lines[line], lines[strings.ToUpper(line)] = true, true
		}
	}
	for line := range lines {
		if len(line) > maxMarker {
			continue
		}
		for _, p := range patterns {
			if want := p.Regexp.MatchString(line); p.MatchString(line) != want {
				t.Errorf("%q: %v, and its regexp %v: %.60s", line, !want, want, p)
			}
		}
	}
	for _, p := range patterns {
		if len(p.words) == 0 {
			t.Errorf("no words are known of %.60s", p)
		}
	}
}

func TestWordsThatEveryMatchHas(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`(?i)wrote|SCHRIEB`: "schrieb wrote", `(?i)x?(?:ab|cde)+.y`: "ab cde", `a(?:bc)?`: "a", `(?:ab|c?)`: "", `(?:abc|[\d])`: "", `(?i)k(?:s){2}`: "k",
	} {
		words := compile(expression).words
		for _, word := range strings.Fields(want) {
			if len(words) != len(strings.Fields(want)) || !strings.Contains(" "+strings.Join(words, " ")+" ", " "+word+" ") {
				t.Errorf("%s: %q, want %s", expression, words, want)
			}
		}
		if want == "" && len(words) > 0 {
			t.Errorf("%s: %q, want none", expression, words)
		}
	}
	for expression, line := range map[string]string{`(?i)strasse`: "ſTRAßE ſTRAſſE", `(?i)km`: "\u212Am", `(?i)οδός`: "ΟΔΌΣ"} {
		if p := compile(expression); !p.MatchString(line) {
			t.Errorf("%s does not match %s, with the words %q", expression, line, p.words)
		}
	}
}
