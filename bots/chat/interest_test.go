package chat_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/report"
	transit "linienfunk/transit/network"
	"linienfunk/transit/read"
)

// berlinish is a city with a network.
func berlinish(t testing.TB) bots.City {
	t.Helper()
	n, err := transit.FromLists("U8: Wittenau, Osloer Straße, Hermannplatz, Hermannstraße\nM10: Hauptbahnhof, Warschauer Straße\n41: Hermannplatz, Rudow", "Hermannplatz = Hermi")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := read.New(n, read.Options{Languages: []string{"de", "en"}})
	if err != nil {
		t.Fatal(err)
	}
	return bots.City{Name: "b", Lang: "de", Zone: time.UTC, Read: func(text string) report.Reading { return reader.Describe(reader.Read(text, read.Context{})) }}
}

func TestWhatASubscriberTypesIsReadWithTheCitysLinesAndStops(t *testing.T) {
	t.Parallel()
	city := berlinish(t)
	for _, tt := range []struct {
		name, lines, stops, hours string
		want                      chat.Interest
	}{
		{"nothing", "", " ", "", chat.Interest{}},
		{"lines as riders write them", "u8, m10", "", "", chat.Interest{Lines: []string{"U8", "M10"}}},
		{"a line that is a number", "41", "", "", chat.Interest{Lines: []string{"41"}}},
		{"a line twice", "u8 U8", "", "", chat.Interest{Lines: []string{"U8"}}},
		{"stops with other names and typing errors", "", "hermi, osloer str\nWarschauer Strase", "", chat.Interest{Stops: []string{"Hermannplatz", "Osloer Straße", "Warschauer Straße"}}},
		{"hours", "", "", "7-10 16:30 – 19, 22-2", chat.Interest{Hours: []chat.Hours{{420, 600}, {990, 1140}, {1320, 120}}}},
		{"midnight", "", "", "20-24", chat.Interest{Hours: []chat.Hours{{1200, 0}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := chat.ParseInterest(city, tt.lines, tt.stops, tt.hours)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%+v, %v", got, err)
			}
			lines, stops, hours := got.Form()
			if again, err := chat.ParseInterest(city, lines, stops, hours); err != nil || !reflect.DeepEqual(again, got) {
				t.Errorf("its form is read as %+v, %v", again, err)
			}
			if again, err := chat.UnmarshalInterest(got.Marshal()); err != nil || !reflect.DeepEqual(again, got) {
				t.Errorf("stored as %s: %+v, %v", got.Marshal(), again, err)
			}
		})
	}
}

func TestWhatIsUnknownIsNamed(t *testing.T) {
	t.Parallel()
	_, err := chat.ParseInterest(berlinish(t), "U8 U99", "Hermannplatz, Nirgendwo", "7-10 25-26 8")
	var unknown *chat.UnknownError
	if !errors.As(err, &unknown) || !reflect.DeepEqual(*unknown, chat.UnknownError{Lines: []string{"U99"}, Stops: []string{"Nirgendwo"}, Hours: []string{"25-26", "8"}}) {
		t.Errorf("%v", err)
	}
	many := ""
	for i := range chat.MaxInterest + 1 {
		many += (time.Duration(i) * time.Minute).String()[:0] + " " + chat.Hours{From: i, To: i + 1}.String()
	}
	if _, err := chat.ParseInterest(berlinish(t), "", "", many); err == nil || !strings.Contains(err.Error(), "50") {
		t.Errorf("%v", err)
	}
}

func TestASubscriberGetsWhatWasChosen(t *testing.T) {
	t.Parallel()
	city := berlinish(t)
	monday := time.Date(2026, 11, 23, 8, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		name     string
		interest chat.Interest
		text     string
		at       time.Time
		want     bool
	}{
		{"everything", chat.Interest{}, "Kontrolle M10", monday, true},
		{"a chosen line", chat.Interest{Lines: []string{"U8"}}, "Kontrolle U8", monday, true},
		{"another line", chat.Interest{Lines: []string{"U8"}}, "Kontrolle M10", monday, false},
		{"a stop of a chosen line", chat.Interest{Lines: []string{"U8"}}, "Kontrolle am Hermannplatz", monday, true},
		{"a stop of another line", chat.Interest{Lines: []string{"U8"}}, "Kontrolle Warschauer Straße", monday, false},
		{"another line at a stop of both", chat.Interest{Lines: []string{"U8"}}, "Kontrolle Linie 41 Hermannplatz", monday, false},
		{"a chosen stop", chat.Interest{Lines: []string{"M10"}, Stops: []string{"Hermannplatz"}}, "Kontrolle U8 Hermannplatz", monday, true},
		{"a report without a place goes to all", chat.Interest{Lines: []string{"U8"}}, "Kontrolle im Zug", monday, true},
		{"unless the subscriber does not want it", chat.Interest{Lines: []string{"U8"}, Placed: true}, "Kontrolle im Zug", monday, false},
		{"within the hours", chat.Interest{Hours: []chat.Hours{{420, 540}}}, "Kontrolle", monday, true},
		{"at their end", chat.Interest{Hours: []chat.Hours{{420, 510}}}, "Kontrolle", monday, false},
		{"over midnight", chat.Interest{Hours: []chat.Hours{{1320, 540}}}, "Kontrolle", monday, true},
		{"outside of hours over midnight", chat.Interest{Hours: []chat.Hours{{1320, 500}}}, "Kontrolle", monday, false},
		{"on a chosen day", chat.Interest{Days: []time.Weekday{time.Monday}}, "Kontrolle", monday, true},
		{"on another day", chat.Interest{Days: []time.Weekday{time.Monday}}, "Kontrolle", monday.AddDate(0, 0, 1), false},
		{"in the night that began on a chosen day", chat.Interest{Hours: []chat.Hours{{1320, 540}}, Days: []time.Weekday{time.Sunday}}, "Kontrolle", monday, true},
		{"in the night that began on another day", chat.Interest{Hours: []chat.Hours{{1320, 540}}, Days: []time.Weekday{time.Monday}}, "Kontrolle", monday, false},
		{"in one of two parts of a chosen day", chat.Interest{Hours: []chat.Hours{{1320, 540}, {480, 600}}, Days: []time.Weekday{time.Monday}}, "Kontrolle", monday, true},
		{"all day on a chosen day", chat.Interest{Hours: []chat.Hours{{1320, 1320}}, Days: []time.Weekday{time.Monday}}, "Kontrolle", monday, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := report.Report{Text: tt.text, At: tt.at, Means: city.Read(tt.text)}
			if got := tt.interest.Wants(city, r); got != tt.want {
				t.Errorf("%t, read as %+v", got, r.Means)
			}
		})
	}
}

func FuzzInterest(f *testing.F) {
	f.Add("U8, 41", "hermi; Osloer", "7-10 16:30–19")
	f.Add("\x00 U8U8", "\xff,,", "24-24 0.59-1:60 99-1")
	city := berlinish(f)
	f.Fuzz(func(t *testing.T, lines, stops, hours string) {
		i, _ := chat.ParseInterest(city, lines, stops, hours)
		if again, err := chat.UnmarshalInterest(i.Marshal()); err != nil || !reflect.DeepEqual(again, i) {
			t.Errorf("%+v is stored as %+v: %v", i, again, err)
		}
		for _, h := range i.Hours {
			if h.From < 0 || h.From >= 1440 || h.To < 0 || h.To >= 1440 {
				t.Errorf("%q is read as %+v", hours, h)
			}
		}
	})
}
