package text

import (
	"slices"
	"strings"
	"testing"
)

// cut returns the text that Cut keeps.
func cut(body string) string {
	kept, _ := Cut(body)
	return kept
}

// checkCut checks the text that Cut keeps of a body.
func checkCut(t *testing.T, body, want string) {
	t.Helper()
	if got := cut(body); got != want {
		t.Errorf("%q became %q, want %q", body, got, want)
	}
}

// testCut checks the text that Cut keeps of each body. An empty value means the whole body.
func testCut(t *testing.T, wants map[string]string) {
	t.Helper()
	for body, want := range wants {
		if want == "" {
			want = body
		}
		checkCut(t, body, want)
	}
}

func TestTextsThatOnlyLookLikeQuotationsStay(t *testing.T) {
	t.Parallel()
	testCut(t, map[string]string{
		"Am Hermannplatz schrieb jemand etwas auf":           "",
		"On line 4: inspectors":                              "",
		"von: hermannplatz nach: südstern":                   "",
		"Am 3. Gleis: Kontrolle":                             "",
		"Sent two inspectors away\nstill one there":          "",
		"u8 -- beide Richtungen":                             "",
		"----------":                                         "",
		"Gesendet wird nur noch auf Linie 4":                 "",
		">3 kontrolleure u8":                                 "",
		"u8 hermannplatz\n>3 kontrolleure\nin zivil":         "",
		"von: zoo\nan: alex\ndatum: jetzt\nkontrolle":        "",
		"from: zoo\nto: alex\ncc: all\ninspectors":           "",
		"On Sat, 21 Nov 2026 Zoë wrote:\n> wo?\n\n>3 im zoo": ">3 im zoo",
	})
}

func TestQuotationsWithANumberOrAShortHeaderAreCut(t *testing.T) {
	t.Parallel()
	testCut(t, map[string]string{
		"kontrolle\n> wo?\n>3 kontrolleure":                                         "kontrolle",
		"kontrolle\n>3 kontrolleure\n> wo?":                                         "kontrolle",
		"kontrolle\nOn Sat, 21 Nov 2026 Zoë wrote:\n\n>3 inspectors":                "kontrolle",
		"kontrolle\nVon: Zoë <zoe@rider.example>\nAn: alex\nDatum: jetzt\nu8":       "kontrolle",
		"kontrolle\nVon: Zoë\nGesendet: heute\nAn: alex\nBetreff: u8\nu8":           "kontrolle",
		"On Sat, 21 Nov 2026 Zoë wrote:\n> where?\n\n>3 inspectors u8":              ">3 inspectors u8",
		"kontrolle\n________________________________\nVon: Zoë\nkommt noch was":     "kontrolle",
		"kontrolle\n-----Ursprüngliche Nachricht-----\nwo denn?":                    "kontrolle",
		"kontrolle\nAnfang der weitergeleiteten Nachricht:\n\nwo denn?":             "kontrolle",
		"kontrolle\n-- \nHans Riesig":                                               "kontrolle",
		"kontrolle\n--\nHans Riesig":                                                "kontrolle",
		"kontrolle\n\n> " + strings.Repeat("eine sehr lange zeile ", 40):            "kontrolle",
		"kontrolle\n" + strings.Repeat("> wo? ", 100) + "\n" + "\n> danke\nu8 noch": "kontrolle\n\nu8 noch",
	})
}

func TestTheRulesThatCutSomethingAreNamed(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		"kontrolle u8":        nil,
		"kontrolle u8\n> wo?": {"quoted line"},
		"kontrolle u8\nRita wrote on 3 April 2026:\n\nwo?":  {"attribution line"},
		"kontrolle u8\nVon: R\nDatum: x\nBetreff: y\nwo?":   {"header block"},
		"kontrolle u8\n---- Original Message ----\nwo?":     {"reply separator"},
		"kontrolle u8\n-- \nRita":                           {"signature separator"},
		"Rita schreibt: kontrolle u8":                       {"inline attribution"},
		"kontrolle u8\nSent from my iPhone":                 {"advertisement"},
		"kontrolle u8\nSent from my iPhone\nRita":           {"advertisement", "name below an advertisement"},
		"kontrolle u8\nLG Rita\n\nRita wrote:\n> wo?\n> ok": {"attribution line", "closing", "quoted line"},
	} {
		if _, applied := Cut(body); !slices.Equal(applied, want) {
			t.Errorf("%q: %q, want %q", body, applied, want)
		}
	}
}

func TestEveryRuleIsNeededForAMail(t *testing.T) {
	t.Parallel()
	applied := map[string]bool{}
	for _, path := range mails(t) {
		for _, name := range parse(t, readFile(t, path)).Rules() {
			applied[name] = true
		}
	}
	for _, r := range rules {
		if !applied[r.name] {
			t.Errorf("no mail in testdata/mails has a %s", r.name)
		}
	}
	for _, r := range blockRules {
		if !applied[r.name] {
			t.Errorf("no mail in testdata/mails has a %s", r.name)
		}
	}
}
