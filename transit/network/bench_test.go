package network

import (
	"archive/zip"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

// BenchmarkNation reads a city out of a feed of the size of a nation's: 400,000 stops, 1.5 million trips, 30 million stop times. It reports the peak of the memory that Go has
// from the system. (go test -bench Nation -benchtime 1x)
func BenchmarkNation(b *testing.B) {
	path := filepath.Join(b.TempDir(), "nation.zip")
	writeNation(b, path, 400_000, 20_000, 75, 20)
	for name, options := range map[string]Options{
		"circle": {Circle: &Circle{Lat: 50, Lon: 10, Radius: 15_000}},
		"agency": {Agencies: []string{"7"}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				file, err := os.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				info, err := file.Stat()
				if err != nil {
					b.Fatal(err)
				}
				peak := peakMemory(func() {
					n, err := Read(b.Context(), file, info.Size(), options)
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(len(n.Stops)), "stops")
				})
				b.ReportMetric(float64(peak>>20), "MiB-peak")
				b.ReportMetric(float64(info.Size()>>20), "MiB-zipped")
				file.Close()
			}
		})
	}
}

// peakMemory watches the memory that Go uses while do runs, in bytes.
func peakMemory(do func()) (peak uint64) {
	runtime.GC()
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				metrics.Read(sample)
				peak = max(peak, sample[0].Value.Uint64()-sample[1].Value.Uint64())
			}
		}
	}()
	do()
	close(done)
	<-stopped
	return peak
}

// writeNation writes a feed in which routes run through stops in a row of the grid.
func writeNation(b *testing.B, path string, stops, routes, trips, length int) {
	b.Helper()
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	w := zip.NewWriter(file)
	add := func(name string, write func(io.Writer)) {
		one, err := w.Create(name)
		if err != nil {
			b.Fatal(err)
		}
		buffered := bufio.NewWriterSize(one, 1<<20)
		write(buffered)
		if err := buffered.Flush(); err != nil {
			b.Fatal(err)
		}
	}
	add("stops.txt", func(w io.Writer) {
		fmt.Fprintln(w, "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station")
		for i := range stops {
			fmt.Fprintf(w, "de:%05d:%d:%d:1,Street %d,%.5f,%.5f,0,\n", i%997, i, i%3, i, 48+4*float64(i/1000)/400, 8+4*float64(i%1000)/1000)
		}
	})
	add("agency.txt", func(w io.Writer) {
		fmt.Fprintln(w, "agency_id,agency_name")
		for i := range 100 {
			fmt.Fprintf(w, "%d,Agency %d\n", i, i)
		}
	})
	add("routes.txt", func(w io.Writer) {
		fmt.Fprintln(w, "route_id,agency_id,route_short_name,route_type")
		for i := range routes {
			fmt.Fprintf(w, "%d_3,%d,%d,3\n", i, i%100, i%1000)
		}
	})
	add("trips.txt", func(w io.Writer) {
		fmt.Fprintln(w, "route_id,service_id,trip_id")
		for i := range routes * trips {
			fmt.Fprintf(w, "%d_3,daily,trip-%d-of-the-year\n", i/trips, i)
		}
	})
	add("stop_times.txt", func(w io.Writer) {
		fmt.Fprintln(w, "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type")
		for i := range routes * trips {
			for k := range length {
				stop := (i/trips*length + k + i%3) % stops
				fmt.Fprintf(w, "trip-%d-of-the-year,%02d:%02d:00,%02d:%02d:30,de:%05d:%d:%d:1,%d,0,0\n", i, i%25, i*7%60, i%25, i*7%60, stop%997, stop, stop%3, k)
			}
		}
	})
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkDecode loads a network of 8,000 stops and 400 lines.
func BenchmarkDecode(b *testing.B) {
	n := &Network{}
	for i := range 8000 {
		n.Stops = append(n.Stops, Stop{ID: fmt.Sprintf("de:11000:9001%05d", i), Name: fmt.Sprintf("Street of the number %d", i), Place: "Town", Lat: 52 + float64(i)/1e4, Lon: 13 + float64(i)/1e4})
	}
	for i := range 400 {
		line := Line{ID: fmt.Sprint(i), Name: fmt.Sprint(i), Kind: Bus}
		for v := range 8 {
			variant := Variant{Trips: 8 - v}
			for k := range 40 {
				variant.Stops = append(variant.Stops, (i*20+v+k)%8000)
			}
			line.Variants = append(line.Variants, variant)
		}
		n.Lines = append(n.Lines, line)
	}
	var buffer bytes.Buffer
	if err := n.Encode(&buffer); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(buffer.Len()), "bytes")
	var kept *Network
	for b.Loop() {
		again, err := Decode(bytes.NewReader(buffer.Bytes()))
		if err != nil {
			b.Fatal(err)
		}
		kept = again
	}
	before := heap()
	runtime.KeepAlive(kept)
	kept = nil
	b.ReportMetric(float64(before-heap())/(1<<20), "MiB-kept")
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
