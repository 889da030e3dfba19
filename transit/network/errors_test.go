package network

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestABadFeedIsAnsweredWithFileLineFieldAndWhatWouldBeRight(t *testing.T) {
	for name, c := range map[string]struct {
		feed    files
		problem Problem
		want    string
	}{
		"no stop times":         {town().with("stop_times.txt", ""), MissingFile, "stop_times.txt: this file must be in the zip archive"},
		"nothing of a feed":     {files{"readme.md": "hello"}, MissingFile, "routes.txt: this file must be in the zip archive, like all others of a GTFS Schedule feed"},
		"empty file":            {town().with("trips.txt", "\n"), MissingColumn, "trips.txt: is empty; its first line must name its columns"},
		"no column":             {town().replace("stops.txt", "stop_name", "name"), MissingColumn, "stops.txt, line 1, stop_name: this column must be there"},
		"route without id":      {town().replace("routes.txt", "\nr,", "\n,"), MissingValue, "routes.txt, line 4, route_id: must not be empty"},
		"route_type":            {town().replace("routes.txt", "Ring,0", "Ring,tram"), BadValue, `routes.txt, line 4, route_type: "tram" is not the number of a kind of route`},
		"sequence":              {town().replace("stop_times.txt", "m1,10\n", "m1,x\n"), BadValue, `stop_times.txt, line 3, stop_sequence: "x" is not a whole number from 0 up`},
		"no sequence":           {town().replace("stop_times.txt", "m1,10\n", "m1,\n"), MissingValue, "stop_times.txt, line 3, stop_sequence: must not be empty"},
		"huge sequence":         {town().replace("stop_times.txt", "m1,10\n", "m1,4294967296\n"), BadValue, `stop_times.txt, line 3, stop_sequence: "4294967296" is not a whole number from 0 up`},
		"unknown stop":          {town().replace("stop_times.txt", ",m1,", ",m9,"), UnknownReference, `stop_times.txt, line 3, stop_id: "m9" is not in stops.txt`},
		"latitude":              {town().replace("stops.txt", "47.015,", "147.015,"), BadValue, `stops.txt, line 10, stop_lat: "147.015" is not a number of degrees from -90 to 90`},
		"NaN":                   {town().replace("stops.txt", "47.015,", "NaN,"), BadValue, `stops.txt, line 10, stop_lat: "NaN" is not a number of degrees from -90 to 90`},
		"a stop without a name": {town().replace("stops.txt", "Hill (Town)", ""), MissingValue, "stops.txt, line 10, stop_name: must not be empty for a stop where a line stops"},
		"not UTF-8":             {town().replace("stops.txt", "Hill", "H\xfcgel"), BadRow, "stops.txt, line 10, stop_name: \"H\\xfcgel (Town)\" is not UTF-8; save the file in this encoding"},
		"times":                 {town().with("frequencies.txt", "trip_id,start_time,end_time,headway_secs\na,8,9,600\n"), BadValue, `frequencies.txt, line 2, start_time: "8" is not a time like 25:10:00`},
		"an open quote":         {town().with("stops.txt", town()["stops.txt"]+"x,\""+strings.Repeat("y\n", 1<<20)), BadRow, "stops.txt, line 16: the row that starts here is longer than 1 MiB or 100 lines; probably a quotation mark is never closed"},
	} {
		t.Run(name, func(t *testing.T) { expectError(t, c.feed.zip(t, ""), Options{}, c.problem, c.want) })
	}
	t.Run("a quote that is open at the end", func(t *testing.T) {
		expectError(t, town().with("stops.txt", town()["stops.txt"]+"x,\"yy\nz").zip(t, ""), Options{}, BadRow, "stops.txt, line 16: a quotation mark of the row that starts here is never closed")
	})
	t.Run("two feeds", func(t *testing.T) {
		both := files{}
		for name, content := range town() {
			both["bus/"+name], both["tram/"+name] = content, content
		}
		expectError(t, both.zip(t, ""), Options{}, TwoFeeds, "the zip archive holds several feeds (bus/, tram/); upload one of them")
	})
}

func TestFiltersThatLeaveNothingSaySo(t *testing.T) {
	for want, options := range map[string]Options{
		"routes.txt: no route is of these agencies and kinds":                               {Kinds: []Kind{Ferry}},
		"stops.txt: no stop is inside the area":                                             {Circle: &Circle{Radius: 1}},
		"stop_times.txt: no trip of these agencies and kinds has two stops inside the area": {Circle: &Circle{Lat: 47.52, Lon: 15.5, Radius: 1}},
	} {
		expectError(t, town().zip(t, ""), options, NothingLeft, want)
	}
}

func TestABrokenZipIsNoFeed(t *testing.T) {
	expectError(t, bytes.NewReader([]byte("stop_id,stop_name\n")), Options{}, NotAZip, "this is not a zip archive, or its end is missing")
	packed := town().zip(t, "")
	whole := make([]byte, packed.Size())
	if _, err := packed.ReadAt(whole, 0); err != nil {
		t.Fatal(err)
	}
	expectError(t, bytes.NewReader(whole[:len(whole)/2]), Options{}, NotAZip, "this is not a zip archive, or its end is missing")
	for i := 60; i < 90; i++ { // in the first file
		whole[i] ^= 0x55
	}
	expectError(t, bytes.NewReader(whole), Options{}, Damaged, "")
}

func TestAZipBombIsNotUnpacked(t *testing.T) {
	bomb := town().with("stop_times.txt", town()["stop_times.txt"]+strings.Repeat("nothing,,,mill,1\n", 5<<20)).zip(t, "")
	expectError(t, bomb, Options{}, TooLarge, "stop_times.txt: unpacks to more than 200 times its size, which no timetable does")
	expectError(t, bomb, Options{MaxUnpacked: 10 << 20}, TooLarge, "stop_times.txt: unpacked, the feed has more than 10 MiB, which are allowed")
}

// expectError expects a *FeedError with a problem, and its text unless want is empty.
func expectError(t *testing.T, packed *bytes.Reader, options Options, problem Problem, want string) {
	t.Helper()
	_, err := Read(t.Context(), packed, packed.Size(), options)
	var wrong *FeedError
	if !errors.As(err, &wrong) || wrong.Problem != problem || want != "" && err.Error() != want {
		t.Errorf("got  %v\nwant %s (%s)", err, want, problem)
	}
}
