package network

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
)

// keptPatterns is how many patterns of a route survive when there are too many.
const keptPatterns = 32

// addTrip counts the pattern of a trip, unless it hardly touches the area.
func (f *feed) addTrip(trip uint64, route int32, visits []visit) error {
	slices.SortStableFunc(visits, func(a, b visit) int { return cmp.Compare(a.sequence, b.sequence) })
	kept := f.clip(visits)
	if len(kept) < 2 {
		return nil
	}
	key := make([]byte, 0, 8*len(kept)+4)
	key = binary.LittleEndian.AppendUint32(key, uint32(route))
	for _, v := range kept {
		key = binary.LittleEndian.AppendUint64(key, v.stop)
	}
	hash := maphash.Bytes(f.seed, key)
	found := f.patterns.byHash[hash]
	if found == nil {
		found = &pattern{route: route, poles: make([]int32, len(kept))}
		for i, v := range kept {
			pole, err := f.pole(v.stop)
			if err != nil {
				return err
			}
			found.poles[i] = pole
		}
		f.patterns.byHash[hash] = found
		if f.patterns.rows += len(kept); f.patterns.rows > maxPatternRows {
			f.patterns.thin()
		}
	}
	runs, counted := f.runs[trip]
	if !counted {
		runs = 1
	}
	found.trips += runs
	return nil
}

// clip keeps the stops inside the area, if there are two, and the terminals.
func (f *feed) clip(visits []visit) []visit {
	if f.inside == nil {
		return visits
	}
	var kept []visit
	inside := 0
	for i, v := range visits {
		if f.inside[v.stop] {
			inside++
		} else if i > 0 && i < len(visits)-1 {
			continue
		}
		kept = append(kept, v)
	}
	if inside < 2 {
		return nil
	}
	return kept
}

// pole returns the index of a stop, which it gives out at the first use.
func (f *feed) pole(hash uint64) (int32, error) {
	index, known := f.poles[hash]
	if !known {
		if len(f.poles) == maxPoles {
			return 0, &FeedError{Problem: TooLarge, File: "stops.txt", Want: fmt.Sprintf("lines serve more than %d stops; choose an area, agencies or kinds of lines", maxPoles)}
		}
		index = int32(len(f.poles))
		f.poles[hash] = index
	}
	return index, nil
}

// thin keeps the most frequent patterns of each route.
func (p *patterns) thin() {
	byRoute := map[int32][]uint64{}
	for hash, one := range p.byHash {
		byRoute[one.route] = append(byRoute[one.route], hash)
	}
	for _, hashes := range byRoute {
		slices.SortFunc(hashes, func(a, b uint64) int { return p.byHash[b].trips - p.byHash[a].trips })
		for _, hash := range hashes[min(keptPatterns, len(hashes)):] {
			p.rows -= len(p.byHash[hash].poles)
			delete(p.byHash, hash)
		}
	}
}
