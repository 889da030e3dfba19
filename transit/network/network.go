// Package network holds a city's lines and stops, and reads them from a GTFS Schedule feed or from two lists. It is pure: no database, no HTTP.
//
// A feed may be that of a whole nation. Read streams it, keeps of each trip a few bytes and of each sequence of stops one copy, and looks for names only of stops that are used,
// so that memory depends on the city and not on the feed. The Go libraries for GTFS Schedule (jamespfennell/gtfs, patrickbr/gtfsparser) hold all stop times of a feed in memory.
package network

import (
	"cmp"
	"slices"
	"strings"
)

// Network is a city's lines and the stops that they serve. Nobody changes one that is in use.
type Network struct {
	Lines []Line // sorted by kind and name
	Stops []Stop // sorted by name and place
}

// Line is what riders call a line: all routes with one short name and kind that belong together.
type Line struct {
	ID       string    `json:"id"`             // the smallest route_id of those merged; feeds may change it at any time
	Name     string    `json:"name"`           // as riders say it: "U8", "M10", "41"
	LongName string    `json:"long,omitempty"` // "Wittenau – Hermannstraße"
	Kind     Kind      `json:"kind,omitempty"`
	Agency   string    `json:"agency,omitempty"`
	Color    string    `json:"color,omitempty"` // six hexadecimal digits, or empty
	Variants []Variant `json:"variants"`        // the most frequent first; both directions
}

// Variant is one way in which a line runs: indices into Network.Stops, in order. The last one is the terminal, which is the first as well if the line is a ring.
type Variant struct {
	Stops []int `json:"stops"`
	Trips int   `json:"trips,omitempty"` // of the feed; 0 if unknown
}

// Stop is a station with all its platforms, or a stop with its poles at both sides of the street.
type Stop struct {
	ID         string   `json:"id"`              // stop_id of the parent station, or the smallest of those merged
	Name       string   `json:"name"`            // without its place
	OtherNames []string `json:"names,omitempty"` // as riders say it
	Place      string   `json:"place,omitempty"` // town or district, as far as names of the feed have one
	Lat        float64  `json:"lat,omitempty"`   // 0, 0 if unknown
	Lon        float64  `json:"lon,omitempty"`
}

// String is the name with the place.
func (s Stop) String() string {
	if s.Place == "" {
		return s.Name
	}
	return s.Name + " (" + s.Place + ")"
}

// IsRing reports whether a variant ends where it begins.
func (v Variant) IsRing() bool {
	return len(v.Stops) > 2 && v.Stops[0] == v.Stops[len(v.Stops)-1]
}

// IsRing reports whether the line's most frequent variant is a ring.
func (l Line) IsRing() bool { return len(l.Variants) > 0 && l.Variants[0].IsRing() }

// Serves reports whether any variant has the stop.
func (l Line) Serves(stop int) bool {
	return slices.ContainsFunc(l.Variants, func(v Variant) bool { return slices.Contains(v.Stops, stop) })
}

// Terminals lists the stops where variants end, those of the most frequent variants first. Where a ring is closed is no terminal.
func (l Line) Terminals() []int {
	var ends []int
	for _, v := range l.Variants {
		if n := len(v.Stops); n > 0 && !v.IsRing() && !slices.Contains(ends, v.Stops[n-1]) {
			ends = append(ends, v.Stops[n-1])
		}
	}
	return ends
}

// arrange sorts lines and stops, of which it keeps some.
func (n *Network) arrange(keep func(stop int) bool) {
	order := make([]int, 0, len(n.Stops))
	for i := range n.Stops {
		if keep(i) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := n.Stops[i], n.Stops[j]
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Place, b.Place), strings.Compare(a.ID, b.ID))
	})
	stops, moved := make([]Stop, len(order)), make([]int, len(n.Stops))
	for to, from := range order {
		stops[to], moved[from] = n.Stops[from], to
	}
	n.eachIndex(func(index *int) { *index = moved[*index] })
	n.Stops = stops
	sortLines(n.Lines)
}

// eachIndex calls do with each reference to a stop.
func (n *Network) eachIndex(do func(*int)) {
	for _, line := range n.Lines {
		for _, v := range line.Variants {
			for i := range v.Stops {
				do(&v.Stops[i])
			}
		}
	}
}

// sortLines sorts by kind, and by name so that "9" comes before "10".
func sortLines(lines []Line) {
	slices.SortStableFunc(lines, func(a, b Line) int {
		if a.Kind != b.Kind {
			return slices.Index(Kinds, a.Kind) - slices.Index(Kinds, b.Kind)
		}
		if c := compareNames(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
}

// compareNames compares runs of digits as numbers.
func compareNames(a, b string) int {
	for a != "" && b != "" {
		i, j := digits(a), digits(b)
		if i > 0 && j > 0 {
			x, y := strings.TrimLeft(a[:i], "0"), strings.TrimLeft(b[:j], "0")
			if len(x) != len(y) {
				return len(x) - len(y)
			}
			if c := strings.Compare(x, y); c != 0 {
				return c
			}
			a, b = a[i:], b[j:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

// digits is the number of digits at the beginning.
func digits(text string) int {
	return len(text) - len(strings.TrimLeft(text, "0123456789"))
}
