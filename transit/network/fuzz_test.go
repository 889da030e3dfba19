package network

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// FuzzRead: a feed with any stops and stop times never causes a panic, and what comes of it is a network that can be encoded and decoded.
func FuzzRead(f *testing.F) {
	f.Add(town()["stops.txt"], town()["stop_times.txt"], town()["trips.txt"], true)
	f.Add("stop_id,stop_name,parent_station\na,\"A, B\",a\nb,B (x),a\n", "trip_id,stop_id,stop_sequence\na,a,1\na,b,2\nb,,3\na,a,0\n", "route_id,trip_id\nt1,a\nr,a\n", false)
	for _, seed := range realShapes() {
		f.Add(seed["stops.txt"], seed["stop_times.txt"], seed["trips.txt"], false)
		f.Add(seed["stops.txt"], seed["stop_times.txt"], seed["trips.txt"], true)
	}
	f.Fuzz(func(t *testing.T, stops, times, trips string, bounded bool) {
		options := Options{}
		if bounded {
			options.Circle = &Circle{Lat: 47, Lon: 15, Radius: 30_000}
		}
		packed := town().with("stops.txt", stops+"\n").with("stop_times.txt", times+"\n").with("trips.txt", trips+"\n").zip(t, "")
		n, err := Read(context.Background(), packed, packed.Size(), options)
		if err != nil {
			return
		}
		var buffer bytes.Buffer
		if err := n.Encode(&buffer); err != nil {
			t.Fatal(err)
		}
		again, err := Decode(&buffer)
		if err != nil || describe(again) != describe(n) {
			t.Fatalf("decoded %v (%v)\nencoded %v", again, err, n)
		}
		checkIndices(t, n)
	})
}

// FuzzReadLines: the other files of a feed never cause a panic either.
func FuzzReadLines(f *testing.F) {
	f.Add(town()["agency.txt"], town()["routes.txt"], "")
	for _, seed := range realShapes() {
		f.Add(seed["agency.txt"], seed["routes.txt"], seed["frequencies.txt"])
	}
	f.Add("agency_name\nOne\n", "route_id,route_long_name,route_type,route_sort_order\nt1,\"The \"\"Old\"\" Line\",1700,-1\n", "trip_id,start_time,end_time,headway_secs\na,25:10:00,24:00:00,0\n")
	f.Fuzz(func(t *testing.T, agencies, routes, frequencies string) {
		packed := town().with("agency.txt", agencies+"\n").with("routes.txt", routes+"\n").with("frequencies.txt", frequencies).zip(t, "")
		n, err := Read(context.Background(), packed, packed.Size(), Options{Kinds: []Kind{Tram, Subway, Bus}})
		if (n == nil) == (err == nil) {
			t.Fatalf("got %v and %v", n, err)
		}
		if n != nil {
			checkIndices(t, n)
		}
	})
}

// realShapes are feeds in the shapes that agencies publish.
func realShapes() []files {
	return []files{
		town().crlf(),
		town().with("stops.txt", "stop_id,stop_name\nmill,Mill\nm1,Market\nm2,Market\nharbour,Harbour\nhill,Hill\n"),                                                                         // no places
		town().with("stops.txt", "\ufeff\"stop_id\",\"stop_name\",\"stop_lat\",\"stop_lon\"\r\n\"mill\",\"Mill, \"\"Old\"\"\",\"47.0\",\"15.0\"\r\n\"harbour\",\"\",\"47.02\",\"15.0\"\r\n"), // all quoted
		town().with("stops.txt", "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\nmill,Mill,,,3,\nm1,Market,0,0,0,gone\nharbour,Harbour,47,15,4,m1\n"),                     // nodes, boarding areas, a parent that is missing
		town().with("stop_times.txt", "trip_id,stop_sequence,stop_id,arrival_time,departure_time,pickup_type\na,1,mill,25:10:00,25:10:00,0\na,3,harbour,,,1\na,2,m1, 25:11:00,,\n"),          // out of order, times only at the ends
		town().with("stop_times.txt", "trip_id,stop_id,stop_sequence,extra\na,mill,1\na,m1,2,x,y\na,harbour,3,\n"),                                                                           // rows too short and too long
		town().with("trips.txt", "trip_id,route_id,service_id,trip_headsign,shape_id,direction_id\na,t1,s,\"Harbour, \r\nMill\",1,2\n"),
		town().with("routes.txt", "route_id,route_type,route_short_name\nt1,,\nr,99999,R\nb1,-3,\u200b1\n"),
		town().with("frequencies.txt", "trip_id,start_time,end_time,headway_secs,exact_times\na,05:00:00,25:10:00,600,1\n"),
	}
}

// crlf returns the feed as a Windows program writes it: a byte order mark in front of each file, and CRLF.
func (f files) crlf() files {
	written := files{}
	for name, text := range f {
		written[name] = "\ufeff" + strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\n", "\r\n")
	}
	return written
}

func TestAFeedOfAWindowsProgramIsTheSame(t *testing.T) {
	if got, want := describe(read(t, town().crlf(), Options{})), describe(read(t, town(), Options{})); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// checkIndices checks that the lines' stops are there, and that no line has a variant that goes nowhere.
func checkIndices(t *testing.T, n *Network) {
	t.Helper()
	for _, line := range n.Lines {
		if !line.Kind.Valid() {
			t.Errorf("line %q is of the kind %q", line.Name, line.Kind)
		}
		for _, v := range line.Variants {
			if len(v.Stops) < 2 {
				t.Errorf("line %q has a variant of %d stops", line.Name, len(v.Stops))
			}
			for _, stop := range v.Stops {
				if stop < 0 || stop >= len(n.Stops) {
					t.Fatalf("line %q stops at %d of %d", line.Name, stop, len(n.Stops))
				}
			}
		}
	}
}

// FuzzReadZip: no bytes cause a panic.
func FuzzReadZip(f *testing.F) {
	packed := town().zip(f, "")
	whole := make([]byte, packed.Size())
	if _, err := packed.ReadAt(whole, 0); err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte("PK\x05\x06"))
	for _, seed := range realShapes() {
		packed := seed.zip(f, "feed/")
		whole := make([]byte, packed.Size())
		if _, err := packed.ReadAt(whole, 0); err != nil {
			f.Fatal(err)
		}
		f.Add(whole)
		f.Add(whole[:len(whole)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if n, err := Read(context.Background(), bytes.NewReader(data), int64(len(data)), Options{MaxUnpacked: 1 << 20}); (n == nil) == (err == nil) {
			t.Errorf("got %v and %v", n, err)
		}
	})
}
