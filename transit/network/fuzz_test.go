package network

import (
	"bytes"
	"context"
	"testing"
)

// FuzzRead: a feed with any stops and stop times never causes a panic, and what comes of it is a network that can be encoded and decoded.
func FuzzRead(f *testing.F) {
	f.Add(town()["stops.txt"], town()["stop_times.txt"], town()["trips.txt"], true)
	f.Add("stop_id,stop_name,parent_station\na,\"A, B\",a\nb,B (x),a\n", "trip_id,stop_id,stop_sequence\na,a,1\na,b,2\nb,,3\na,a,0\n", "route_id,trip_id\nt1,a\nr,a\n", false)
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
		for _, line := range n.Lines {
			for _, v := range line.Variants {
				if len(v.Stops) < 2 {
					t.Errorf("line %q has a variant of %d stops", line.Name, len(v.Stops))
				}
			}
		}
	})
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
	f.Fuzz(func(t *testing.T, data []byte) {
		if n, err := Read(context.Background(), bytes.NewReader(data), int64(len(data)), Options{MaxUnpacked: 1 << 20}); (n == nil) == (err == nil) {
			t.Errorf("got %v and %v", n, err)
		}
	})
}
