package testkit

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// FeedLine is a line of a GTFS feed, which runs in both directions. A stop is a name, or a name with its place, as in "Mill@47.01,15.02"; without one, stops
// lie on a grid, a kilometre apart.
type FeedLine struct {
	Name, Agency, Color string
	Type                int // route_type: 0 tram, 1 subway, 2 rail, 3 bus, 4 ferry
	Stops               []string
}

// Feed returns a GTFS Schedule feed as a zip.
func Feed(t testing.TB, lines ...FeedLine) []byte { t.Helper(); return Zip(t, FeedFiles(lines...)) }

// FeedFiles are the files of Feed, for feeds with mistakes.
func FeedFiles(lines ...FeedLine) map[string]string {
	var agencies, routes, stops, trips, times strings.Builder
	ids := map[string]int{}
	id := func(stop string) int {
		name, place, has := strings.Cut(stop, "@")
		number, known := ids[name]
		if known {
			return number
		}
		number = len(ids)
		ids[name] = number
		if !has {
			place = fmt.Sprintf("%.4f,%.4f", 50+0.009*float64(number/60), 10+0.014*float64(number%60))
		}
		fmt.Fprintf(&stops, "s%d,%q,%s\n", number, name, place)
		return number
	}
	seen := map[string]bool{}
	for i, line := range lines {
		agency := line.Agency
		if agency == "" {
			agency = "City Transit"
		}
		if !seen[agency] {
			seen[agency] = true
			fmt.Fprintf(&agencies, "%q,%q,https://transit.example,Europe/Vienna\n", agency, agency)
		}
		fmt.Fprintf(&routes, "r%d,%q,%q,,%d,%s\n", i, agency, line.Name, line.Type, line.Color)
		for direction := range 2 {
			fmt.Fprintf(&trips, "r%d,daily,t%d-%d\n", i, i, direction)
			ordered := slices.Clone(line.Stops)
			if direction == 1 {
				slices.Reverse(ordered)
			}
			for at, stop := range ordered {
				fmt.Fprintf(&times, "t%d-%d,08:%02d:00,08:%02d:00,s%d,%d\n", i, direction, at%60, at%60, id(stop), at)
			}
		}
	}
	return map[string]string{
		"agency.txt":     "agency_id,agency_name,agency_url,agency_timezone\n" + agencies.String(),
		"routes.txt":     "route_id,agency_id,route_short_name,route_long_name,route_type,route_color\n" + routes.String(),
		"stops.txt":      "stop_id,stop_name,stop_lat,stop_lon\n" + stops.String(),
		"trips.txt":      "route_id,service_id,trip_id\n" + trips.String(),
		"stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + times.String(),
	}
}

// Zip packs files.
func Zip(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file, err := w.Create(name)
		if err == nil {
			_, err = file.Write([]byte(files[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// TownLines are two lines with invented stops: a tram and a subway, which meet at Market Square.
func TownLines() []FeedLine {
	return []FeedLine{
		{Name: "1", Type: 0, Color: "C1121F", Stops: []string{"Mill Lane", "Market Square", "Harbour"}},
		{Name: "U2", Type: 1, Color: "14518C", Agency: "Metro", Stops: []string{"Old Castle", "Market Square", "Botanic Garden", "Observatory"}},
	}
}

// CityLines are n lines of a large city, of four kinds and three agencies.
func CityLines(n int) []FeedLine {
	first := []string{"Amber", "Birch", "Cedar", "Drake", "Ember", "Fern", "Grove", "Hazel", "Iris", "Juniper", "Kestrel", "Linden", "Maple", "Nettle", "Olive", "Poplar", "Quarry", "Rowan", "Sorrel", "Tamar"}
	second := []string{"Street", "Square", "Bridge", "Park", "Station", "Gate", "Hill", "Market", "Mill", "Road", "Church", "Harbour", "Gardens", "Cross", "Fields"}
	stop := func(i int) string {
		name := first[i%len(first)] + " " + second[i/len(first)%len(second)]
		if more := i / len(first) / len(second); more > 0 {
			name += " " + []string{"North", "South", "East", "West"}[more%4]
		}
		return name
	}
	colors := []string{"C1121F", "14518C", "1B6E3F", "F2A900", "6A3A9E", "FFFFFF", "", "006A73"}
	var lines []FeedLine
	for i := range n {
		line := FeedLine{Name: fmt.Sprint(100 + i), Type: 3, Agency: "City Buses", Color: colors[i%len(colors)]}
		switch {
		case i < n/30:
			line.Name, line.Type, line.Agency = fmt.Sprintf("U%d", i+1), 1, "Metro"
		case i < n/10:
			line.Name, line.Type, line.Agency = fmt.Sprint(i+1), 0, "City Trams"
		case i%29 == 0:
			line.Name, line.Type, line.Agency = fmt.Sprintf("F%d", i), 4, "City Buses"
		}
		for at := range 12 {
			line.Stops = append(line.Stops, stop((i*7+at*(13+i%5))%1100))
		}
		slices.Sort(line.Stops)
		line.Stops = slices.Compact(line.Stops)
		lines = append(lines, line)
	}
	return lines
}
