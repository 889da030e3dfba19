package network

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Limits of memory while stop times are read.
const (
	maxCollected   = 2_000_000 // rows that are sorted at a time, 16 bytes each
	maxPatternRows = 4_000_000 // stops of all patterns, 4 bytes each
	maxTripRows    = 10_000    // stops of one trip
)

// visit is a row of stop_times.txt.
type visit struct {
	trip     int32 // its number within a round
	sequence int32
	stop     uint64 // hash of its id
}

// pattern is a sequence of stops in which a route runs.
type pattern struct {
	route int32
	poles []int32
	trips int
}

// patterns are all of a feed, by a hash of route and stops.
type patterns struct {
	byHash map[uint64]*pattern
	rows   int // in all of them
}

// errScattered: the rows of a trip do not stand together.
var errScattered = errors.New("the rows of a trip do not stand together")

// readStopTimes finds the patterns, in one pass if the rows of each trip stand together.
func (f *feed) readStopTimes() error {
	err := f.readGrouped()
	if err == errScattered {
		clear(f.patterns.byHash)
		f.patterns.rows = 0
		return f.readScattered()
	}
	return err
}

// seen marks a trip in feed.trips whose rows were read.
const seen = -1 << 31

func (f *feed) readGrouped() error {
	var current uint64
	var route int32
	var visits []visit
	wanted := false
	end := func() (err error) {
		if wanted {
			err = f.addTrip(current, route&^seen, visits)
		}
		visits = visits[:0]
		return err
	}
	err := f.eachStopTime(func(t *table, trip uint64, same bool) error {
		if !same {
			if err := end(); err != nil {
				return err
			}
			current = trip
			if route, wanted = f.trips[trip]; wanted && route&seen != 0 {
				return errScattered
			}
			if wanted {
				f.trips[trip] = route | seen
			}
		}
		if !wanted {
			return nil
		}
		v, ok, err := f.visit(t, 0)
		if len(visits) == maxTripRows {
			return t.fail(TooLarge, "trip_id", fmt.Sprintf("has more than %d stops", maxTripRows))
		}
		if ok {
			visits = append(visits, v)
		}
		return err
	})
	if err != nil {
		return err
	}
	return end()
}

// readScattered counts the rows of each trip, and reads the file once for as many trips as fit into memory.
func (f *feed) readScattered() error {
	counts := make(map[uint64]int32, len(f.trips))
	f.plan("stop_times.txt")
	err := f.eachStopTime(func(t *table, trip uint64, _ bool) error {
		if _, wanted := f.trips[trip]; wanted {
			if counts[trip]++; counts[trip] > maxTripRows {
				return t.fail(TooLarge, "trip_id", fmt.Sprintf("has more than %d stops", maxTripRows))
			}
		}
		return nil
	})
	for err == nil && len(counts) > 0 {
		numbers, trips := map[uint64]int32{}, []uint64{}
		rows := 0
		for trip, n := range counts {
			if rows += int(n); rows > maxCollected && len(trips) > 0 {
				break
			}
			numbers[trip] = int32(len(trips))
			trips = append(trips, trip)
		}
		err = f.readRound(numbers, trips)
		maps.DeleteFunc(counts, func(trip uint64, _ int32) bool { _, done := numbers[trip]; return done })
	}
	return err
}

// readRound reads the rows of some trips.
func (f *feed) readRound(numbers map[uint64]int32, trips []uint64) error {
	var visits []visit
	f.plan("stop_times.txt")
	err := f.eachStopTime(func(t *table, trip uint64, _ bool) error {
		number, wanted := numbers[trip]
		if !wanted {
			return nil
		}
		v, ok, err := f.visit(t, number)
		if ok {
			visits = append(visits, v)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(visits, func(a, b visit) int { return cmp.Compare(a.trip, b.trip) })
	for len(visits) > 0 {
		n := 1
		for n < len(visits) && visits[n].trip == visits[0].trip {
			n++
		}
		trip := trips[visits[0].trip]
		if err := f.addTrip(trip, f.trips[trip]&^seen, visits[:n]); err != nil {
			return err
		}
		visits = visits[n:]
	}
	return nil
}

// eachStopTime calls row for each row with the hash of its trip, and whether that is the trip of the row before.
func (f *feed) eachStopTime(row func(t *table, trip uint64, same bool) error) error {
	var last []byte
	var hash uint64
	return f.each(f.ctx, "stop_times.txt", []string{"trip_id", "stop_id", "stop_sequence"}, func(t *table) error {
		id := t.bytes("trip_id")
		if len(id) == 0 {
			return t.fail(MissingValue, "trip_id", "must not be empty")
		}
		same := bytes.Equal(id, last)
		if !same {
			last, hash = append(last[:0], id...), f.hash(id)
		}
		return row(t, hash, same)
	})
}

// visit reads a row; ok is false if it has no stop, as in areas where one calls for a bus.
func (f *feed) visit(t *table, trip int32) (v visit, ok bool, err error) {
	id := t.bytes("stop_id")
	if len(id) == 0 {
		return v, false, nil
	}
	if len(t.bytes("stop_sequence")) == 0 {
		return v, false, t.fail(MissingValue, "stop_sequence", "must not be empty")
	}
	sequence, err := t.number("stop_sequence", 0)
	if err != nil {
		return v, false, err
	}
	return visit{trip: trip, sequence: int32(sequence), stop: f.hash(id)}, true, nil
}
