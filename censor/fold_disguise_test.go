package censor

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestNoDisguiseIsUnsuspicious: the fast look at a text must not miss what the thorough one would find.
func TestNoDisguiseIsUnsuspicious(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	parts := strings.Fields("a b i n z u8 na zi aa 1 0 5 8 10 . , : ! ? - _ * ~ ( ) ' @ $ | / # 🙂 🇩 ⍺ € ä ß ж ж но ( ) … “ – ² א")
	parts = append(parts, " ", " ", " ")
	for range 200_000 {
		var text strings.Builder
		for range 1 + rng.IntN(9) {
			text.WriteString(parts[rng.IntN(len(parts))])
		}
		folded := []byte(foldString(text.String()))
		all, traces := tokens(nil, folded)
		if found := traces.readings(nil); len(found) > 0 && !suspicious(folded) {
			t.Fatalf("%q has %+v, but is not suspicious: %v", folded, traces, all)
		}
	}
}

func TestTheReadingsOfATextAreBounded(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("n ", 5000), strings.Repeat("1 a ", 2000), strings.Repeat("n4aaa*zi!", 1000), strings.Repeat("🇩", 2000)} {
		var s scratch
		s.read(text, false)
		for _, v := range s.undisguised {
			if len(v.text) > len(text)+maxStarts*maxSpelled*maxSpelled*4 {
				t.Errorf("%.10s… of %d bytes became %d", text, len(text), len(v.text))
			}
		}
	}
}
