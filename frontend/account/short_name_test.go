package account

import (
	"slices"
	"testing"

	"linienfunk/settings"
)

func TestAShortNameIsProposedFromTheNameOfTheCity(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"Zürich": "zuerich", "Zu\u0308rich": "zuerich", "Saint-Étienne": "saint-etienne", "Frankfurt am Main": "frankfurt-am-main", "Łódź": "lodz",
		"København": "koebenhavn", "L’Aquila": "laquila", "São Paulo – Centro": "sao-paulo-centro", "İstanbul": "istanbul", "Gießen ": "giessen",
		"Halle (Saale)": "halle-saale", "1. Bezirk": "bezirk", "東京": "", "": "", "Ruhrgebiet und das ganze Umland bis Wuppertal": "ruhrgebiet-und-das-ganze-umland",
		"Llanfairpwllgwyngyllgogerychwyrndrobwll": "llanfairpwllgwyngyllgogerychwyrn",
	} {
		if got := shortName(title); got != want {
			t.Errorf("%q: %q, want %q", title, got, want)
		}
	}
}

func FuzzAProposedShortNameIsValidOrNone(f *testing.F) {
	words, err := loadWords()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Zürich")
	f.Add("x")
	f.Fuzz(func(t *testing.T, title string) {
		if got := shortName(title); len(got) > 1 && !words.name.MatchString(got) {
			t.Errorf("%q: %q", title, got)
		}
	})
}

func TestTheTimeZonesOfBrowsersCanBeChosen(t *testing.T) {
	t.Parallel()
	for old, now := range browserZones {
		if !slices.Contains(settings.Zones(), now) || slices.Contains(settings.Zones(), old) {
			t.Errorf("%s is %s", old, now)
		}
	}
}
