package read

import (
	"slices"
	"testing"

	"linienfunk/transit/network"
)

func TestAMessageHasOneKindAndSaysWhatElseItIsAbout(t *testing.T) {
	t.Parallel()
	n, err := network.FromLists("U8: Wittenau, Osloer Straße, Hermannplatz, Hermannstraße\nU7: Spandau, Hermannplatz, Rudow", "")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := New(n, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text string
		kind Kind
		also []Kind
	}{
		{"Kontrolle U8 Hermannplatz", Inspectors, nil},
		{"Kontrolle U8 Hermannplatz mit Polizei", Inspectors, []Kind{Police}},
		{"Kontrolle U8 Hermannplatz, die Strecke ist gesperrt", Inspectors, []Kind{Disruption}},
		{"Kontrolleure am Hermannplatz sind weg", Gone, []Kind{Inspectors}},
		{"Hermannplatz sind noch nicht weg", Inspectors, nil},
		{"U8 ist nicht frei, Kontrolle Hermannplatz", Inspectors, nil},
		{"Hermannplatz noch nicht ganz sauber", Inspectors, nil},
		{"Inspectors at Hermannplatz are not gone", Inspectors, nil},
		{"contrôleurs Hermannplatz pas encore partis", Inspectors, nil},
		{"Hermannplatz nicht mehr da", Gone, nil},
		{"Nein, nicht U8. Hermannplatz sind weg", Gone, nil},
		{"Inspectors no longer at Hermannplatz", Gone, []Kind{Inspectors}},
	} {
		if got := reader.Read(tt.text, Context{}); got.Kind != tt.kind || !slices.Equal(got.Also, tt.also) {
			t.Errorf("%q: %s and %s, want %s and %s", tt.text, got.Kind, got.Also, tt.kind, tt.also)
		}
	}
}
