package read

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"linienfunk/transit/network"
)

// BenchmarkRead reads messages in a network of 8,000 stops and 400 lines.
func BenchmarkRead(b *testing.B) {
	reader := newReader(b, large(), Options{Languages: []string{"de", "en"}})
	texts := []string{"U12 Birkenstr 77 Richtung Ahornplatz", "3 Kontrolleure ahornpltz u13 2 Männer mit blauen Westen", "Danke euch allen für die Infos heute und bis morgen", "buchenalee gerade ausgestiegen"}
	for i := 0; b.Loop(); i++ {
		reader.Read(texts[i%len(texts)], Context{})
	}
}

// BenchmarkReadLongest reads messages as long as they can be, of words that may be about anything: their time must grow with their length only.
func BenchmarkReadLongest(b *testing.B) {
	reader := newReader(b, large(), Options{})
	for _, word := range []string{"dann ", "a ", "am u ", "U8 ", "12 ", "Ahornplatz ", "neu ", "-> ", "tram 4 ", "ahornpltz u13 "} {
		b.Run(word, func(b *testing.B) {
			text := strings.Repeat(word, MaxText/len(word))
			for b.Loop() {
				reader.Read(text, Context{})
			}
		})
	}
}

// BenchmarkNew decodes that network and prepares it, which is what a node does for each city. It reports the memory that both keep.
func BenchmarkNew(b *testing.B) {
	var encoded bytes.Buffer
	if err := large().Encode(&encoded); err != nil {
		b.Fatal(err)
	}
	var kept *Reader
	for b.Loop() {
		n, err := network.Decode(bytes.NewReader(encoded.Bytes()))
		if err != nil {
			b.Fatal(err)
		}
		kept = newReader(b, n, Options{})
	}
	with := heap()
	runtime.KeepAlive(kept)
	kept = nil
	b.ReportMetric(float64(with-heap())/(1<<20), "MiB-kept")
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func large() *network.Network {
	trees, types := []string{"Ahorn", "Birken", "Buchen", "Eichen", "Fichten", "Kiefern", "Linden", "Ulmen", "Weiden", "Tannen"}, []string{"platz", "straße", "allee", "weg", "ufer", "damm", "brücke", "ring"}
	n := &network.Network{}
	for i := range 8000 {
		name := fmt.Sprintf("%s%s %c%c%c", trees[i%10], types[i/10%8], 'a'+i/80%20, 'a'+i/1600, 'a'+i%7)
		n.Stops = append(n.Stops, network.Stop{ID: fmt.Sprint(i), Name: name, Lat: 50 + float64(i)/1000, Lon: 10})
	}
	for i := range 400 {
		line := network.Line{ID: fmt.Sprint(i), Name: fmt.Sprintf("U%d", i), Kind: network.Subway}
		for k := range 20 {
			line.Variants = append(line.Variants[:0], network.Variant{Stops: append(variantStops(line), i*20+k)})
		}
		n.Lines = append(n.Lines, line)
	}
	return n
}

func variantStops(line network.Line) []int {
	if len(line.Variants) == 0 {
		return nil
	}
	return line.Variants[0].Stops
}
