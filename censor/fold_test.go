package censor

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

func foldString(text string) string {
	var s scratch
	folded, _ := s.fold(nil, nil, text)
	return string(folded)
}

const iotaSubscript = '\u0345'

// TestFoldAgreesWithUnicode compares case folding with that of x/text, which is correct but slower.
func TestFoldAgreesWithUnicode(t *testing.T) {
	t.Parallel()
	assigned := []*unicode.RangeTable{unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf,
		unicode.Other_Default_Ignorable_Code_Point}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) || unicode.Is(unicode.Co, r) {
			continue
		}
		if !unicode.In(r, assigned...) && r%64 != 0 {
			continue // a sample of the unassigned characters, which fold to themselves, is enough
		}
		if strings.ContainsRune(norm.NFKD.String(string(r)), iotaSubscript) {
			continue // an accent for us, a letter for Unicode
		}
		// The a is for combining marks, the x for spaces.
		written := "a" + string(r) + "x"
		if full := norm.NFKC.String(cases.Fold().String(norm.NFKC.String(written))); foldString(written) != foldString(full) {
			t.Errorf("%U %q is folded to %q, its case folding %q to %q", r, r, foldString(written), full, foldString(full))
		}
		if once := foldString(written); foldString(once) != once {
			t.Errorf("%U %q: folding twice gives %q, then %q", r, r, once, foldString(once))
		}
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"only blanks", " \t\n", ""},
		{"blanks at both ends", " a  b ", "a b"},
		{"blanks with something invisible between", "a \u200b b", "a b"},
		{"invalid UTF-8", "a\xffb\xc3", "a\uFFFDb\uFFFD"},
		{"expanding forms", "…№", "...no"},
		{"a mark without a letter", "\u0308a", "a"},
		{"marks by the hundred", "u" + strings.Repeat("\u0301", 200) + "8", "u8"},
		{"Greek with everything", "ᾍδης ΰ", "αδησ υ"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := foldString(tt.text); got != tt.want {
				t.Errorf("%q is folded to %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

// TestLookalikesKeepWordsApart: within the alphabets of Russian, Ukrainian, Bulgarian, Serbian, Greek, Armenian, Hebrew, Arabic and Persian, no two
// letters may become the same one.
func TestLookalikesKeepWordsApart(t *testing.T) {
	t.Parallel()
	for _, alphabet := range []string{"абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґђјљњћџ", "αβγδεζηθικλμνξοπρσςτυφχψω",
		"աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև", "אבגדהוזחטיכךלמםנןסעפףצץקרשת", "ابتثجحخدذرزسشصضطظعغفقكلمنهويپچژگکی"} {
		for _, as := range []look{small, capital} {
			from := map[string]string{}
			for _, r := range alphabet {
				folded := foldString(string(r))
				latin, _ := skeleton(nil, []byte(folded), as)
				if other, ok := from[string(latin)]; ok && other != folded {
					t.Errorf("look %d: %s and %s are both %s", as, other, folded, latin)
				}
				from[string(latin)] = folded
			}
		}
	}
}

// TestLookalikesAreFolded: a key that folding changes would never be found; a value must be a small Latin letter.
func TestLookalikesAreFolded(t *testing.T) {
	t.Parallel()
	for _, text := range []string{lookalikesSmall, lookalikesCapital, confusablesSmall, confusablesCapital} {
		runes := []rune(text)
		if len(runes)%2 != 0 || len(pairs(text)) != len(runes)/2 {
			t.Fatal("the table has a letter twice, or half a pair")
		}
		for r, latin := range pairs(text) {
			if !unicode.IsMark(r) && foldString(string(r)) != string(r) || latin < 'a' || latin > 'z' {
				t.Errorf("%q (%U), like %q, is folded to %q", r, r, latin, foldString(string(r)))
			}
		}
	}
}
