package censor

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/report"
	"linienfunk/transit/read"
)

// FuzzEvaluate: a list of two entries and a text never cause a panic, and the verdict equals the reference matcher's.
func FuzzEvaluate(f *testing.F) {
	for _, seed := range [][3]string{
		{"kontrolle", "u8", "Kontrolle in der U8"},
		{"Görlitzer Brücke", "äöüä", "Goerlitzer-Brücke aeoeueae"},
		{"nazi", "контроль", "NАZІ ΝΑΖΙ 🅝🅐🅩🅘 Контроль"},
		{"a b c", "b d", "a b a b d a-_ b  c"},
		{"#u8", "🚨", "＃Ｕ８🚨⚠️"},
		{"査票", "がす", "ガスがス査票kontrolle"},
		{"กา", "n\u0e31", "กี n\u0e31a\u0308o\u200b\u0308"},
		{"ooo", "öööö", "öoöoeoeooe"},
		{"Straße", "ŉ", "STRASSE ʼN ǰ İ"},
		{"nazi", "ab c", "na-zi nnaazzii a.b-_c"},
		{"kontroll*", "*kontrolle*", "Fahrkartenkontrolleure"},
		{"kontrolle u8", "#ubahn", "#KontrolleU8 BVGKontrolle #UBahn S1ABc ÄÖü"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	slurless, err := NewCompiler(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, one, two, text string) {
		lines := []string{one, two}
		for _, line := range lines {
			if line = trim(line); line == "" || isComment(line) || line == "*" || line[0] == '/' || line[0] == '@' || strings.Contains(line, separator) {
				t.Skip()
			}
		}
		triggers, err := slurless.Compile(lines, nil)
		if err != nil {
			t.Skip()
		}
		blocked, err := slurless.Compile([]string{"*"}, lines)
		if err != nil {
			t.Fatalf("good as triggers, bad as blocked words: %v", err)
		}
		check(t, lines, text, triggers.Evaluate(text, Said{}), report.Verdict{List: report.Triggers}, false)
		check(t, lines, text, blocked.Evaluate(text, Said{}), report.Verdict{Passed: true, List: report.Triggers, Rule: "*", Line: 1}, true)
	})
}

// check compares a verdict with the reference's; none is the expected verdict if nothing matches.
func check(t *testing.T, lines []string, text string, got, none report.Verdict, guarded bool) {
	t.Helper()
	want := none
	for i, line := range lines {
		if referenceMatch(line, text, guarded) {
			want = report.Verdict{Passed: !guarded, List: report.Triggers, Rule: trim(line), Line: i + 1}
			if guarded {
				want.List = report.Blocked
			}
			break
		}
	}
	if got != want {
		t.Errorf("%q in %q, guarded %t: %+v, want %+v", lines, text, guarded, got, want)
	}
}

// FuzzCompile: a list never causes a panic; it compiles, or each error names one of its lines; a compiled list can be evaluated.
// Searching the required literal first never changes the result of an expression.
func FuzzCompile(f *testing.F) {
	f.Add("u8\n# lines\n\n/kontroll(e|eur)/\n*", "sieg heil Kontrolleur")
	f.Add("/(a{1000}){1000}/\n/(/\n/kontrolle", "(a")
	f.Add("/(?i:K)(ſ|s)+\\x{212A}/\n/\\pL{3,}ß/", "KſK Ｋ ss ẞ")
	f.Add("@line + kontroll* + @police\n@stop\n@lines\n + \na + ", "Polizei kontrolliert U8")
	f.Fuzz(func(t *testing.T, list, text string) {
		lines := strings.Split(list, "\n")
		filter, err := Compile(lines, nil)
		for _, e := range lineErrors(err) {
			if e.Line < 1 || e.Line > len(lines) || e.Text != trim(lines[e.Line-1]) || e.List != report.Triggers {
				t.Errorf("error %v for line %d, %q", e, e.Line, lines[e.Line-1])
			}
			if utf8.ValidString(list) && !utf8.ValidString(e.Error()) {
				t.Errorf("error %q is not fit to show", e.Error())
			}
		}
		if err != nil {
			if len(lineErrors(err)) == 0 || errors.Unwrap(lineErrors(err)[0]) == nil {
				t.Errorf("error %v without a line or a cause", err)
			}
			return
		}
		filter.Evaluate(text, Said{Line: len(text)%2 == 0, Kind: read.Police})
		var s scratch
		s.read(text, true)
		for _, e := range filter.triggers.exprs {
			bare := expression{re: e.re}
			if e.match(&s, true) != bare.match(&s, true) {
				t.Errorf("%s on %q depends on the required part %q", e.re, text, e.literal)
			}
		}
	})
}
