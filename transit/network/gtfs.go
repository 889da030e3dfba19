package network

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Limits of what Read keeps, behind the filters. A city has much less.
const (
	maxRoutes = 200_000
	maxTrips  = 4_000_000
	maxPoles  = 200_000 // stops before those that belong together are merged
)

// Options say which part of a feed is the city's. Empty filters let everything through.
type Options struct {
	Agencies []string // agency_id or agency_name
	Kinds    []Kind
	// Box and Circle: a line must have two stops inside. Of its stops outside only the terminals are kept, since riders name them as directions.
	Box    *Box
	Circle *Circle
	// MaxUnpacked is the limit of bytes of all files that are read, unpacked; 0 is 8 GiB.
	MaxUnpacked int64
	// Progress is called about every MiB with the unpacked bytes that were read, and that will be.
	Progress func(done, total int64)
}

func (o Options) inside(lat, lon float64) bool {
	return (o.Box == nil || o.Box.contains(lat, lon)) && (o.Circle == nil || o.Circle.contains(lat, lon))
}

func (o Options) bounded() bool { return o.Box != nil || o.Circle != nil }

// feed is what Read keeps while it reads. Ids of trips and stops are hashes, which collide once in millions of feeds.
type feed struct {
	*archive
	ctx      context.Context
	options  Options
	seed     maphash.Seed
	agencies map[string]string // names by id
	routes   []route
	routeIDs map[string]int32
	inside   map[uint64]bool  // ids of stops inside the area; nil without one
	trips    map[uint64]int32 // index of the route, by id
	runs     map[uint64]int   // how often a trip with frequencies runs, by id
	poles    map[uint64]int32 // index of the stop among those used, by id
	patterns patterns
}

type route struct {
	id, name, long, agency, color string
	kind                          Kind
}

func (f *feed) hash(id []byte) uint64 { return maphash.Bytes(f.seed, id) }

// Read reads a GTFS Schedule feed, a zip of the given size. The error is a *FeedError if the feed is wrong, or the filters leave nothing of it; else that of the reader or the
// context. Times, calendars, shapes and fares are not read.
//
// stop_times.txt is read once if the rows of each trip stand together, as they do in all but a few feeds, else several times.
func Read(ctx context.Context, from io.ReaderAt, size int64, options Options) (*Network, error) {
	archive, err := openArchive(from, size, options)
	if err != nil {
		return nil, err
	}
	f := &feed{
		archive: archive, ctx: ctx, options: options, seed: maphash.MakeSeed(), agencies: map[string]string{}, routeIDs: map[string]int32{}, trips: map[uint64]int32{},
		runs: map[uint64]int{}, poles: map[uint64]int32{}, patterns: patterns{byHash: map[uint64]*pattern{}},
	}
	steps := []struct {
		file string
		read func() error
	}{
		{"agency.txt", f.readAgencies}, {"routes.txt", f.readRoutes}, {"stops.txt", f.readArea}, {"trips.txt", f.readTrips},
		{"frequencies.txt", f.readFrequencies}, {"stop_times.txt", f.readStopTimes},
	}
	for _, step := range steps {
		f.plan(step.file)
	}
	f.plan("stops.txt") // for names
	for _, step := range steps {
		if !f.has(step.file) {
			continue // it is none of those required
		}
		if err := step.read(); err != nil {
			return nil, err
		}
	}
	if len(f.patterns.byHash) == 0 {
		return nil, &FeedError{Problem: NothingLeft, File: "stop_times.txt", Want: "no trip of these agencies and kinds has two stops inside the area"}
	}
	stops, err := f.readStops()
	if err != nil {
		return nil, err
	}
	return f.assemble(stops), nil
}

func (f *feed) readAgencies() error {
	return f.each(f.ctx, "agency.txt", []string{"agency_name"}, func(t *table) error {
		name, err := t.text("agency_name")
		f.agencies[t.get("agency_id")] = name
		return err
	})
}

func (f *feed) readRoutes() error {
	err := f.each(f.ctx, "routes.txt", []string{"route_id", "route_type"}, func(t *table) error {
		id := t.get("route_id")
		if id == "" {
			return t.fail(MissingValue, "route_id", "must not be empty")
		}
		number, err := strconv.Atoi(t.get("route_type"))
		if err != nil {
			return t.fail(BadValue, "route_type", "is not the number of a kind of route")
		}
		agency, kind := t.get("agency_id"), kindOf(number)
		if !f.wantsAgency(agency) || len(f.options.Kinds) > 0 && !slices.Contains(f.options.Kinds, kind) {
			return nil
		}
		if len(f.routes) == maxRoutes {
			return t.fail(TooLarge, "", fmt.Sprintf("there are more than %d routes; choose agencies or kinds of lines", maxRoutes))
		}
		short, err := t.text("route_short_name")
		if err != nil {
			return err
		}
		long, err := t.text("route_long_name")
		if err != nil {
			return err
		}
		r := route{id: id, name: short, long: long, kind: kind, color: color(t.get("route_color")), agency: f.agencyName(agency)}
		if r.name == "" {
			r.name, r.long = long, ""
		}
		if r.name == "" {
			r.name = r.id
		}
		f.routeIDs[r.id] = int32(len(f.routes))
		f.routes = append(f.routes, r)
		return nil
	})
	if err == nil && len(f.routes) == 0 {
		err = &FeedError{Problem: NothingLeft, File: "routes.txt", Want: "no route is of these agencies and kinds"}
	}
	return err
}

// agencyName returns the name for an id. A feed with one agency may leave out its id everywhere.
func (f *feed) agencyName(id string) string {
	if name, ok := f.agencies[id]; ok {
		return name
	}
	if len(f.agencies) == 1 && id == "" {
		for _, name := range f.agencies {
			return name
		}
	}
	return ""
}

func (f *feed) wantsAgency(id string) bool {
	return len(f.options.Agencies) == 0 || slices.Contains(f.options.Agencies, id) || slices.Contains(f.options.Agencies, f.agencyName(id))
}

// color returns six hexadecimal digits in lower case, or nothing.
func color(value string) string {
	value = strings.ToLower(strings.TrimPrefix(value, "#"))
	if len(value) != 6 || strings.Trim(value, "0123456789abcdef") != "" {
		return ""
	}
	return value
}

// readArea finds the stops inside the area.
func (f *feed) readArea() error {
	if !f.options.bounded() {
		return nil
	}
	f.inside = map[uint64]bool{}
	err := f.each(f.ctx, "stops.txt", []string{"stop_id", "stop_lat", "stop_lon"}, func(t *table) error {
		lat, lon, located, err := coordinates(t)
		if err != nil || !located || !f.options.inside(lat, lon) {
			return err
		}
		if len(f.inside) == maxPoles {
			return t.fail(TooLarge, "", fmt.Sprintf("more than %d stops are inside the area; choose a smaller one", maxPoles))
		}
		f.inside[f.hash(t.bytes("stop_id"))] = true
		return nil
	})
	if err == nil && len(f.inside) == 0 {
		err = &FeedError{Problem: NothingLeft, File: "stops.txt", Want: "no stop is inside the area"}
	}
	return err
}

func coordinates(t *table) (lat, lon float64, ok bool, err error) {
	lat, ok, err = t.degrees("stop_lat", 90)
	if err != nil || !ok {
		return 0, 0, false, err
	}
	lon, ok, err = t.degrees("stop_lon", 180)
	return lat, lon, ok && (lat != 0 || lon != 0), err
}

func (f *feed) readTrips() error {
	return f.each(f.ctx, "trips.txt", []string{"route_id", "trip_id"}, func(t *table) error {
		id := t.bytes("trip_id")
		if len(id) == 0 {
			return t.fail(MissingValue, "trip_id", "must not be empty")
		}
		index, wanted := f.routeIDs[string(t.bytes("route_id"))]
		if !wanted {
			return nil
		}
		if len(f.trips) == maxTrips {
			return t.fail(TooLarge, "", fmt.Sprintf("there are more than %d trips; choose agencies or kinds of lines", maxTrips))
		}
		f.trips[f.hash(id)] = index
		return nil
	})
}

// readFrequencies counts how often trips run that stand for many.
func (f *feed) readFrequencies() error {
	return f.each(f.ctx, "frequencies.txt", []string{"trip_id", "start_time", "end_time", "headway_secs"}, func(t *table) error {
		trip := f.hash(t.bytes("trip_id"))
		headway, err := t.number("headway_secs", 0)
		if _, wanted := f.trips[trip]; !wanted || err != nil {
			return err
		}
		start, err := t.seconds("start_time")
		if err != nil {
			return err
		}
		end, err := t.seconds("end_time")
		if err != nil || headway == 0 {
			return err
		}
		f.runs[trip] += max(0, end-start) / headway
		return nil
	})
}
