package network

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// near is how far apart poles of one name may be to be one stop, in metres: the ends of a large square.
const near = 500

// pole is a row of stops.txt where lines stop.
type pole struct {
	id, name, parent string
	station          string // id of the parent station, if there is one
	lat, lon         float64
	line             int // of stops.txt
}

// stations are the stops that riders know, and which poles belong to them.
type stations struct {
	list   []Stop
	ofPole []int
}

// of maps a pattern to stations, without calls at two platforms of one in a row.
func (s *stations) of(poles []int32) []int {
	stops := make([]int, 0, len(poles))
	for _, p := range poles {
		stops = append(stops, s.ofPole[p])
	}
	return slices.Clip(slices.Compact(stops))
}

// remark is what feeds append to the name of a pole: "[Bus]".
var remark = regexp.MustCompile(`\s*\[[^\]]*\](?:\s+|$)`)

// mergePoles merges the poles of one parent station, and those of one name that are near each other.
func mergePoles(poles []pole) *stations {
	names := make([]string, len(poles))
	for i, p := range poles {
		names[i] = cmp.Or(strings.TrimSpace(remark.ReplaceAllString(p.name, " ")), p.name)
	}
	split := findPlaces(names)
	type key struct{ name, place string }
	groups, keys := map[key][]int{}, []key{}
	for i := range poles {
		name, place := split(names[i])
		k := key{name, place}
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], i)
	}
	s := &stations{ofPole: make([]int, len(poles))}
	for _, k := range keys {
		members := groups[k]
		// Those with a station come first, and give their id and position to the stop.
		slices.SortFunc(members, func(a, b int) int {
			x, y := poles[a], poles[b]
			if (x.station == "") != (y.station == "") {
				return strings.Compare(y.station, x.station)
			}
			return cmp.Or(strings.Compare(x.station, y.station), strings.Compare(x.id, y.id))
		})
		first := len(s.list)
		for _, m := range members {
			p := poles[m]
			index := slices.IndexFunc(s.list[first:], func(stop Stop) bool {
				return stop.ID == p.station || Distance(stop.Lat, stop.Lon, p.lat, p.lon) <= near
			})
			if index < 0 {
				index = len(s.list) - first
				s.list = append(s.list, Stop{ID: cmp.Or(p.station, p.id), Name: k.name, Place: k.place, Lat: p.lat, Lon: p.lon})
			}
			s.ofPole[m] = first + index
		}
	}
	return s
}

// mergeLines merges lines of one short name and kind if they share a stop, or are of one agency and in one area: the feeds of regions have a bus 1 in each town.
func mergeLines(lines []Line, stops []Stop) (merged []Line) {
	type key struct {
		name string
		kind Kind
	}
	groups := map[key][]int{} // indices into merged
	slices.SortStableFunc(lines, func(a, b Line) int { return strings.Compare(a.ID, b.ID) })
	for _, line := range lines {
		k := key{strings.ToLower(line.Name), line.Kind}
		at := -1
		for _, i := range groups[k] {
			if !belong(merged[i], line, stops) {
				continue
			}
			if at < 0 {
				at = i
				merged[i] = join(merged[i], line)
			} else { // the line connects two that had nothing in common
				merged[at] = join(merged[at], merged[i])
				merged[i].Variants = nil
			}
		}
		if at < 0 {
			groups[k] = append(groups[k], len(merged))
			merged = append(merged, line)
		}
	}
	return slices.DeleteFunc(merged, func(l Line) bool { return len(l.Variants) == 0 })
}

func belong(a, b Line, stops []Stop) bool {
	served := map[int]bool{}
	for _, v := range a.Variants {
		for _, stop := range v.Stops {
			served[stop] = true
		}
	}
	for _, v := range b.Variants {
		if slices.ContainsFunc(v.Stops, func(stop int) bool { return served[stop] }) {
			return true
		}
	}
	return a.Agency == b.Agency && overlap(extent(a, stops), extent(b, stops))
}

func join(a, b Line) Line {
	a.Variants = slices.Concat(a.Variants, b.Variants)
	a.LongName, a.Color, a.Agency = cmp.Or(a.LongName, b.LongName), cmp.Or(a.Color, b.Color), cmp.Or(a.Agency, b.Agency)
	return a
}

// extent is the smallest box around a line.
func extent(line Line, stops []Stop) Box {
	box := Box{South: 90, West: 180, North: -90, East: -180}
	for _, v := range line.Variants {
		for _, i := range v.Stops {
			box.South, box.North = min(box.South, stops[i].Lat), max(box.North, stops[i].Lat)
			box.West, box.East = min(box.West, stops[i].Lon), max(box.East, stops[i].Lon)
		}
	}
	return box
}

func overlap(a, b Box) bool {
	return a.South <= b.North && b.South <= a.North && a.West <= b.East && b.West <= a.East
}
