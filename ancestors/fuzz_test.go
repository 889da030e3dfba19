package ancestors

import (
	"strings"
	"testing"
	"unicode"

	"linienfunk/censor"
	"linienfunk/report"
)

// Whatever an old list has in it, what becomes of it is a list that a city may have.
func FuzzLists(f *testing.F) {
	for _, seed := range []string{"kontroll?e\ns\\d", "#x\n@line\n*\n/\n+ + +", "(?<=x)y", "[", strings.Repeat("a?", 120), "ß\nİ", "a\x00b"} {
		f.Add(seed)
	}
	compiler, err := censor.NewCompiler(nil)
	if err != nil {
		f.Fatal(err)
	}
	r := Reader{Compiler: compiler}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Fields(strings.ToValidUTF8(text, "?"))
		for list, readings := range map[report.List][]func(string) string{report.Triggers: {asMeant, asBuilt, fromBeginning}, report.Blocked: {wholeWord, fromBeginning}} {
			for _, reading := range readings {
				if err := r.compile(list, r.keep(list, lines, reading, &City{})); err != nil {
					t.Errorf("%s: %v", list, err)
				}
			}
		}
	})
}

func FuzzPlainText(f *testing.F) {
	for _, seed := range []string{"# a\n\n**b** [c](d)", "<p>a<br>b", "`x`", "***", "a\x00b\x7f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, markdown string) {
		if text := plainText(markdown); strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }) {
			t.Errorf("%q has control characters in it", text)
		}
	})
}
