package censor

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"linienfunk/report"
)

func TestEvaluate(t *testing.T) {
	t.Parallel()
	passed := func(rule string, line int) report.Verdict {
		return report.Verdict{Passed: true, List: report.Triggers, Rule: rule, Line: line}
	}
	blocked := func(rule string, line int) report.Verdict {
		return report.Verdict{List: report.Blocked, Rule: rule, Line: line}
	}
	nothing := report.Verdict{List: report.Triggers}
	tests := []struct {
		name              string
		triggers, blocked []string
		text              string
		want              report.Verdict
	}{
		{"a report without a trigger does not pass", []string{"kontrolle"}, nil, "schönes Wetter", nothing},
		{"a report with a trigger passes", []string{"kontrolle"}, nil, "Kontrolle in der U8!", passed("kontrolle", 1)},
		{"an empty trigger list lets nothing pass", nil, nil, "Kontrolle", nothing},
		{"comments alone let nothing pass", []string{"# kontrolle", "#", ""}, nil, "Kontrolle #", nothing},
		{"a star lets everything pass", []string{"", "*"}, nil, "", passed("*", 2)},
		{"a star does not let blocked words pass", []string{"*"}, []string{"depp"}, "du Depp", blocked("depp", 1)},
		{"blocked words come before triggers", []string{"u8"}, []string{"depp"}, "u8 depp", blocked("depp", 1)},
		{"slurs come before blocked words", []string{"*"}, []string{"heil"}, "Sieg  HEIL",
			report.Verdict{List: report.Instance, Rule: "sieg heil", Line: slices.Index(DefaultSlurs(), "sieg heil") + 1}},
		{"the lowest matching line is named", []string{"u8", "b", "kontrolle", "kontrolle"}, nil, "kontrolle b u8",
			passed("u8", 1)},
		{"the lowest line is named when an expression and a word match", []string{"/u./", "kontrolle"}, nil, "kontrolle u8",
			passed("/u./", 1)},
		{"the lowest line is named when a word comes first", []string{"kontrolle", "/u./"}, nil, "u8 kontrolle",
			passed("kontrolle", 1)},
		{"a star above the word is named", []string{"*", "kontrolle"}, nil, "kontrolle", passed("*", 1)},
		{"a star below the word is not", []string{"kontrolle", "*"}, nil, "kontrolle", passed("kontrolle", 1)},
		{"a suffix of another entry with a lower line is named", []string{"platz", "kotti platz"}, nil, "kotti platz",
			passed("platz", 1)},
		{"lines are counted with blanks and comments, and trimmed", []string{"# lines", "", "  u8\t"}, nil, "u8",
			passed("u8", 3)},
		{"a byte order mark before the first line is no part of it", []string{"\uFEFF# u8", "u9"}, nil, "u8", nothing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Compile(tt.triggers, tt.blocked)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Evaluate(tt.text, Said{}); got != tt.want {
				t.Errorf("Judge(%q) = %+v, want %+v", tt.text, got, tt.want)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name              string
		triggers, blocked []string
		line              int
		err               error
		says              string
	}{
		{"a bad expression", []string{"u8", "/(kontrolle/"}, nil, 2, ErrExpression,
			`Line 2 of the list "triggers" (/(kontrolle/): this is not a regular expression: missing closing ) in "(kontrolle".`},
		{"an expression without its second slash", []string{"/kontrolle"}, nil, 1, ErrUnclosed, "does not end with /"},
		{"a lone slash", []string{"/"}, nil, 1, ErrUnclosed, ""},
		{"an expression that matches everything", nil, []string{"/x*/"}, 1, ErrMatchesAll, `list "blocked"`},
		{"an empty expression", nil, []string{"//"}, 1, ErrMatchesAll, ""},
		{"nested repetition", []string{"/(a{1000}){1000}/"}, nil, 1, ErrTooComplex, "invalid repeat count"},
		{"a large program", []string{"/a{600}b{600}/"}, nil, 1, ErrTooComplex, "1203 steps of at most 500"},
		{"many expressions that are large together", slices.Repeat([]string{"/a{400}/"}, 12), nil, 10, ErrTooComplex,
			"more than 4000 steps"},
		{"too many expressions", slices.Repeat([]string{"/a/"}, MaxExpressions+1), nil, 101, ErrTooManyExpressions, ""},
		{"a long line", []string{strings.Repeat("ä", MaxLine+1)}, nil, 1, ErrTooLong, "200 characters"},
		{"a long list", make([]string, MaxLines+5), nil, MaxLines + 1, ErrTooManyLines, ""},
		{"a list of many long lines", distinct(MaxLines, 190), nil, 687, ErrTooLarge, ""},
		{"a blocked star", nil, []string{"*"}, 1, ErrStar, ""},
		{"a star with nothing", []string{"**"}, nil, 1, ErrStarAlone, ""},
		{"a star with a space", []string{"kontroll *"}, nil, 1, ErrStarAlone, "a * needs a letter or digit beside it"},
		{"a star with a sign", nil, []string{"*!"}, 1, ErrStarAlone, ""},
		{"a star with one letter", []string{"k*"}, nil, 1, ErrStarShort, "at least 2 letters"},
		{"a slip in the name of a meaning", []string{"@lines"}, nil, 1, &NameError{"@lines", "@line"}, "@lines has no meaning; perhaps @line is meant"},
		{"a name of a meaning in another language", nil, []string{"u8 + @linie"}, 1, &NameError{"@linie", "@line"}, "perhaps @line"},
		{"a plus sign with nothing behind it", []string{"u8 +  + @stop"}, nil, 1, ErrPart, "between the + signs"},
		{"an expression as a part", []string{"u8 + /kontrolle/"}, nil, 1, ErrPart, ""},
		{"a star as a part", []string{"* + @stop"}, nil, 1, ErrPart, ""},
		{"a part that could not occur", []string{"@stop + --"}, nil, 1, ErrNothing, `"--"`},
		{"many parts", []string{"a + b + c + d + e"}, nil, 1, ErrTooManyParts, "more than 4 parts"},
		{"many lines with parts", slices.Repeat([]string{"a + b"}, MaxCombined+1), nil, 101, ErrTooManyCombined, ""},
		{"a line of hyphens", []string{"--"}, nil, 1, ErrNothing, ""},
		{"a line of invisible characters", []string{"\u200b"}, nil, 1, ErrNothing, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compile(tt.triggers, tt.blocked)
			all := lineErrors(err)
			if len(all) == 0 {
				t.Fatalf("error %v has no LineError", err)
			}
			if e := all[0]; e.Line != tt.line || !errors.Is(e, tt.err) || !strings.Contains(e.Error(), tt.says) {
				t.Errorf("got %v; want line %d, %v, saying %q", e, tt.line, tt.err, tt.says)
			}
		})
	}
}

func TestCompileNamesEveryBadLine(t *testing.T) {
	t.Parallel()
	_, err := Compile([]string{"u8", "/(/", "/)/"}, []string{"*"})
	var got []string
	for _, e := range lineErrors(err) {
		got = append(got, string(e.List)+" "+e.Text)
	}
	if want := []string{"triggers /(/", "triggers /)/", "blocked *"}; !slices.Equal(got, want) {
		t.Errorf("errors for %q, want %q", got, want)
	}
}

func TestLongestAllowed(t *testing.T) {
	t.Parallel()
	word := strings.Repeat("ä", MaxLine)
	f := mustCompile(t, []string{" " + word + " ", "/" + strings.Repeat("b", MaxLine-2) + "/"}, make([]string, MaxLines))
	if !f.Evaluate("x "+word, Said{}).Passed {
		t.Error("a word of the greatest length does not match itself")
	}
}

func TestOperatorReplacesSlurs(t *testing.T) {
	t.Parallel()
	c, err := NewCompiler([]string{"# ours", "blöd"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.Compile([]string{"*"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.Evaluate("BLOED", Said{}), (report.Verdict{List: report.Instance, Rule: "blöd", Line: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !f.Evaluate("sieg heil", Said{}).Passed {
		t.Error("the default list applies although it was replaced")
	}
	_, err = NewCompiler([]string{"/(/"})
	if all := lineErrors(err); len(all) != 1 || all[0].List != report.Instance {
		t.Errorf("error of a bad instance list: %v", err)
	}
}

func TestDefaultSlurs(t *testing.T) {
	t.Parallel()
	f := mustCompile(t, []string{"*"}, nil)
	entries := 0
	for i, line := range DefaultSlurs() {
		if line == "" || isComment(line) {
			continue
		}
		entries++
		if v := f.Evaluate(line, Said{}); v.Passed || v.List != report.Instance || v.Line > i+1 {
			t.Errorf("%q: %+v", line, v)
		}
	}
	if entries < 20 {
		t.Errorf("%d entries", entries)
	}
	DefaultSlurs()[0] = "changed"
	if DefaultSlurs()[0] == "changed" {
		t.Error("DefaultSlurs hands out its own slice")
	}
	for _, text := range []string{
		"Heilbronn Hbf: Sieg für die Fahrgäste", "Negernbötel", "Kontrolle am Zigeunerweg", "U8 Richtung Hermannstr., 14:88",
		"Der Zug ist weiß, powered by Bahn", "spastisch",
	} {
		if v := f.Evaluate(text, Said{}); !v.Passed {
			t.Errorf("%q is stopped by %q", text, v.Rule)
		}
	}
}

func TestEvaluateIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	f := mustCompile(t, []string{"görlitzer"}, []string{"nazi", "/d[eo]pp/"})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if !f.Evaluate("Goerlitzer Bhf", Said{}).Passed || f.Evaluate("Görlitzer Dépp", Said{}).Passed || f.Evaluate("Görlitzer NАZІ", Said{}).Passed {
					t.Error("wrong verdict")
				}
			}
		})
	}
	wg.Wait()
}

func mustCompile(t testing.TB, triggers, blocked []string) *Filter {
	t.Helper()
	f, err := Compile(triggers, blocked)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lineErrors returns the joined errors.
func lineErrors(err error) (all []*LineError) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, lineErrors(e)...)
		}
		return all
	}
	var e *LineError
	if errors.As(err, &e) {
		all = append(all, e)
	}
	return all
}

// distinct returns n words of the given length without a common prefix.
func distinct(n, length int) (words []string) {
	for i := range n {
		words = append(words, strings.Repeat(string(rune('一'+i)), length/3)+strings.Repeat("x", length%3))
	}
	return words
}
