package read

import (
	"slices"
	"strings"
	"testing"

	"linienfunk/transit/network"
)

// invented are the networks of towns that do not exist, by language.
var invented = map[string][2]string{
	"de": {"U2: Nordtor, Tannenstraße, Mühlenplatz, Südhafen\nU5: Mühlenplatz, Lindenallee, Schloss Birkenau\nS41: Mühlenplatz, Tannenstraße, Westkai, Mühlenplatz\nM4: Tannenstraße, Lindenallee, Alt-Ettenheim\n12: Nordtor, Tannenweg, Hauptbahnhof",
		"Mühlenplatz = Mühli\nSchloss Birkenau"},
	"en": {"Harbour Line: Northgate, Mill Road, Castle Square, Harbour\n4: Mill Road, Market Street, Old Bridge\nC: Castle Square, Union Street, Kings Park", ""},
	"fr": {"4: Porte de la Reine, Place du Marché, Mairie, Gare du Lac\nB: Mairie, Saint-Firmin, Aéroport\nT2: Place du Marché, Pont Vieux, Stade", ""},
	"es": {"L3: Plaza Mayor, Puerta del Río, Hospital del Norte, Aeropuerto\nL7: Puerta del Río, San Telmo, Avenida del Parque", ""},
	"it": {"M1: Piazza Grande, Porta Nuova, Ospedale Vecchio, Fiera\n14: Porta Nuova, Via dei Pini, Stadio", ""},
	"nl": {"52: Noorderpoort, Molenplein, Oude Gracht, Zuidhaven\n14: Molenplein, Lindenlaan, Slotervliet", ""},
	"pl": {"M2: Rondo Zielone, Plac Młyński, Dworzec Leśny, Kępa\n17: Plac Młyński, Lipowa, Osiedle Sosnowe", ""},
}

func inventedReader(t testing.TB, language string) (*network.Network, *Reader) {
	t.Helper()
	n, err := network.FromLists(invented[language][0], invented[language][1])
	if err != nil {
		t.Fatal(err)
	}
	return n, newReader(t, n, Options{Languages: []string{language}})
}

func TestWhatRidersMeanIsRead(t *testing.T) {
	for language, messages := range map[string]map[string]string{
		"de": {
			"U2 Tannenstr 2 Blauwesten":                        "inspectors U2 | Tannenstraße | ",
			"u 2 tannenstrasse":                                "inspectors U2 | Tannenstraße | ",
			"Kontrolle in der U2er Muehlenplatz Ri. Suedhafen": "inspectors U2 | Mühlenplatz | Südhafen",
			"U5 Mühli Richtung Birkenau":                       "inspectors U5 | Mühlenplatz | Schloss Birkenau",
			"3 Kontrolleure lindenale u5":                      "inspectors U5 | Lindenallee | ",
			"u5 lindenalee -> birkenau":                        "inspectors U5 | Lindenallee | Schloss Birkenau",
			"Linie 12 Tannenweg nach Hauptbahnhof":             "inspectors 12 | Tannenweg | Hauptbahnhof",
			"Tram 4 Lindenallee":                               "inspectors M4 | Lindenallee | ",
			"Ring westkai richtung tannenstraße":               "inspectors S41 | Westkai | ",
			"zwischen Nordtor und Tannenstraße in der U2":      "inspectors U2 | Nordtor, Tannenstraße | ",
			"von Nordtor nach Tannenstraße, U2":                "inspectors U2 | Tannenstraße, Nordtor | ",
			"Polizei am Westkai":                               "police S41 | Westkai | ",
			"sind weg vom Westkai":                             "gone S41 | Westkai | ",
			"keine Kontrolle am Westkai":                       "gone S41 | Westkai | ",
			"U2 fällt aus":                                     "disruption U2 |  | ",
			"um 12 am Nordtor 2 Personen":                      "inspectors  | Nordtor | ",
			"18:12 Lindenallee 12 Männer":                      "inspectors  | Lindenallee | ",
			"Tannen 2 Kontrolleure":                            "inspectors  |  | ", // Tannenstraße or Tannenweg
			"12 Richtung Nordtor Tannen 2 Kontrolleure":        "inspectors 12 | Tannenweg | Nordtor",
			"ausgestiegen Alt-Ettenheim":                       "inspectors M4 | Alt-Ettenheim | ",
			"Weiß jemand, ob am Westkai kontrolliert wird?":    "question S41 | Westkai | ",
			"Nordtor -> Südhafen 2 Blauwesten":                 "inspectors  | Nordtor | Südhafen",
			"U2 Nordtor -> Tannenstraße ausgestiegen":          "inspectors U2 | Tannenstraße, Nordtor | ",
			"U2 Rictung Südhafen, Tannenstr":                   "inspectors U2 | Tannenstraße | Südhafen",
			"U2 Südhafen. Jetzt Tannenstraße":                  "inspectors U2 | Tannenstraße | Südhafen",
			"U2 Tannenstraße Südhafen Richtung":                "inspectors U2 | Tannenstraße | Südhafen",
			"U2/U5 Mühlenplatz":                                "inspectors U2, U5 | Mühlenplatz | ",
			"siehe https://karte.example/westkai?u5":           "other  |  | ",
			"weiß jemand ob am westkai noch welche sind":       "question S41 | Westkai | ",
			"Haben die in der U2 kontrolliert?":                "question U2 |  | ",
			"Linden Straße, 2 Leute":                           "other  |  | ", // a street that has no stop
			"MaxKontrolle U2 TannenstraßeWirklich":             "inspectors U2 | Tannenstraße | ",
			"schloss birkenav u5":                              "inspectors U5 | Schloss Birkenau | ",
			"Danke euch allen, bis morgen":                     "other  |  | ",
			"U3 Richtung Unbekannt":                            "other  |  | ",
		},
		"en": {
			"Harbour line, two inspectors at castle sq": "inspectors Harbour Line | Castle Square | ",
			"inspectors on the 4 at Market St":          "inspectors 4 | Market Street | ",
			"C train towards Kings Park at Union St":    "inspectors C | Union Street | Kings Park",
			"4 inspectors at Northgate":                 "inspectors Harbour Line | Northgate | ",
			"old bridge bound 4 at mill rd, blue vests": "inspectors 4 | Mill Road | Old Bridge",
			"no inspectors at Northgate":                "gone Harbour Line | Northgate | ",
			"the 4 is delayed":                          "disruption 4 |  | ",
			"got off at Union Street":                   "inspectors C | Union Street | ",
			"see you tomorrow at four":                  "other  |  | ",
		},
		"fr": {
			"Contrôleurs ligne 4 place du marche direction gare du lac": "inspectors 4 | Place du Marché | Gare du Lac",
			"RER B st firmin vers aeroport 3 agents":                    "inspectors B | Saint-Firmin | Aéroport",
			"controle t2 pont vieux":                                    "inspectors T2 | Pont Vieux | ",
			"Pte de la Reine, contrôle en civil":                        "inspectors 4 | Porte de la Reine | ",
			"ligne 4 interrompue":                                       "disruption 4 |  | ",
		},
		"es": {
			"Revisores en la L3 puerta del rio dirección aeropuerto": "inspectors L3 | Puerta del Río | Aeropuerto",
			"L7 san telmo 2 inspectores":                             "inspectors L7 | San Telmo | ",
			"control en Pza Mayor":                                   "inspectors L3 | Plaza Mayor | ",
		},
		"it": {
			"Controllori sulla M1 a Porta Nuova direzione Fiera": "inspectors M1 | Porta Nuova | Fiera",
			"tram 14 via dei pini 2 controllori":                 "inspectors 14 | Via dei Pini | ",
			"sciopero, M1 ferma":                                 "disruption M1 |  | ",
		},
		"nl": {
			"Controleurs lijn 52 molenpln richting zuidhaven": "inspectors 52 | Molenplein | Zuidhaven",
			"tram 14 lindenlaan 3 boa's":                      "inspectors 14 | Lindenlaan | ",
			"controle metro oude gracht":                      "inspectors 52 | Oude Gracht | ",
		},
		"pl": {
			"Kanary w 17 na Lipowej":                           "inspectors 17 | Lipowa | ",
			"kontrola M2 rondo zielone kierunek Kepa":          "inspectors M2 | Rondo Zielone | Kępa",
			"linia 17 pl mlynski kanary, kierunek os. Sosnowe": "inspectors 17 | Plac Młyński | Osiedle Sosnowe",
		},
	} {
		n, reader := inventedReader(t, language)
		for text, want := range messages {
			if got := describe(n, reader.Read(text, Context{})); got != want {
				t.Errorf("%s: %s\n  got  %s\n  want %s", language, text, got, want)
			}
		}
	}
}

// describe shows a reading: "inspectors U2 | Tannenstraße | Südhafen".
func describe(n *network.Network, r Reading) string {
	var lines, stops, directions []string
	for _, i := range r.Lines {
		lines = append(lines, n.Lines[i].Name)
	}
	for _, i := range r.Stops {
		stops = append(stops, n.Stops[i].Name)
	}
	for _, i := range r.Directions {
		directions = append(directions, n.Stops[i].Name)
	}
	return string(r.Kind) + " " + strings.Join(lines, ", ") + " | " + strings.Join(stops, ", ") + " | " + strings.Join(directions, ", ")
}

func TestRecentReadingsSettleWhatIsAmbiguous(t *testing.T) {
	n, reader := inventedReader(t, "de")
	recent := reader.Read("12 Tannenweg", Context{})
	got := reader.Read("Tannen 2 Kontrolleure", Context{Recent: []Reading{recent}})
	if describe(n, got) != "inspectors 12 | Tannenweg | " {
		t.Errorf("got %s", describe(n, got))
	}
	open := reader.Read("Tannen 2 Kontrolleure", Context{})
	if len(open.Open) != 1 || len(open.Open[0].Stops) != 2 || open.Open[0].Start != 0 || open.Open[0].End != 6 {
		t.Errorf("left open: %+v", open.Open)
	}
}

func TestTheWordsThatDecidedAreNamed(t *testing.T) {
	_, reader := inventedReader(t, "de")
	text := "Kontrolle: U2, Mühlenplatz Ri Südhafen"
	var words []string
	for _, w := range reader.Read(text, Context{}).Words {
		words = append(words, string(w.For)+" "+text[w.Start:w.End])
	}
	want := []string{"kind Kontrolle", "line U2", "stop Mühlenplatz", "direction Südhafen"}
	if !slices.Equal(words, want) {
		t.Errorf("got %q, want %q", words, want)
	}
}

func TestOtherNamesOfAnAdminAreRead(t *testing.T) {
	n, err := network.FromLists(invented["de"][0], "")
	if err != nil {
		t.Fatal(err)
	}
	names, err := network.ParseNames("Mühlenplatz = Windmühle\nNirgends = Nix")
	if err != nil {
		t.Fatal(err)
	}
	reader := newReader(t, n, Options{Languages: []string{"de"}, Names: names})
	if got := describe(n, reader.Read("U5 windmühle", Context{})); got != "inspectors U5 | Mühlenplatz | " {
		t.Errorf("got %s", got)
	}
	if unplaced := reader.Unplaced(); len(unplaced) != 1 || unplaced[0].Stop != "Nirgends" {
		t.Errorf("unplaced: %v", unplaced)
	}
}

func TestAllLanguagesCanBeReadAtOnce(t *testing.T) {
	if _, err := New(&network.Network{}, Options{Languages: []string{"xx"}}); err == nil || err.Error() != `read: there are no words of the language "xx"` {
		t.Errorf("got %v", err)
	}
	n, err := network.FromLists(invented["de"][0], "")
	if err != nil {
		t.Fatal(err)
	}
	reader := newReader(t, n, Options{})
	for _, text := range []string{"U2 Tannenstr Richtung Südhafen", "U2 Tannenstr towards Südhafen", "U2 Tannenstr direction Südhafen", "U2 Tannenstr hacia Südhafen", "U2 Tannenstr kierunek Südhafen"} {
		if got := first(n, reader.Read(text, Context{})); got != [3]string{"U2", "Tannenstraße", "Südhafen"} {
			t.Errorf("%s: %q", text, got)
		}
	}
}
