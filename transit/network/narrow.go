package network

import (
	"cmp"
	"slices"
	"strings"
)

// Count says how many lines of a network are alike.
type Count[T any] struct {
	What  T
	Lines int
}

// Agencies counts the lines of each agency, the largest one first.
func (n *Network) Agencies() []Count[string] {
	return count(n, func(l Line) string { return l.Agency }, strings.Compare)
}

// KindsOfLines counts the lines of each kind, in the order of Kinds.
func (n *Network) KindsOfLines() []Count[Kind] {
	all := count(n, func(l Line) Kind { return l.Kind }, func(a, b Kind) int { return 0 })
	slices.SortFunc(all, func(a, b Count[Kind]) int { return slices.Index(Kinds, a.What) - slices.Index(Kinds, b.What) })
	return all
}

func count[T comparable](n *Network, of func(Line) T, compare func(a, b T) int) []Count[T] {
	counts := map[T]int{}
	for _, line := range n.Lines {
		counts[of(line)]++
	}
	all := make([]Count[T], 0, len(counts))
	for what, lines := range counts {
		all = append(all, Count[T]{what, lines})
	}
	slices.SortFunc(all, func(a, b Count[T]) int { return cmp.Or(b.Lines-a.Lines, compare(a.What, b.What)) })
	return all
}

// Narrow returns the part of a network that options let through; it ignores MaxUnpacked and Progress. Agencies are names. The result is that of Read
// with the same options, except that of a line with very many variants the most frequent ones of the whole network count. The network itself is
// not changed. The error is a *FeedError for NothingLeft.
func (n *Network) Narrow(options Options) (*Network, error) {
	inside := make([]bool, len(n.Stops))
	for i, stop := range n.Stops {
		located := stop.Lat != 0 || stop.Lon != 0
		inside[i] = !options.bounded() || located && options.inside(stop.Lat, stop.Lon)
	}
	part := &Network{Stops: slices.Clone(n.Stops)}
	for _, line := range n.Lines {
		if len(options.Agencies) > 0 && !slices.Contains(options.Agencies, line.Agency) || len(options.Kinds) > 0 && !slices.Contains(options.Kinds, line.Kind) {
			continue
		}
		all := line.Variants
		line.Variants = nil
		for _, v := range all {
			if clipped := clip(v.Stops, inside); clipped != nil {
				line.Variants = append(line.Variants, Variant{Stops: clipped, Trips: v.Trips})
			}
		}
		if options.bounded() {
			line.Variants = chooseVariants(line.Variants)
		}
		if len(line.Variants) > 0 || len(all) == 0 && !options.bounded() {
			part.Lines = append(part.Lines, line)
		}
	}
	if len(part.Lines) == 0 {
		return nil, &FeedError{Problem: NothingLeft, Want: "no line of these agencies and kinds has two stops inside the area"}
	}
	part.tidy()
	return part, nil
}

// clip keeps the stops inside, if there are two, and the terminals.
func clip(stops []int, inside []bool) []int {
	var kept []int
	count := 0
	for i, stop := range stops {
		if inside[stop] {
			count++
		} else if i > 0 && i < len(stops)-1 {
			continue
		}
		kept = append(kept, stop)
	}
	if count < 2 {
		return nil
	}
	return kept
}
