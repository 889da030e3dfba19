package city

import (
	"net/http"
	"strings"

	"linienfunk/transit/network"
	"linienfunk/transit/read"
)

// How much of a network the page lists.
const (
	maxListed    = 600 // lines of a kind
	maxTerminals = 4   // of a line
)

// overview is a network for people.
type overview struct {
	Lines, Stops int
	Kinds        []kindOverview
}

type kindOverview struct {
	Name  string
	Count int
	Lines []lineOverview
	More  int // lines that are not listed
}

type lineOverview struct {
	Name, Color string
	Route       string // its terminals
	Ring        bool
	Stops       int // of its most frequent variant
}

func (p *Pages) overview(r *http.Request, n *network.Network) *overview {
	o := &overview{Lines: len(n.Lines), Stops: len(n.Stops)}
	for _, kind := range n.KindsOfLines() {
		o.Kinds = append(o.Kinds, kindOverview{Name: p.kindName(r, kind.What), Count: kind.Lines, More: max(0, kind.Lines-maxListed)})
		shown := &o.Kinds[len(o.Kinds)-1]
		for _, line := range n.Lines {
			if line.Kind == kind.What && len(shown.Lines) < maxListed {
				shown.Lines = append(shown.Lines, newLineOverview(n, line))
			}
		}
	}
	return o
}

func newLineOverview(n *network.Network, line network.Line) lineOverview {
	o := lineOverview{Name: line.Name, Color: line.Color, Ring: line.IsRing()}
	if len(line.Variants) > 0 {
		o.Stops = len(line.Variants[0].Stops)
	}
	var names []string
	for i, stop := range line.Terminals() {
		if i == maxTerminals {
			names = append(names, "…")
			break
		}
		names = append(names, n.Stops[stop].Name)
	}
	o.Route = strings.Join(names, " – ")
	return o
}

func (p *Pages) kindName(r *http.Request, kind network.Kind) string {
	if kind == "" {
		return p.Text(r, "kind-unknown")
	}
	return p.Text(r, "kind-"+string(kind))
}

// triedReading is what was read in a text.
type triedReading struct {
	Parts      []textPart // of the text
	About      string     // id of a text
	Lines      []string
	Inferred   bool
	Stops      []string
	Directions []string
	Open       []openName
	Nothing    bool // neither a line nor a stop nor a direction
}

// textPart is a part of a text; For says what it decided, or is empty.
type textPart struct {
	Text string
	For  read.Part
}

// openName is a name that could be several stops.
type openName struct {
	Text  string
	Stops []string
}

func (*Pages) tryReading(reader *read.Reader, text string) *triedReading {
	n, got := reader.Network(), reader.Read(text, read.Context{})
	t := &triedReading{About: "reading-" + string(got.Kind), Inferred: got.Inferred, Parts: partsOf(text, got.Words)}
	for _, line := range got.Lines {
		t.Lines = append(t.Lines, n.Lines[line].Name)
	}
	t.Stops, t.Directions = stopNames(n, got.Stops), stopNames(n, got.Directions)
	for _, open := range got.Open {
		t.Open = append(t.Open, openName{text[open.Start:open.End], stopNames(n, open.Stops)})
	}
	t.Nothing = len(got.Lines)+len(got.Stops)+len(got.Directions)+len(got.Open) == 0
	return t
}

func stopNames(n *network.Network, stops []int) (names []string) {
	for _, stop := range stops {
		names = append(names, n.Stops[stop].String())
	}
	return names
}

// partsOf divides a text at the words that decided.
func partsOf(text string, words []read.Word) (parts []textPart) {
	at := 0
	for _, word := range words {
		if word.Start < at || word.End > len(text) || word.Start >= word.End {
			continue // a word that decided twice
		}
		if word.Start > at {
			parts = append(parts, textPart{Text: text[at:word.Start]})
		}
		parts = append(parts, textPart{text[word.Start:word.End], word.For})
		at = word.End
	}
	if at < len(text) {
		parts = append(parts, textPart{Text: text[at:]})
	}
	return parts
}
