// Package read finds out what riders mean: which line, stop and direction a message is about, and whether it is about inspectors. It knows a city by its network only, and
// languages by the files in words; no rule names a city. It is pure, and needs some ten microseconds for a message.
//
// A message becomes tokens (token.go), which get the roles that their words have (words.go, types.go). Lines are found by the names that the network has (lines.go, numbers.go); stops by an index of
// all ways to write their names (names.go, index.go, mentions.go), and by what speaks for them (score.go). The words around them decide which one is a direction (directions.go). What remains ambiguous is settled by the
// line said, else by what other readings of the last minutes were about, else it is left open: a reading never has a line or stop that the network does not have.
//
// Scripts without spaces between words (Chinese, Japanese, Thai) are not read.
package read

import (
	"fmt"
	"sync"

	"linienfunk/transit/network"
)

// Kind is what a message is about.
type Kind string

const (
	Inspectors Kind = "inspectors"
	Police     Kind = "police"
	Disruption Kind = "disruption"
	Gone       Kind = "gone" // whoever was there has left
	Question   Kind = "question"
	Other      Kind = "other"
)

// Reading is what a message means. Lines, stops and directions are indices into the network's, without doubles; the first one is the most important.
type Reading struct {
	Kind Kind
	// Also are other kinds that words stand for, but Question: "inspectors, and the line is closed". Of Gone, what has left.
	Also []Kind
	// Guessed: nothing but a place says that the Kind is Inspectors.
	Guessed bool
	Lines   []int
	Stops   []int
	// Directions are stops that vehicles go to: terminals, if the line is known.
	Directions []int
	// Inferred: no line was named, but one alone serves the stop.
	Inferred bool
	// Alighted: they got off the line, and are at the stop.
	Alighted bool
	// Boarded: they got on.
	Boarded bool
	// Open are names of stops that could be several.
	Open []Open
	// Shapes look like lines. They are only read without a network.
	Shapes []Shape
	// Confidence is from 0 to 1: how well the names fit, and the words for the kind.
	Confidence float64
	// Words are those that decided, in the order of the text.
	Words []Word
}

// Open is a name in a message that could be several stops.
type Open struct {
	Start, End int // bytes of the message
	Stops      []int
}

// Word is a part of a message that decided, and what it stands for.
type Word struct {
	Start, End int // bytes of the message
	For        Part
}

// Part is a part of a Reading.
type Part string

const (
	ForKind      Part = "kind"
	ForLine      Part = "line"
	ForStop      Part = "stop"
	ForDirection Part = "direction"
)

// Context is what happens in the city.
type Context struct {
	Recent []Reading // by the same Reader, of the last minutes
}

// Options of a Reader.
type Options struct {
	Languages []string // of the city's riders, as Languages lists them; empty: all
	Names     []network.Names
}

// Reader reads the messages of one city. It is immutable, and safe for concurrent use.
type Reader struct {
	net      *network.Network
	shapes   bool // there is no network
	words    *vocabulary
	index    *index
	lines    lineNames
	serving  [][]int32 // lines of each stop
	weights  []float64 // of each stop: how much less it is named than a station
	unplaced []network.Names
	scratch  sync.Pool // of *reading
}

// MaxText is the length of what is read of a message, in bytes.
const MaxText = 2000

// New prepares a network for reading, which takes some tenths of a second for 8,000 stops. Without one (nil) the Reader knows no lines, stops and directions, but finds the Kind and
// the Shapes. The error names a language that is not there.
func New(n *network.Network, options Options) (*Reader, error) {
	languages := options.Languages
	if len(languages) == 0 {
		languages = Languages()
	}
	words, err := loadWords(languages)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	r := &Reader{net: n, words: words, shapes: n == nil}
	if n == nil {
		r.net = &network.Network{}
		n = r.net
	}
	r.lines = readLines(n, words)
	r.serve()
	others := r.placeNames(options.Names)
	r.index = newIndex(readNames(n, words, r.lines.modes, others))
	r.scratch.New = func() any { return new(reading) }
	return r, nil
}

// Network returns the network that the indices of readings belong to: one without lines and stops, if New got none.
func (r *Reader) Network() *network.Network { return r.net }

// Unplaced returns those of Options.Names whose stop the network does not have.
func (r *Reader) Unplaced() []network.Names { return r.unplaced }

// placeNames finds the stops of other names: all that are called so, with or without their place.
func (r *Reader) placeNames(list []network.Names) map[int][]string {
	byName := map[string][]int{}
	stripper := names{words: r.words, modes: r.lines.modes}
	key := func(name string) string {
		tokens, _ := stripper.strip(scan(name))
		return canonicalKey(r.words, tokens)
	}
	if len(list) > 0 {
		for i, stop := range r.net.Stops {
			whole, short := key(stop.String()), key(stop.Name)
			byName[whole] = append(byName[whole], i)
			if short != whole {
				byName[short] = append(byName[short], i)
			}
		}
	}
	others := map[int][]string{}
	for _, one := range list {
		stops := byName[key(one.Stop)]
		if len(stops) == 0 {
			r.unplaced = append(r.unplaced, one)
		}
		for _, stop := range stops {
			others[stop] = append(others[stop], one.Others...)
		}
	}
	return others
}

// Weights of stops by the kind of their lines, where the city has lines of a higher kind: people name stations, and give a line where they name the stop of a bus.
const (
	tramWeight = 0.06
	busWeight  = 0.3
)

// serve fills in which lines serve each stop.
func (r *Reader) serve() {
	n := len(r.net.Stops)
	r.serving, r.weights = make([][]int32, n), make([]float64, n)
	rank := make([]int, n)
	best := 0
	for i, line := range r.net.Lines {
		for _, v := range line.Variants {
			for _, stop := range v.Stops {
				list := r.serving[stop]
				if len(list) == 0 || list[len(list)-1] != int32(i) {
					r.serving[stop] = append(list, int32(i))
				}
				rank[stop] = max(rank[stop], rankOf(line.Kind))
				best = max(best, rank[stop])
			}
		}
	}
	for i, stop := range r.net.Stops { // "U Hauptplatz" is a station, whatever stops there at the moment
		if tokens := scan(stop.Name); len(tokens) > 1 && r.lines.modes[tokens[0].text] && best == 2 {
			rank[i] = 2
		}
	}
	for i := range n {
		if best == 2 && rank[i] == 1 {
			r.weights[i] = tramWeight
		} else if best > 0 && rank[i] == 0 {
			r.weights[i] = busWeight
		}
	}
}

// rankOf is 2 for railways, 1 for trams, 0 for the rest.
func rankOf(kind network.Kind) int {
	switch kind {
	case network.Subway, network.Suburban, network.Rail, network.Monorail, "":
		return 2
	case network.Tram, network.Funicular:
		return 1
	}
	return 0
}
