package network

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestACityWithoutAFeedHasTwoLists(t *testing.T) {
	n, err := FromLists("U8: Wittenau, Kottbusser Tor , Hermannstraße\n\n41\nRing: Nord, Ost, Süd, Nord", "Kottbusser Tor = Kotti, Kottbusser\nAlexanderplatz\n")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, describe(n), " Ring: Nord, Ost, Süd, Nord 0\n Ring: Nord, Süd, Ost, Nord 0\n U8: Wittenau, Kottbusser Tor, Hermannstraße 0\n U8: Hermannstraße, Kottbusser Tor, Wittenau 0\n")
	if len(n.Lines) != 3 || len(n.Stops) != 7 || n.Lines[0].Name != "41" {
		t.Errorf("%d lines, %d stops", len(n.Lines), len(n.Stops))
	}
	for _, stop := range n.Stops {
		if stop.Name == "Kottbusser Tor" && !reflect.DeepEqual(stop.OtherNames, []string{"Kotti", "Kottbusser"}) {
			t.Errorf("other names %q", stop.OtherNames)
		}
	}
}

func TestABadListIsAnsweredLineByLine(t *testing.T) {
	_, err := FromLists(": A, B\nU1: A\nU2\nU2\nU3: A,"+strings.Repeat("x", 101), "= a\nB =\nC\nC = c\nD\xff")
	want := `lines, line 1: the name of a line must stand before :
lines, line 2: at least two stops must stand behind :, separated by commas
lines, line 4: "U2" stands in line 3 already
lines, line 5: at least two stops must stand behind :, separated by commas
stops, line 1: the name of a stop must stand before =
stops, line 2: other names must stand behind =, separated by commas
stops, line 4: "C" stands in line 3 already
stops, line 5: names must be in UTF-8`
	want = strings.Replace(want, "lines, line 5: at least two stops must stand behind :, separated by commas", "lines, line 5: a name has at most 100 bytes", 1)
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
	if _, err := ParseNames(strings.Repeat("x\n", maxListLines+1)); err == nil || !strings.Contains(err.Error(), "at most 20000 lines") {
		t.Errorf("got %v", err)
	}
}

func TestANetworkIsTheSameAfterEncoding(t *testing.T) {
	n := read(t, town(), Options{})
	n.Stops[0].OtherNames = []string{"Chapel"}
	var buffer bytes.Buffer
	if err := n.Encode(&buffer); err != nil {
		t.Fatal(err)
	}
	whole := buffer.Bytes()
	again, err := Decode(&buffer)
	if err != nil || !reflect.DeepEqual(n, again) {
		t.Errorf("got %+v, %v", again, err)
	}
	if _, err := Decode(bytes.NewReader(whole[:len(whole)-20])); err == nil {
		t.Error("half a network was decoded")
	}
	for name, broken := range map[string]string{"version": `{"version":99}`, "stop": `{"version":1,"lines":[{"id":"1","name":"1","variants":[{"stops":[0,-1]}]}],"stops":[{"id":"a","name":"A"}]}`} {
		if _, err := Decode(packed(t, broken)); err == nil || name == "version" && !errors.Is(err, ErrVersion) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLinesAreSortedAsPeopleCount(t *testing.T) {
	n, err := FromLists("M10\nM2\n100\n20\n3\n03\nX\nM", "")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, line := range n.Lines {
		names = append(names, line.Name)
	}
	if got := strings.Join(names, " "); got != "03 3 20 100 M M2 M10 X" {
		t.Errorf("got %s", got)
	}
}
