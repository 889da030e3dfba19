package read

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/transit/network"
)

// FuzzRead: no text causes a panic, and what is read is in the network and in the text.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"U2 Tannenstr -> Südhafen?", "u5er 12 18:30 Mühli/Westkai ring", "\xff\u0308U\u200b2", "S41S41 zwischen und und", "keine Kontrolle, sind weg!!! 🚨 Ri Ri Ri"} {
		f.Add(text)
	}
	n, err := network.FromLists(invented["de"][0], invented["de"][1])
	if err != nil {
		f.Fatal(err)
	}
	reader := newReader(f, n, Options{})
	f.Fuzz(func(t *testing.T, text string) { checkReading(t, n, text, reader.Read(text, Context{})) })
}

// FuzzReadAfterOthers: whatever was read before, a reading is about the network and its own text; and the one before does not change.
func FuzzReadAfterOthers(f *testing.F) {
	for _, pair := range [][2]string{
		{"12 Tannenweg", "Tannen 2 Kontrolleure"}, {"U2 Richtung Südhafen", "sind jetzt Mühli"}, {"S41 Westkai", "Ring tannen -> Westkai"}, {"", "U5 birken"},
		{"Tannen 2 Kontrolleure", "Tannen sind weg"}, {"\ufeffU2\r\nNordtor\r\n", "\xffU2\u00adTannen"}, {"zwischen Nordtor und Tannenstr", "von Westkai nach Tannen, U2"},
	} {
		f.Add(pair[0], pair[1], uint8(1))
		f.Add(pair[0], pair[1], uint8(30))
	}
	n, err := network.FromLists(invented["de"][0], invented["de"][1])
	if err != nil {
		f.Fatal(err)
	}
	reader := newReader(f, n, Options{Languages: []string{"de", "en"}})
	f.Fuzz(func(t *testing.T, before, text string, times uint8) {
		first := reader.Read(before, Context{})
		was := describe(n, first)
		recent := slices.Repeat([]Reading{first}, int(times%64))
		r := reader.Read(text, Context{Recent: recent})
		checkReading(t, n, text, r)
		if again := reader.Read(text, Context{Recent: recent}); describe(n, again) != describe(n, r) {
			t.Errorf("%q is read as %s, and then as %s", text, describe(n, r), describe(n, again))
		}
		if describe(n, first) != was {
			t.Errorf("the reading of %q has changed", before)
		}
	})
}

// checkReading checks what holds for the reading of every text.
func checkReading(t *testing.T, n *network.Network, text string, r Reading) {
	t.Helper()
	inside := func(list []int, limit int) {
		for i, index := range list {
			if index < 0 || index >= limit || slices.Contains(list[:i], index) {
				t.Errorf("%q: %v of %d", text, list, limit)
			}
		}
	}
	inside(r.Lines, len(n.Lines))
	inside(r.Stops, len(n.Stops))
	inside(r.Directions, len(n.Stops))
	named := map[Part]bool{}
	for _, w := range r.Words {
		if w.Start < 0 || w.Start >= w.End || w.End > len(text) || utf8.ValidString(text) && !utf8.ValidString(text[w.Start:w.End]) {
			t.Errorf("%q: word %+v", text, w)
		}
		named[w.For] = true
	}
	if len(r.Stops) > 0 && !named[ForStop] || len(r.Lines) > 0 && !r.Inferred && !named[ForLine] {
		t.Errorf("%q: %+v is read without words", text, r)
	}
	if !(r.Confidence >= 0 && r.Confidence <= 1) || r.Kind == "" {
		t.Errorf("%q: %+v", text, r)
	}
	for _, o := range r.Open {
		inside(o.Stops, len(n.Stops))
		if len(o.Stops) < 2 {
			t.Errorf("%q: open %+v", text, o)
		}
	}
}

// TestNothingIsInvented reads messages that are put together from words of riders and from names that the network does not have, and expects none of their letters in what is read:
// every line and stop that is read shares a word, or its beginning, with the message.
func TestNothingIsInvented(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("Kontrolle Richtung nach in der am U2 u5er S41 M4 12 2 Männer Blauwesten Xylophon Quagga Zwiebach Ring -> , . ? 18:30 Tannenstr Mühlenplatz westkai Birkenau jetzt ausgestiegen Tram Linie 7 99 U9")
	n, reader := inventedReader(t, "de")
	for range 20_000 {
		var text []string
		for range 1 + random.IntN(12) {
			text = append(text, words[random.IntN(len(words))])
		}
		message := strings.Join(text, " ")
		r := reader.Read(message, Context{})
		checkReading(t, n, message, r)
		lower := strings.ToLower(message)
		for _, i := range r.Stops {
			if !strings.Contains(lower, strings.ToLower(n.Stops[i].Name[:4])) && !strings.Contains(lower, "birkenau") {
				t.Fatalf("%q: the stop %s is invented", message, n.Stops[i].Name)
			}
		}
		for _, i := range r.Lines {
			name := strings.ToLower(strings.TrimLeft(n.Lines[i].Name, "UMS"))
			if !r.Inferred && !strings.Contains(lower, name) && !strings.Contains(lower, "ring") {
				t.Fatalf("%q: the line %s is invented", message, n.Lines[i].Name)
			}
		}
	}
}
