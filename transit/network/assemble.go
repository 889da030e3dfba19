package network

import (
	"cmp"
	"fmt"
	"slices"
)

// Limits of the variants of a line.
const (
	maxVariants = 8  // that are kept because they are frequent
	maxBranches = 24 // with those that serve further stops
)

// readStops reads the names of the stops that lines use, and of their parent stations, and merges what belongs together: the result maps poles to stations.
func (f *feed) readStops() (*stations, error) {
	poles := make([]pole, len(f.poles))
	parents := map[uint64]pole{}
	read := func(t *table) error {
		hash := f.hash(t.bytes("stop_id"))
		index, used := f.poles[hash]
		_, isParent := parents[hash]
		if !used && !isParent {
			return nil
		}
		one, err := readPole(t)
		if err != nil {
			return err
		}
		if isParent {
			parents[hash] = one
		}
		if used {
			poles[index] = one
			if one.parent != "" {
				if parent := f.hash([]byte(one.parent)); parents[parent].id == "" {
					parents[parent] = pole{}
				}
			}
		}
		return nil
	}
	for range 2 { // a platform may stand below its station, whose row is then read in the second round only
		if err := f.each(f.ctx, "stops.txt", []string{"stop_id", "stop_name"}, read); err != nil {
			return nil, err
		}
		if f.plan("stops.txt"); !slices.ContainsFunc(poles, func(p pole) bool { return p.parent != "" && parents[f.hash([]byte(p.parent))].id == "" }) {
			break
		}
	}
	for i := range poles {
		if poles[i].id == "" {
			return nil, f.findUnknownStop(poles)
		}
		if parent, ok := parents[f.hash([]byte(poles[i].parent))]; poles[i].parent != "" && ok && parent.id != "" {
			poles[i].station = parent.id
			poles[i].name = cmp.Or(parent.name, poles[i].name)
			if parent.lat != 0 || parent.lon != 0 {
				poles[i].lat, poles[i].lon = parent.lat, parent.lon
			}
		}
		if poles[i].name == "" {
			return nil, &FeedError{Problem: MissingValue, File: "stops.txt", Line: poles[i].line, Field: "stop_name", Want: "must not be empty for a stop where a line stops"}
		}
	}
	return mergePoles(poles), nil
}

func readPole(t *table) (p pole, err error) {
	if p.id, err = t.text("stop_id"); err != nil {
		return p, err
	}
	if p.name, err = t.text("stop_name"); err != nil {
		return p, err
	}
	p.parent, p.line = t.get("parent_station"), t.rows.line
	p.lat, p.lon, _, err = coordinates(t)
	return p, err
}

// findUnknownStop finds the row of stop_times.txt whose stop is not in stops.txt.
func (f *feed) findUnknownStop(poles []pole) error {
	f.plan("stop_times.txt")
	err := f.each(f.ctx, "stop_times.txt", []string{"stop_id"}, func(t *table) error {
		if index, used := f.poles[f.hash(t.bytes("stop_id"))]; used && poles[index].id == "" {
			return t.fail(UnknownReference, "stop_id", "is not in stops.txt")
		}
		return nil
	})
	if err == nil {
		err = fmt.Errorf("the feed changed while it was read")
	}
	return err
}

// assemble makes the network from routes, patterns and stations.
func (f *feed) assemble(s *stations) *Network {
	byRoute := map[int32][]*pattern{}
	for _, p := range f.patterns.byHash {
		byRoute[p.route] = append(byRoute[p.route], p)
	}
	var lines []Line
	for i, r := range f.routes {
		patterns := byRoute[int32(i)]
		if len(patterns) == 0 {
			continue
		}
		line := Line{ID: r.id, Name: r.name, LongName: r.long, Kind: r.kind, Agency: r.agency, Color: r.color}
		for _, p := range patterns {
			if stops := s.of(p.poles); len(stops) > 1 {
				line.Variants = append(line.Variants, Variant{Stops: stops, Trips: p.trips})
			}
		}
		if len(line.Variants) > 0 {
			lines = append(lines, line)
		}
	}
	n := &Network{Lines: mergeLines(lines, s.list), Stops: s.list}
	n.arrange(func(int) bool { return true }) // so that the choice among equals does not depend on the order of rows
	for i := range n.Lines {
		n.Lines[i].Variants = chooseVariants(n.Lines[i].Variants)
	}
	n.tidy()
	return n
}

// chooseVariants adds up equal ones, and keeps those that are frequent and those that serve stops which the others do not.
func chooseVariants(all []Variant) (kept []Variant) {
	slices.SortFunc(all, func(a, b Variant) int { return slices.Compare(a.Stops, b.Stops) })
	var distinct []Variant
	for _, v := range all {
		if n := len(distinct); n > 0 && slices.Equal(distinct[n-1].Stops, v.Stops) {
			distinct[n-1].Trips += v.Trips
			continue
		}
		distinct = append(distinct, v)
	}
	slices.SortStableFunc(distinct, func(a, b Variant) int {
		return cmp.Or(cmp.Compare(b.Trips, a.Trips), cmp.Compare(len(b.Stops), len(a.Stops)))
	})
	served := map[int]bool{}
	for _, v := range distinct {
		isNew := slices.ContainsFunc(v.Stops, func(stop int) bool { return !served[stop] })
		if len(kept) < maxVariants || isNew && len(kept) < maxBranches {
			kept = append(kept, v)
			for _, stop := range v.Stops {
				served[stop] = true
			}
		}
	}
	return kept
}

// tidy removes stops that no line serves, and sorts lines and stops.
func (n *Network) tidy() {
	served := make([]bool, len(n.Stops))
	n.eachIndex(func(index *int) { served[*index] = true })
	n.arrange(func(stop int) bool { return served[stop] })
}
