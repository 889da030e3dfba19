package network

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
)

// files of a feed by name.
type files map[string]string

// town is the feed of an invented town: one tram with a branch, a ring, a bus of the same number as one of another town.
func town() files {
	return files{
		"agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nT,Town Trams,https://trams.example,Europe/Vienna\nB,Valley Buses,https://buses.example,Europe/Vienna\n",
		"routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type,route_color\n" +
			"t1,T,1,Mill – Harbour,0,FF0000\nt1x,T,1,,900,\nr,T,R,Ring,0,zzz\nb1,B,1,,3,\nb1far,B,1,,700,\n",
		"stops.txt": "\ufeffstop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n" +
			"mill,Mill (Town),47.0,15.0,0,\nmarket,Market Square (Town),47.01,15.0,1,\nm1,Market Square platform 1 (Town),47.0101,15.0,0,market\n" +
			"m2,\"Market Square\nplatform 2 (Town)\",47.0102,15.0,0,market\nexit,,47.0103,15.0,2,market\nharbour,Harbour (Town),47.02,15.0,0,\nharbour2,Harbour (Town) [Bus],47.0205,15.0,0,\n" +
			"hill,Hill (Town),47.015,15.02,0,\nmill2,Mill (Valley),47.5,15.5,0,\nv1,Church (Valley),47.51,15.5,0,\nv2,School (Valley),47.52,15.5,0,\nv3,Station (Valley),47.53,15.5,0,\n" +
			"unused,Nowhere (Town),47.0,15.1,0,\n",
		"trips.txt": "route_id,service_id,trip_id\nt1,s,a\nt1,s,b\nt1x,s,c\nt1,s,back\nr,s,ring\nb1,s,bus\nb1far,s,busfar\n",
		"stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + trip("a", "mill", "m1", "harbour") + trip("b", "mill", "m2", "harbour") +
			trip("c", "mill", "m1", "hill") + trip("back", "harbour", "m2", "mill") + trip("ring", "mill", "m1", "hill", "mill") +
			trip("bus", "harbour2", "hill") + trip("busfar", "mill2", "v1", "v2", "v3"),
	}
}

func trip(id string, stops ...string) string {
	var rows strings.Builder
	for i, stop := range stops {
		fmt.Fprintf(&rows, "%s,24:%02d:00,25:%02d:00,%s,%d\n", id, i, i, stop, 10*i)
	}
	return rows.String()
}

// with returns a feed in which one file has other content; empty removes it.
func (f files) with(name, content string) files {
	changed := maps.Clone(f)
	if changed[name] = content; content == "" {
		delete(changed, name)
	}
	return changed
}

func (f files) replace(name, old, new string) files {
	if !strings.Contains(f[name], old) {
		panic("the feed has no " + old)
	}
	return f.with(name, strings.ReplaceAll(f[name], old, new))
}

// zip packs a feed; names are prefixed.
func (f files) zip(t testing.TB, prefix string) *bytes.Reader {
	t.Helper()
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		file, err := w.Create(prefix + name)
		if err == nil {
			_, err = file.Write([]byte(f[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(packed.Bytes())
}

func read(t testing.TB, f files, options Options) *Network {
	t.Helper()
	packed := f.zip(t, "")
	n, err := Read(t.Context(), packed, packed.Size(), options)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// describe lists lines with their variants, one each line: "tram 1: Mill (Town), Harbour (Town) 2".
func describe(n *Network) string {
	var text strings.Builder
	for _, line := range n.Lines {
		for _, v := range line.Variants {
			var names []string
			for _, stop := range v.Stops {
				names = append(names, n.Stops[stop].String())
			}
			fmt.Fprintf(&text, "%s %s: %s %d\n", line.Kind, line.Name, strings.Join(names, ", "), v.Trips)
		}
	}
	return text.String()
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func packed(t *testing.T, text string) io.Reader {
	t.Helper()
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &buffer
}
