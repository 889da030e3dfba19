package network

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestAPartOfANetworkIsWhatTheFiltersWouldHaveRead(t *testing.T) {
	t.Parallel()
	whole := read(t, town(), Options{})
	before := describe(whole)
	for name, options := range map[string]Options{
		"everything":                  {},
		"an agency":                   {Agencies: []string{"Town Trams"}},
		"a kind":                      {Kinds: []Kind{Bus}},
		"both":                        {Agencies: []string{"Valley Buses"}, Kinds: []Kind{Bus}},
		"a box":                       {Box: &Box{South: 47.4, West: 15, North: 48, East: 16}},
		"a circle":                    {Circle: &Circle{Lat: 47.5, Lon: 15.5, Radius: 5000}},
		"a line that leaves the area": {Kinds: []Kind{Tram}, Box: &Box{South: 46, West: 14, North: 47.0105, East: 15.005}},
	} {
		part, err := whole.Narrow(options)
		if err != nil {
			t.Fatal(name, err)
		}
		want := read(t, town(), options)
		if got, want := describe(part)+fmt.Sprint(part.Stops), describe(want)+fmt.Sprint(want.Stops); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
		}
	}
	if describe(whole) != before {
		t.Error("the whole network was changed")
	}
}

func TestAPartOfANetworkIsNotEmpty(t *testing.T) {
	t.Parallel()
	whole := read(t, town(), Options{})
	for name, options := range map[string]Options{
		"an agency": {Agencies: []string{"Nobody"}}, "a kind": {Kinds: []Kind{Ferry}}, "a circle": {Circle: &Circle{Lat: 0, Lon: 0, Radius: 5000}},
	} {
		var wrong *FeedError
		if _, err := whole.Narrow(options); !errors.As(err, &wrong) || wrong.Problem != NothingLeft {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestANetworkCountsItsLines(t *testing.T) {
	t.Parallel()
	n := read(t, town(), Options{})
	if got := fmt.Sprint(n.Agencies(), n.KindsOfLines()); got != "[{Town Trams 2} {Valley Buses 2}] [{tram 2} {bus 2}]" {
		t.Errorf("got %s", got)
	}
}

func TestListsAreMadeOfANetworkThatWasMadeOfLists(t *testing.T) {
	t.Parallel()
	lines, stops := "41\nRing: North, East, North\nU8: West, Market, South", "Market = Markt, M\nSomewhere"
	n, err := FromLists(lines, stops)
	if err != nil {
		t.Fatal(err)
	}
	againLines, againStops, ok := n.Lists()
	if !ok || againLines != strings.Replace(lines, "North, East, North", "North, East, North", 1) || againStops != stops {
		t.Errorf("%v\n%s\n%s", ok, againLines, againStops)
	}
	if _, _, ok := read(t, town(), Options{}).Lists(); ok {
		t.Error("a feed was taken for lists")
	}
}
