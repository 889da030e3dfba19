package read

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/transit/network"
)

// habits are ways to write the name of a stop, and the share of the stops of railways that must be found in it when their line is said, and when it is not.
var habits = []struct {
	name               string
	write              func(name string, random *rand.Rand) string
	withLine, withNone float64
}{
	{"as it is", func(name string, _ *rand.Rand) string { return name }, 0.99, 0.98},
	{"small letters", func(name string, _ *rand.Rand) string { return strings.ToLower(name) }, 0.99, 0.98},
	{"umlauts as two letters", func(name string, _ *rand.Rand) string {
		return strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "Ö", "Oe").Replace(name)
	}, 0.99, 0.98},
	{"umlauts without dots", func(name string, _ *rand.Rand) string {
		return strings.NewReplacer("ä", "a", "ö", "o", "ü", "u", "ß", "s", "Ö", "O").Replace(name)
	}, 0.99, 0.98},
	{"no spaces", func(name string, _ *rand.Rand) string { return strings.NewReplacer(" ", "", "-", "").Replace(name) }, 0.99, 0.98},
	{"a space before the type", func(name string, _ *rand.Rand) string {
		return regexp.MustCompile(`([a-zäöüß])(platz|str\.|allee|damm|brücke|park)$`).ReplaceAllString(name, "$1 $2")
	}, 0.99, 0.98},
	{"street in full", func(name string, _ *rand.Rand) string { return strings.Replace(name, "str.", "straße", 1) }, 0.99, 0.98},
	{"no type", func(name string, _ *rand.Rand) string {
		short := strings.Trim(regexp.MustCompile(`[ -]?(([Pp]lat)z|[Ss]tr\.|[Aa]llee|[Dd]amm|[Bb]rücke)$`).ReplaceAllString(name, ""), " -")
		if utf8.RuneCountInString(short) < 4 {
			return name
		}
		return short
	}, 0.98, 0.9},
	{"one letter is missing", func(name string, random *rand.Rand) string { return mistype(name, random, 0) }, 0.98, 0.95},
	{"one letter is another", func(name string, random *rand.Rand) string { return mistype(name, random, 1) }, 0.98, 0.95},
	{"two letters have changed places", func(name string, random *rand.Rand) string { return mistype(name, random, 2) }, 0.98, 0.95},
	{"one letter is there twice", func(name string, random *rand.Rand) string { return mistype(name, random, 3) }, 0.98, 0.95},
}

// mistype changes a letter of a name, but not its first one, if it is long enough to be recognised.
func mistype(name string, random *rand.Rand, kind int) string {
	letters := []rune(name)
	if len(letters) < 6 {
		return name
	}
	at := 1 + random.IntN(len(letters)-2)
	switch kind {
	case 0:
		return string(append(letters[:at:at], letters[at+1:]...))
	case 1:
		letters[at] = 'a' + rune(random.IntN(26))
	case 2:
		letters[at], letters[at+1] = letters[at+1], letters[at]
	case 3:
		return string(letters[:at+1]) + string(letters[at:])
	}
	return string(letters)
}

// TestStopsAreFoundHoweverRidersWriteThem writes the stops of all railways of a city in the ways in which riders do.
func TestStopsAreFoundHoweverRidersWriteThem(t *testing.T) {
	n := readFeed(t, "testdata/berlin.zip")
	reader := newReader(t, n, Options{Languages: []string{"de", "en"}})
	remark := regexp.MustCompile(` ?\(.*| Bhf$|^(S\+U|S|U) `)
	for _, habit := range habits {
		random := rand.New(rand.NewPCG(5, 6))
		var all, withLine, withNone int
		for _, line := range n.Lines {
			if line.Kind != network.Subway && line.Kind != network.Suburban {
				continue
			}
			for _, stop := range line.Variants[0].Stops {
				name := habit.write(remark.ReplaceAllString(n.Stops[stop].Name, ""), random)
				found := func(text string) bool {
					r := reader.Read(text, Context{})
					got := append(r.Stops, r.Directions...)
					return len(got) > 0 && sameStation(n, n.Stops[stop].Name, n.Stops[got[0]].Name)
				}
				all++
				if found(line.Name + " " + name + " 2 Kontrolleure") {
					withLine++
				} else {
					t.Logf("%s: %s %s", habit.name, line.Name, name)
				}
				if found("2 Kontrolleure am " + name) {
					withNone++
				}
			}
		}
		a, b := float64(withLine)/float64(all), float64(withNone)/float64(all)
		t.Logf("%s: %.3f with the line, %.3f without", habit.name, a, b)
		if a < habit.withLine || b < habit.withNone {
			t.Errorf("%s: %.3f of the stops are found with their line, and %.3f without", habit.name, a, b)
		}
	}
}

// sentences are ways to say a line, a stop and a terminal in a city: LINE, STOP, NEXT (a stop behind it) and END are replaced. What is said comes behind it; - is none.
var sentences = map[string][]struct{ text, want string }{
	"berlin": {
		{"LINE STOP Richtung END 2 Blauwesten", "LINE STOP END"},
		{"2 Kontrolleure STOP LINE ri END", "LINE STOP END"},
		{"LINE Richtung END, jetzt STOP", "LINE STOP END"},
		{"Kontrolle in der LINE nach END, gerade STOP", "LINE STOP END"},
		{"LINE STOP -> END", "LINE STOP END"},
		{"STOP, LINE, Rtg. END. 3 Männer in Zivil", "LINE STOP END"},
		{"LINE STOP, END direction, 2 men", "LINE STOP END"},
		{"inspectors on the LINE at STOP towards END", "LINE STOP END"},
		{"LINE to END, 2 guys at STOP", "LINE STOP END"},
		{"LINE zwischen STOP und NEXT kontrolle", "LINE STOP -"},
		{"LINE STOP Richtung NEXT 2 kontis", "LINE STOP END"},
		{"LINE Richtung END kontrolle", "LINE - END"},
		{"am STOP stehen 3 Kontrolleure, LINE Bahnsteig", "LINE STOP -"},
		{"LINE STOP 2 Personen um 7, 18:30", "LINE STOP -"},
	},
	"newyork": {
		{"2 inspectors on the LINE train at STOP towards END", "LINE STOP END"},
		{"LINE train STOP, END bound", "LINE STOP END"},
		{"the LINE to END, cops at STOP", "LINE STOP END"},
		{"STOP on the LINE, two men in vests", "LINE STOP -"},
		{"LINE line between STOP and NEXT", "LINE STOP -"},
		{"END bound LINE train, 3 officers", "LINE - END"},
		{"LINE train now at STOP", "LINE STOP -"},
	},
}

// TestLinesStopsAndDirectionsAreToldApart puts three stops of each railway and tram into sentences.
func TestLinesStopsAndDirectionsAreToldApart(t *testing.T) {
	const least = 0.95
	for city, sentences := range sentences {
		t.Run(city, func(t *testing.T) { tellApart(t, city, sentences, least) })
	}
}

func tellApart(t *testing.T, city string, sentences []struct{ text, want string }, least float64) {
	n := readFeed(t, "testdata/"+city+".zip")
	reader := newReader(t, n, Options{Languages: []string{"de", "en"}})
	remark := regexp.MustCompile(` ?[\(\[].*| Bhf$|^(S\+U|S|U) |Berlin, `)
	name := func(stop int) string { return remark.ReplaceAllString(n.Stops[stop].Name, "") }
	for _, sentence := range sentences {
		random := rand.New(rand.NewPCG(7, 8))
		all, right := 0, 0
		for _, line := range n.Lines {
			if line.IsRing() || len(line.Variants[0].Stops) < 4 || rankOf(line.Kind) == 0 || strings.Contains(sentence.text, "Bahnsteig") && line.Kind == network.Tram {
				continue
			}
			for range 3 {
				stops := line.Variants[0].Stops
				at := random.IntN(len(stops) - 2)
				stop, next, end := stops[at], stops[at+1], stops[len(stops)-1]
				text := strings.NewReplacer("LINE", line.Name, "STOP", name(stop), "NEXT", name(next), "END", name(end)).Replace(sentence.text)
				want := map[string]int{"STOP": stop, "END": end}
				got := first(n, reader.Read(text, Context{}))
				all++
				ok := strings.EqualFold(got[0], line.Name)
				for i, part := range strings.Fields(sentence.want)[1:] {
					wanted := ""
					if part != "-" {
						wanted = n.Stops[want[part]].Name
					}
					ok = ok && sameStation(n, wanted, got[i+1])
				}
				if ok {
					right++
				} else {
					t.Logf("%s: got %s", text, strings.Join(got[:], " | "))
				}
			}
		}
		share := float64(right) / float64(all)
		t.Logf("%s: %.3f of %d", sentence.text, share, all)
		if share < least {
			t.Errorf("%s: %.3f are read right", sentence.text, share)
		}
	}
}
