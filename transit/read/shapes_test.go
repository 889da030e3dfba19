package read

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWithoutANetworkWhatLooksLikeALineIsRead(t *testing.T) {
	for language, messages := range map[string]map[string]string{
		"de": {
			"U8 hermannplatz 2 blauwesten":          "inspectors U8",
			"2 Kontrolleure in der u8er":            "inspectors U8",
			"S 41 tempelhof":                        "inspectors S41",
			"u 8 Richtung Norden":                   "inspectors U8",
			"M10, 3 Leute":                          "inspectors M10",
			"Tram 4: Kontrolle":                     "inspectors TRAM 4",
			"Straßenbahn 4 gesperrt":                "disruption TRAM 4",
			"bus 41 hält nicht":                     "inspectors BUS 41",
			"41er Bus, Kontrolle":                   "inspectors BUS 41",
			"Linie 7 fällt aus":                     "disruption 7",
			"Kontrolle Bus m19":                     "inspectors M19",
			"re7 verspätet":                         "disruption RE7",
			"S-Bahn 3: Kontrolle":                   "inspectors SUBURBAN 3",
			"u8/u9 Polizei":                         "police U8, U9",
			"S1, S25 und N7X gesperrt":              "disruption S1, S25, N7X",
			"Ringbahn: kontrolle":                   "inspectors RING",
			"nuxU5 am Gleis":                        "inspectors U5",
			"u8hermannplatz":                        "inspectors U8",
			"ist in der U8 grad was?":               "question U8",
			"sind weg aus der U8":                   "gone U8",
			"2 Personen":                            "other ",
			"18:30 Uhr":                             "other ",
			"um 7":                                  "other ",
			"die 2 am Ausgang":                      "other ",
			"Linie 2 Personen":                      "other ",
			"Stau auf der A1 und A 100":             "other ",
			"am 12.3. und 2024":                     "other ",
			"kostet 60 € oder 60€, im Bus 3€":       "other ",
			"Hauptstr. 5, 3. Stock, 60 m2":          "other ",
			"1x in blau, x2 in zivil, 2m 1w, 2 m 3": "other ",
			"Gleis 3, Wagen 4":                      "other ",
			"Kaiser Ring":                           "other ",
			"siehe https://x.example/u8":            "other ",
		},
		"en": {
			"the 7 train is delayed":      "disruption 7",
			"inspectors on the 41 bus":    "inspectors BUS 41",
			"line B, two inspectors":      "inspectors B",
			"2 trains cancelled":          "disruption ",
			"train 2 minutes late":        "other ",
			"T3 blocked":                  "disruption T3",
			"metro A1 closed":             "disruption A1",
			"I have a train at 5 pm":      "other ",
			"seat 12B, 20% off, 5$":       "other ",
			"i took 3 photos in room 101": "other ",
		},
		"fr": {"contrôle RER A": "inspectors SUBURBAN A", "ligne 12 interrompue": "disruption 12", "ligne b contrôle": "inspectors B", "contrôle t3": "inspectors T3", "le tram à République": "other ", "je prends le train d'Ivry": "other "},
		"es": {"línea 4, revisores": "inspectors 4", "Control L3": "inspectors L3", "colectivo 60 cortado": "disruption BUS 60", "metro a las 7": "other "},
		"it": {"linea A controllori": "inspectors A", "tram 14 controllori": "inspectors TRAM 14", "M1 ferma": "disruption M1"},
		"nl": {"controle lijn 52": "inspectors 52", "tram 14 controleurs": "inspectors TRAM 14"},
		"pl": {"kanary linia 17": "inspectors 17", "tramwaj 17 kanary": "inspectors TRAM 17", "kanary w M2": "inspectors M2", "tramwaj w 5 minut": "other "},
	} {
		reader := newReader(t, nil, Options{Languages: []string{language}})
		for text, want := range messages {
			if got := describeShapes(text, reader.Read(text, Context{})); got != want {
				t.Errorf("%s: %s\n  got  %s\n  want %s", language, text, got, want)
			}
		}
	}
}

func describeShapes(text string, r Reading) string {
	var names []string
	for _, s := range r.Shapes {
		names = append(names, s.Name)
	}
	return string(r.Kind) + " " + strings.Join(names, ", ")
}

func TestAShapeSaysWhereItStands(t *testing.T) {
	text := "Kontrolle: S-Bahn 41, Höhe u 8er!"
	var parts []string
	for _, s := range newReader(t, nil, Options{}).Read(text, Context{}).Shapes {
		parts = append(parts, text[s.Start:s.End])
	}
	if got := strings.Join(parts, "|"); got != "S-Bahn 41|u 8er" {
		t.Errorf("got %s", got)
	}
}

func TestWithANetworkNoShapesAreRead(t *testing.T) {
	_, reader := inventedReader(t, "de")
	if r := reader.Read("U99 Kontrolle, U2 auch", Context{}); len(r.Shapes) > 0 || len(r.Lines) != 1 {
		t.Errorf("got %+v", r)
	}
}

// checkShapes checks what holds for the reading of every text without a network.
func checkShapes(t *testing.T, text string, r Reading) {
	t.Helper()
	if len(r.Lines)+len(r.Stops)+len(r.Directions)+len(r.Open) > 0 || r.Kind == "" || !(r.Confidence >= 0 && r.Confidence <= 1) {
		t.Errorf("%q: %+v", text, r)
	}
	last := 0
	for _, s := range r.Shapes {
		if s.Start < last || s.Start >= s.End || s.End > len(text) || s.Name == "" || utf8.ValidString(text) && !utf8.ValidString(text[s.Start:s.End]) {
			t.Errorf("%q: shape %+v", text, s)
		}
		last = s.End
	}
	for _, w := range r.Words {
		if w.Start < 0 || w.Start >= w.End || w.End > len(text) {
			t.Errorf("%q: word %+v", text, w)
		}
	}
}

// TestShapesHaveTheirDigitsFromTheMessage puts messages together from what may be a line and what must not be one.
func TestShapesHaveTheirDigitsFromTheMessage(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	words := strings.Fields("Kontrolle U8 u 8 41 er M10 Tram bus Linie line B ligne à 18:30 7.12. 2024 60 € 2 Personen A1 S-Bahn ring RER A ring: x2 N7X h5n1 straße - / , . ? https://u8.example")
	reader := newReader(t, nil, Options{})
	for range 20_000 {
		message := ""
		for range 1 + random.IntN(12) {
			message += words[random.IntN(len(words))] + []string{" ", " ", " ", ""}[random.IntN(4)]
		}
		r := reader.Read(message, Context{})
		checkShapes(t, message, r)
		for _, s := range r.Shapes {
			digits := strings.Trim(s.Name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ")
			if part := message[s.Start:s.End]; !strings.Contains(part, digits) || len(digits) > maxLineDigits {
				t.Fatalf("%q: %q is read as %q", message, part, s.Name)
			}
		}
	}
}

// FuzzShapes: without a network no text causes a panic, and shapes are in the text.
func FuzzShapes(f *testing.F) {
	for _, text := range []string{"U8 tram 4 Linie 7", "RER A ligne b 41er bus", "\xff\u0308U\u200b2 S-Bahn", "18:30 2024 60€ A1 x2", "İ8 ŉ9 ß7 Ǆ3 ٣٤ М4"} {
		f.Add(text)
	}
	reader := newReader(f, nil, Options{})
	f.Fuzz(func(t *testing.T, text string) { checkShapes(t, text, reader.Read(text, Context{})) })
}
