package network

import (
	"context"
	"errors"
	"strings"
	"testing"
)

const wholeTown = `tram 1: Mill (Town), Market Square (Town), Harbour (Town) 2
tram 1: Harbour (Town), Market Square (Town), Mill (Town) 1
tram 1: Mill (Town), Market Square (Town), Hill (Town) 1
tram R: Mill (Town), Market Square (Town), Hill (Town), Mill (Town) 1
bus 1: Harbour (Town), Hill (Town) 1
bus 1: Mill (Valley), Church (Valley), School (Valley), Station (Valley) 1
`

func TestAFeedBecomesLinesWithTheirStopsInOrder(t *testing.T) {
	n := read(t, town(), Options{})
	expect(t, describe(n), wholeTown)
	if len(n.Stops) != 8 {
		t.Errorf("%d stops, want 8: platforms and the poles of one name are one stop, and stops without lines none", len(n.Stops))
	}
	for _, stop := range n.Stops {
		if stop.Name == "Market Square" && (stop.ID != "market" || stop.Lat != 47.01) {
			t.Errorf("the stop has not the id and position of its parent station: %+v", stop)
		}
	}
	tram, ring := n.Lines[0], n.Lines[1]
	if tram.Color != "ff0000" || tram.LongName != "Mill – Harbour" || tram.Agency != "Town Trams" || ring.Color != "" {
		t.Errorf("lines %+v and %+v", tram, ring)
	}
	if !ring.IsRing() || tram.IsRing() || len(ring.Terminals()) != 0 || len(tram.Terminals()) != 3 {
		t.Errorf("the ring's terminals are %v, the tram's %v", ring.Terminals(), tram.Terminals())
	}
}

func TestRowsOfATripMayStandAnywhere(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(town()["stop_times.txt"]), "\n")
	mixed := rows[:1:1]
	for i := len(rows) - 1; i > 0; i -= 2 {
		mixed = append(mixed, rows[i])
	}
	for i := len(rows) - 2; i > 0; i -= 2 {
		mixed = append(mixed, rows[i])
	}
	expect(t, describe(read(t, town().with("stop_times.txt", strings.Join(mixed, "\n")), Options{})), wholeTown)
}

func TestFiltersChooseWhatBelongsToTheCity(t *testing.T) {
	trams := wholeTown[:strings.Index(wholeTown, "bus")]
	valley := wholeTown[strings.LastIndex(wholeTown, "bus"):]
	for name, c := range map[string]struct {
		options Options
		want    string
	}{
		"agency by id":   {Options{Agencies: []string{"T"}}, trams},
		"agency by name": {Options{Agencies: []string{"Town Trams"}}, trams},
		"kind":           {Options{Kinds: []Kind{Tram}}, trams},
		"box":            {Options{Box: &Box{South: 47.4, West: 15, North: 48, East: 16}}, valley},
		"circle":         {Options{Circle: &Circle{Lat: 47.5, Lon: 15.5, Radius: 5000}}, valley},
		// Harbour is outside, but a terminal.
		"a line that leaves the area": {Options{Kinds: []Kind{Tram}, Box: &Box{South: 46, West: 14, North: 47.0105, East: 15.005}}, strings.ReplaceAll(trams, "Hill (Town), Mill", "Mill")},
	} {
		t.Run(name, func(t *testing.T) { expect(t, describe(read(t, town(), c.options)), c.want) })
	}
}

func TestALineBeyondTheAreaKeepsItsTerminalsOnly(t *testing.T) {
	n := read(t, town(), Options{Box: &Box{South: 47.505, West: 15, North: 47.525, East: 16}})
	expect(t, describe(n), "bus 1: Mill (Valley), Church (Valley), School (Valley), Station (Valley) 1\n")
	n = read(t, town(), Options{Box: &Box{South: 47.4, West: 15, North: 47.515, East: 16}})
	expect(t, describe(n), "bus 1: Mill (Valley), Church (Valley), Station (Valley) 1\n")
}

func TestATripWithFrequenciesCountsAsOftenAsItRuns(t *testing.T) {
	f := town().with("frequencies.txt", "trip_id,start_time,end_time,headway_secs\nc,23:00:00,25:00:00,600\n")
	if first, _, _ := strings.Cut(describe(read(t, f, Options{})), "\n"); first != "tram 1: Mill (Town), Market Square (Town), Hill (Town) 12" {
		t.Errorf("the most frequent variant is %q", first)
	}
}

func TestAFeedMayBeInADirectoryOfTheZip(t *testing.T) {
	packed := town().zip(t, "exports/2026/")
	if n, err := Read(t.Context(), packed, packed.Size(), Options{}); err != nil || len(n.Lines) != 4 {
		t.Errorf("%v, %v", n, err)
	}
	both := town()
	for name := range town() {
		both["old/"+name] = "nothing"
	}
	expect(t, describe(read(t, both, Options{})), wholeTown)
}

func TestPlacesKeepNamesApart(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"before a comma":        {" (Valley)", "", "bus 1: Mill, Church, School, Station 1"},
		"behind a comma":        {" (Valley)", ", Valley", "bus 1: Mill (Valley), Church (Valley), School (Valley), Station (Valley) 1"},
		"too few stops for one": {"Mill (Valley)", "Mill (Bridge)", "bus 1: Mill (Bridge), Church (Valley), School (Valley), Station (Valley) 1"},
	} {
		t.Run(name, func(t *testing.T) {
			f := town().with("stops.txt", quoteNames(strings.ReplaceAll(town()["stops.txt"], c.from, c.to)))
			if got := describe(read(t, f, Options{Agencies: []string{"B"}, Box: &Box{47.4, 15, 48, 16}})); got != c.want+"\n" {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// quoteNames puts names with a comma in quotes.
func quoteNames(stops string) string {
	return strings.NewReplacer("Mill, Valley", `"Mill, Valley"`, "Church, Valley", `"Church, Valley"`, "School, Valley", `"School, Valley"`, "Station, Valley", `"Station, Valley"`).Replace(stops)
}

func TestProgressEndsWithTheWhole(t *testing.T) {
	rows := strings.Repeat("# a trip that is not there,,,mill,1\n", 100_000)
	var done, total int64
	f := town().with("stop_times.txt", town()["stop_times.txt"]+rows)
	read(t, f, Options{Progress: func(d, of int64) {
		if d < done || d > of {
			t.Errorf("progress %d of %d after %d", d, of, done)
		}
		done, total = d, of
	}})
	if done < 3_000_000 || total < done {
		t.Errorf("progress ended at %d of %d", done, total)
	}
}

func TestReadStopsWithItsContext(t *testing.T) {
	f := town().with("stop_times.txt", town()["stop_times.txt"]+strings.Repeat("x,,,mill,1\n", 10_000))
	packed := f.zip(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, packed, packed.Size(), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
