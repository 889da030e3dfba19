package bottest

import (
	"sync"

	"linienfunk/report"
	"linienfunk/transit/network"
	"linienfunk/transit/read"
)

// Read reads a text with the lines and stops that the cities of a World have: the U8 with the stops Hermannplatz and Wittenau, the M10 with
// Hauptbahnhof, and the 41 with Hermannplatz.
func Read(text string) report.Reading {
	reader := cityReader()
	return reader.Describe(reader.Read(text, read.Context{}))
}

var cityReader = sync.OnceValue(func() *read.Reader {
	lines, err := network.FromLists("U8: Wittenau, Hermannplatz, Hermannstraße\nM10: Hauptbahnhof, Warschauer Straße\n41: Hermannplatz, Rudow", "")
	if err != nil {
		panic(err)
	}
	reader, err := read.New(lines, read.Options{Languages: []string{"de", "en"}})
	if err != nil {
		panic(err)
	}
	return reader
})
