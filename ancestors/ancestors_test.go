package ancestors_test

import (
	"slices"
	"strings"
	"testing"

	"linienfunk/ancestors"
	"linienfunk/ancestors/ancestorstest"
	"linienfunk/censor"
	"linienfunk/settings"
)

func read(t *testing.T, program string, file *ancestorstest.File, literal bool) []ancestors.City {
	t.Helper()
	old, err := ancestors.Open(t.Context(), program, file.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.DB.Close()
	compiler, err := censor.NewCompiler(nil)
	if err != nil {
		t.Fatal(err)
	}
	cities, err := ancestors.Reader{Old: old, Compiler: compiler, Literal: literal}.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return cities
}

// passes reports which texts a city's lists let through.
func passes(t *testing.T, c ancestors.City, texts ...string) (passed []string) {
	t.Helper()
	filter, err := censor.Compile(c.Triggers, c.Blocked)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if filter.Evaluate(text, censor.Said{}).Passed {
			passed = append(passed, text)
		}
	}
	return passed
}

func TestTheFirstTriggersOfTicketfreiMeanWhatTheyWereWrittenFor(t *testing.T) {
	t.Parallel()
	old := ancestorstest.Ticketfrei(t)
	old.TicketfreiCity(1, "Nürnberg", "ada@example.org", ancestorstest.Scrypt)
	texts := []string{"Kontrole am Plärrer", "KONTROLLE am Plärrer", "in der u21", "S4 richtung Ansbach", "Straßenbahn steht", "kontrolle, du bastard", "schönes Wetter", `im s\d`}
	meant := read(t, "ticketfrei", old, false)[0]
	if got, want := passes(t, meant, texts...), texts[:5]; !slices.Equal(got, want) {
		t.Errorf("as meant pass %q, not %q", got, want)
	}
	if got, want := passes(t, read(t, "ticketfrei", old, true)[0], texts...), []string{"Straßenbahn steht", `im s\d`}; !slices.Equal(got, want) {
		t.Errorf("as built pass %q, not %q", got, want)
	}
	sample := ancestors.Sample()
	if built, expressions := ancestors.Passing(meant.Literal, sample), ancestors.Passing(meant.AsMeant, sample); built >= expressions || expressions == len(sample) {
		t.Errorf("of %d reports pass %d and %d", len(sample), built, expressions)
	}
	if len(meant.Lost) != 1 || !strings.Contains(meant.Lost[0], "subscribe by mail") {
		t.Errorf("lost: %q", meant.Lost)
	}
}

func TestABadWordOfTicketfreiIsAWholeWord(t *testing.T) {
	t.Parallel()
	old := ancestorstest.Ticketfrei(t)
	old.TicketfreiCity(1, "Nürnberg", "ada@example.org", ancestorstest.Scrypt)
	old.Exec("UPDATE badwords SET words = 'mist\n@fahrgast\n\n/\n'")
	c := read(t, "ticketfrei", old, false)[0]
	texts := []string{"kontrolle im mistkäfer", "kontrolle mist", "kontrolle @fahrgast", "kontrolle an alle@fahrgast.example", "kontrolle u1 / u2"}
	if got, want := passes(t, c, texts...), []string{texts[0], texts[3]}; !slices.Equal(got, want) {
		t.Errorf("%q pass, not %q", got, want)
	}
}

func TestAPatternOfKibicaraMatchesFromTheBeginning(t *testing.T) {
	t.Parallel()
	old := ancestorstest.Kibicara(t)
	old.Exec(`INSERT INTO hoods VALUES (1, 'Gostenhof', '', 1), (2, 'Johannis', '', 1)`)
	old.Exec(`INSERT INTO triggers (hood, pattern) VALUES (1, 'kontrolle'), (1, '.*zivil|polizei'), (1, '(?<=x)y'), (2, '')`)
	old.Exec(`INSERT INTO badwords (hood, pattern) VALUES (1, '.*idiot')`)
	cities := read(t, "kibicara", old, false)
	texts := []string{"Kontrolle hier", "eine kontrolle", "zwei in zivil", "die polizei", "polizei hier", "kontrolle, idiot"}
	if got, want := passes(t, cities[0], texts...), []string{texts[0], texts[2], texts[4]}; !slices.Equal(got, want) {
		t.Errorf("%q pass, not %q", got, want)
	}
	if len(cities[0].Lost) != 1 || !strings.Contains(cities[0].Lost[0], `line 3 of the triggers, "(?<=x)y"`) {
		t.Errorf("lost: %q", cities[0].Lost)
	}
	if !slices.Equal(cities[1].Triggers, []string{"*"}) {
		t.Errorf("triggers: %q", cities[1].Triggers)
	}
}

func TestAListThatIsTooLongForTheCensorIsCutAndSaysSo(t *testing.T) {
	t.Parallel()
	old := ancestorstest.Ticketfrei(t)
	old.TicketfreiCity(1, "Nürnberg", "ada@example.org", ancestorstest.Scrypt)
	old.Exec("UPDATE triggerpatterns SET patterns = ?", strings.Repeat("u\\d+\n", censor.MaxExpressions+1)+"kontrolle\n"+strings.Repeat("x", censor.MaxLine+1))
	c := read(t, "ticketfrei", old, false)[0]
	if got := passes(t, c, "kontrolle"); len(got) != 1 || len(c.Lost) < 3 {
		t.Errorf("%q pass; lost: %q", got, c.Lost)
	}
}

func TestMarkdownBecomesPlainText(t *testing.T) {
	t.Parallel()
	old := ancestorstest.Ticketfrei(t)
	for n, c := range []struct{ markdown, want string }{
		{"# Nürnberg\n\nSchreibt **uns**, *bitte*:\n\n* [hier](https://example.org/a_b_c)\n* <https://example.org>", "Nürnberg\n\nSchreibt uns, bitte:\n\n* hier (https://example.org/a_b_c)\n* https://example.org"},
		{"![Logo](logo.png)\n***\nein_wort_mit_strichen und `code`", "Logo\n\nein_wort_mit_strichen und code"},
		{"<script>alert(1)</script><b>fett</b>", "fett"},
		{strings.Repeat("wort ", 1000), ""},
	} {
		old.TicketfreiCity(n+1, "Nürnberg", "ada@example.org", ancestorstest.Scrypt)
		old.Exec("UPDATE cities SET markdown = ? WHERE user_id = ?", c.markdown, n+1)
		got := read(t, "ticketfrei", old, false)[n].About
		if c.want != "" && got != c.want || len([]rune(got)) > settings.MaxAbout {
			t.Errorf("%q becomes %q", c.markdown, got)
		}
	}
}
