package censor

import (
	"testing"
	"time"

	"linienfunk/transit/network"
	"linienfunk/transit/read"
)

// testReader reads messages of a city with two lines that cross.
func testReader(t testing.TB) *read.Reader {
	t.Helper()
	n, err := network.FromLists("U8: Wittenau, Osloer Straße, Hermannplatz, Hermannstraße\nU7: Spandau, Hermannplatz, Rudow\nM10: Hauptbahnhof, Warschauer Straße", "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := read.New(n, read.Options{Languages: []string{"de", "en"}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAReportRepeatsAnotherIfItSaysNothingNew(t *testing.T) {
	t.Parallel()
	reader := testReader(t)
	tests := []struct {
		name, first, later string
		repeats            bool
	}{
		{"the same words", "Kontrolle U8 Hermannplatz", "kontrolle u8 hermannplatz!", true},
		{"other words for the same", "U8 Hermannplatz zwei Kontrolleure", "Ticket inspectors at Hermannplatz, U8", true},
		{"the line alone, after line and stop", "Kontrolle U8 Hermannplatz", "Kontrolleure in der U8", true},
		{"the stop alone, after line and stop", "Kontrolle U8 Hermannplatz", "Kontrolleure Hermannplatz", true},
		{"the line as well, after the stop", "Kontrolle Hermannplatz", "Kontrolleure U8 Hermannplatz", true},
		{"a stop is news after the line", "Kontrolle U8", "Kontrolle U8 Hermannplatz", false},
		{"another stop is news", "Kontrolle U8 Hermannplatz", "Kontrolle U8 Osloer Straße", false},
		{"a further stop is news", "Kontrolle U8 Hermannplatz", "Kontrolle U8 Hermannplatz und Osloer Straße", false},
		{"another line at the stop is news", "Kontrolle U8 Hermannplatz", "Kontrolle U7 Hermannplatz", false},
		{"a direction is news", "Kontrolle U8 Hermannplatz", "Kontrolle U8 Hermannplatz Richtung Wittenau", false},
		{"another direction is news", "Kontrolle U8 Hermannplatz Richtung Wittenau", "Kontrolle U8 Hermannplatz Richtung Hermannstraße", false},
		{"another kind is news", "Kontrolle U8 Hermannplatz", "Polizei U8 Hermannplatz", false},
		{"of disruptions the words count too", "U8 Hermannplatz gesperrt", "U8 am Hermannplatz gesperrt wegen Feuer", false},
		{"fewer words about a disruption", "U8 am Hermannplatz gesperrt wegen Feuer", "U8 Hermannplatz gesperrt wegen Feuer", true},
		{"a question is no report of the same", "Kontrolle U8 Hermannplatz", "Ist am Hermannplatz U8 Kontrolle?", false},
		{"two questions", "Ist am Hermannplatz U8 Kontrolle?", "Ist am Hermannplatz U8 Kontrolle?", false},
		{"a further line is news", "Kontrolle U8 Hermannplatz", "Kontrolle U8 Hermannplatz, jetzt auch U7", false},
		{"still there is none", "Kontrolle U8 Hermannplatz", "immer noch Kontrolle U8 Hermannplatz", true},
		{"the other way between two stops is news", "Kontrolle U8 von Hermannplatz nach Osloer Straße", "Kontrolle U8 von Osloer Straße nach Hermannplatz", false},
		{"that the police are there too is news", "Kontrolle U8 Hermannplatz", "Kontrolle U8 Hermannplatz mit Polizei", false},
		{"that nothing runs either is news", "Kontrolle U8 Hermannplatz", "Kontrolle Hermannplatz, U8 gesperrt", false},
		{"less than both is none", "Kontrolle Hermannplatz, U8 gesperrt wegen Polizei", "Kontrolle U8 Hermannplatz", true},
		{"that they got off is news", "Kontrolle U8 Hermannplatz", "Kontrolleure Hermannplatz aus der U8 ausgestiegen", false},
		{"that they got on is news", "Kontrolle U8 Hermannplatz", "Kontrolleure Hermannplatz in die U8 eingestiegen", false},
		{"a place alone", "Kontrolle U8 Hermannplatz", "U8 Hermannplatz", true},
		{"a place and words that nobody can read", "Kontrolle U8 Hermannplatz", "U8 fährt nicht Hermannplatz", false},
		{"inspectors after a place and words that nobody can read", "U8 fährt nicht Hermannplatz", "Kontrolle U8 Hermannplatz", false},
		{"the same words without a place", "Kontrolleure im Zug", "kontrolleure im zug", true},
		{"other words without a place", "Kontrolleure im Zug", "Kontrolleure im Bus", false},
		{"few of the words without a place", "Kontrolleure im Bus nach Waldesruh", "Kontrolleure", false},
		{"the same words the other way round", "Kontrolleure von Nord nach Süd", "Kontrolleure von Süd nach Nord", false},
		{"another number without a place", "Kontrolle 17", "Kontrolle 18", false},
		{"no words", "🚨", "🚨", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sight := func(text string) *sighting {
				return newSighting(text, time.Time{}, "", text, reader, reader.Read(text, read.Context{}))
			}
			first, later := sight(tt.first), sight(tt.later)
			if got := first.repeats(later); got != tt.repeats {
				t.Errorf("%t; read as %+v and %+v", got, first.means, later.means)
			}
		})
	}
}

func TestAReportThatTheyHaveLeftEndsThoseOfThePlace(t *testing.T) {
	t.Parallel()
	reader := testReader(t)
	for _, tt := range []struct {
		first, later string
		ends         bool
	}{
		{"Kontrolle U8 Hermannplatz", "Hermannplatz sind weg", true},
		{"Kontrolle Hermannplatz", "Kontrolleure am Hermannplatz sind weg", true},
		{"Kontrolle U8 Hermannplatz", "U8 ist wieder frei, sind weg", true},
		{"Kontrolle U8 Hermannplatz", "Osloer Straße sind weg", false},
		{"Kontrolle U8 Hermannplatz", "M10 sind weg", false},
		{"Kontrolle U8 Hermannplatz", "sind weg", false},
		{"Hermannplatz sind weg", "Hermannplatz sind weg", false},
		{"Kontrolle U8 Hermannplatz", "Kontrolle U8 Hermannplatz", false},
		{"Kontrolle U8 Hermannplatz", "Hermannplatz noch nicht weg", false},
		{"Kontrolle U8 Osloer Straße", "Hermannplatz sind weg, jetzt Osloer Straße", false},
		{"Kontrolle U8 Hermannplatz und Osloer Straße", "Hermannplatz sind weg", false}, // what of the other stop?
		{"Kontrolle U8 und U7 Hermannplatz", "U8 Hermannplatz sind weg", false},
		{"Kontrolle U8 Hermannplatz Richtung Wittenau", "U8 Richtung Hermannstraße sind weg", false},
		{"Kontrolle U8 Hermannplatz Richtung Wittenau", "U8 Richtung Wittenau sind weg", true},
		{"U8 Hermannplatz gesperrt", "Hermannplatz sind weg", false},
		{"U8 Hermannplatz gesperrt", "Hermannplatz Sperrung ist weg", true},
		{"Kontrolle U8 Hermannplatz", "Hermannplatz Polizei ist weg", false},
		{"Kontrolle mit Polizei U8 Hermannplatz", "Kontrolle Hermannplatz ist weg", false}, // what of the police?
		{"Kontrolle mit Polizei U8 Hermannplatz", "Hermannplatz alle weg", true},
	} {
		sight := func(text string) *sighting {
			return newSighting(text, time.Time{}, "", text, reader, reader.Read(text, read.Context{}))
		}
		first, later := sight(tt.first), sight(tt.later)
		if got := first.over(later); got != tt.ends {
			t.Errorf("%q after %q: %t; read as %+v and %+v", tt.later, tt.first, got, first.means, later.means)
		}
	}
}

func TestAReportThatTheyHaveLeftEndsNoneThatIsNewerThanIt(t *testing.T) {
	t.Parallel()
	reader := testReader(t)
	now := time.Now()
	sight := func(text string, at time.Time) *sighting {
		return newSighting(text, at, "", text, reader, reader.Read(text, read.Context{}))
	}
	if sight("Kontrolle U8 Hermannplatz", now).over(sight("Hermannplatz sind weg", now.Add(-time.Minute))) {
		t.Error("ended by a report that came late")
	}
}

// A flood of different reports is compared with db.MaxRecent of them.
func BenchmarkComparison(b *testing.B) {
	reader := testReader(b)
	first := newSighting("1", time.Time{}, "", "Kontrolle Nummer 1 im Zug", reader, read.Reading{})
	later := newSighting("2", time.Time{}, "", "Kontrolle Nummer 2 im Zug", reader, read.Reading{})
	for b.Loop() {
		first.repeats(later)
	}
}
