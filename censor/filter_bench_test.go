package censor

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// texts are reports of 280 characters.
var texts = []struct{ name, text string }{
	{"ASCII", pad("Achtung: Kontrolle in der U8 Richtung Hermannstr., drei Leute in Zivil, einer mit roter Jacke und Rucksack. " +
		"Sind am Kotti eingestiegen und laufen gerade vom letzten Wagen nach vorne durch. ")},
	{"umlauts", pad("Achtung: Kontrolle in der U8 Richtung Hermannstraße, fünf Männer in Zivil, einer mit grüner Mütze. " +
		"Sind am Görlitzer Bahnhof eingestiegen und prüfen natürlich zuerst die hinteren Türen. ")},
	{"Cyrillic", pad("Внимание: контроль в метро, линия два, направление на вокзал, три человека в гражданском, один в красной куртке. " +
		"Сели на площади и идут вперёд из последнего вагона. ")},
	{"disguised", pad("Achtung: Kоntrоlle in der U8 Richtung Hermаnnstraße, fünf Männer in Zivil, einer mit grüner Mütze. ")},
}

func pad(text string) string {
	return string([]rune(strings.Repeat(text, 5))[:280])
}

// vocabulary returns n different words that resemble German ones.
func vocabulary(n int, seed uint64) []string {
	rng := rand.New(rand.NewPCG(seed, 8))
	syllables := strings.Fields("kon trol le bahn hof stra ße ab ver ge lauf sch nell fahr kar ten prü fer grün müt ze wa gen " +
		"rich tung her mann platz brü cke görl itz er un ter tür män ner zug stö rung be hin dert sper re stadt")
	seen := map[string]bool{}
	words := make([]string, 0, n)
	for len(words) < n {
		word := ""
		for range 2 + rng.IntN(3) {
			word += syllables[rng.IntN(len(syllables))]
		}
		if !seen[word] {
			seen[word] = true
			words = append(words, word)
		}
	}
	return words
}

func BenchmarkEvaluate(b *testing.B) {
	f := mustCompile(b, vocabulary(1000, 1), vocabulary(1000, 2))
	benchmarkEvaluate(b, f)
}

func benchmarkEvaluate(b *testing.B, f *Filter) {
	for _, tt := range texts {
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.Evaluate(tt.text, Said{})
			}
		})
	}
}

// BenchmarkEvaluateExpressions adds 100 expressions to each list; the required literal of none occurs in the text.
func BenchmarkEvaluateExpressions(b *testing.B) {
	triggers, blocked := vocabulary(1000, 1), vocabulary(1000, 2)
	for i := range MaxExpressions {
		triggers = append(triggers, fmt.Sprintf(`/\bzug ?%d(er|en)?\b/`, i))
		blocked = append(blocked, fmt.Sprintf(`/\bdepp ?%d(er|en)?\b/`, i))
	}
	f := mustCompile(b, triggers, blocked)
	benchmarkEvaluate(b, f)
}

// BenchmarkNaive is the alternative to the automaton: each list as one alternation, on the same folded text.
func BenchmarkNaive(b *testing.B) {
	var lists []*regexp.Regexp
	for _, words := range [][]string{DefaultSlurs(), vocabulary(1000, 2), vocabulary(1000, 1)} {
		var quoted []string
		for _, word := range words {
			if word = foldString(word); word != "" {
				quoted = append(quoted, regexp.QuoteMeta(word))
			}
		}
		lists = append(lists, regexp.MustCompile(`(?:^|[^\pL\pN])(?:`+strings.Join(quoted, "|")+`)(?:$|[^\pL\pN])`))
	}
	for _, tt := range texts {
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				folded := []byte(foldString(tt.text))
				for _, re := range lists {
					re.Match(folded)
				}
			}
		})
	}
}

// BenchmarkCompile also reports the memory of a city's lists, without the lines themselves.
func BenchmarkCompile(b *testing.B) {
	triggers, blocked := vocabulary(1000, 1), vocabulary(1000, 2)
	b.ReportAllocs()
	var f *Filter
	for b.Loop() {
		f = mustCompile(b, triggers, blocked)
	}
	b.ReportMetric(float64(f.triggers.words.size()), "bytes/list")
	b.ReportMetric(float64(len(f.triggers.words.label)), "states/list")
}

// TestEvaluateDoesNotAllocate: evaluation must not cause garbage collections on an instance with many cities.
func TestEvaluateDoesNotAllocate(t *testing.T) {
	f := mustCompile(t, append(vocabulary(1000, 1), `/zug \d+/`), vocabulary(1000, 2))
	s := new(scratch) // not from the pool, which drops items under the race detector
	for _, tt := range texts {
		if n := testing.AllocsPerRun(1000, func() { f.evaluate(s, tt.text, 0) }); n >= 1 {
			t.Errorf("%s: %v allocations", tt.name, n)
		}
	}
}
