package text

import (
	"strings"
	"testing"

	"linienfunk/internal/testkit/measure"
)

func TestWhatProgramsAddBelowAReportIsCut(t *testing.T) {
	t.Parallel()
	count := measure.New(t, "quotations, signatures and adverts below a report are cut, and nothing else")
	for rule, list := range tails {
		for _, tail := range list {
			for _, report := range []string{"Kontrolle U8", "Zwei Kontrolleure in der M10, Richtung Warschauer Str.\nsteigen gerade am Frankfurter Tor ein."} {
				if got := cut(report + "\n\n" + tail + "\n"); !count.Add(got == report) {
					t.Errorf("%s:\n%s\n——— became ———\n%s\n", rule, tail, got)
				}
			}
		}
	}
}

func TestWhatFollowsWithoutABlankLineIsCutToo(t *testing.T) {
	t.Parallel()
	for rule, list := range tails {
		if strings.HasPrefix(rule, "numbers") {
			continue // what is right below the text may belong to it
		}
		for _, tail := range list {
			if strings.HasPrefix(tail, "مع") || strings.HasPrefix(tail, "Hyv") || strings.HasPrefix(tail, "Dbejte") || strings.HasPrefix(tail, "Ha det fint") {
				continue // which are no closings in themselves
			}
			if got := cut("Kontrolle U8\n" + tail); got != "Kontrolle U8" {
				t.Errorf("%s:\n%s\n——— became ———\n%s\n", rule, tail, got)
			}
		}
	}
}

func TestAReportInTheLineOfAnAttributionOrAHeaderStays(t *testing.T) {
	t.Parallel()
	testCut(t, map[string]string{
		"Kontrolle U8 Am 12.03.24 um 10:11 schrieb Erika Beispiel <erika@beispiel.example>:\n> Hi":                                        "Kontrolle U8",
		"Kontrolle U8 On Tue, Mar 12, 2024 at 10:11 AM, Erika Beispiel <erika@beispiel.example> wrote:\n> Hi":                             "Kontrolle U8",
		"Kontrolle U8 On Tue, Mar 12, 2024 at 10:11 AM Erika Beispiel <erika@beispiel.example> wrote: > Hi > wo?":                         "Kontrolle U8",
		"Kontrolle U8 On Tue, Mar 12, 2024 at 10:11 AM, erika@beispiel.example wrote:\n\nHi":                                              "Kontrolle U8",
		"Kontrolle U8--- On Tue, Mar 12, 2024 at 10:11 AM, erika@beispiel.example wrote:\n> Hi":                                           "Kontrolle U8",
		"Kontrolle U8\nbeide - Ausgänge--- On Tue, Mar 12, 2024 at 10:11 AM, erika@beispiel.example wrote:\n> Hi":                         "Kontrolle U8\nbeide - Ausgänge",
		"Kontrolle U8 On Nov 30, 2011, at 12:47 PM, Erika <\n416ffd3258d4d2fa4c85cfa4c44e1721d66e3e8f4\n@beispiel.example>wrote:\n\n> Hi": "Kontrolle U8",
		"Am 12.03. Kontrolle U8\nErika <erika@beispiel.example> wrote:\n> Hi":                                                             "Am 12.03. Kontrolle U8",
		"Kontrolle U8 -----Original Message-----\nFrom: Erika\nHi":                                                                        "Kontrolle U8",
		"Kontrolle U8 Von: Erika Beispiel <erika@beispiel.example> Gesendet: Dienstag, 12. März 2024 10:11 An: Marta Betreff: U8\nHi":     "Kontrolle U8",
		"Kontrolle U8 Le mar. 12 mars 2024 à 10:11, Erika Beispiel <erika@beispiel.example> a écrit :\n> Salut":                           "Kontrolle U8",
		"Kontrolle U8\nAm 12.03.24 um 10:11 schrieb Erika Beispiel <erika@beispiel.example>:\nHi":                                         "Kontrolle U8",
	})
}

func TestAnAnswerBelowOrBetweenQuotationsStays(t *testing.T) {
	t.Parallel()
	testCut(t, map[string]string{
		"On 8 May 2017 17:34, \"E\" <e@b.example> wrote:\n\nKontrolle U8":                                            "Kontrolle U8",
		"Am 12.03.24 um 10:11 schrieb Erika Beispiel <\nerika@beispiel.example>:\n\nKontrolle U8\nRichtung Wittenau": "Kontrolle U8\nRichtung Wittenau",
		"On 04/19/2011 07:10 AM, Erika Beispiel wrote:\n\n>\n> Hi\nKontrolle U8":                                     "Kontrolle U8",
		"On 04/19/2011 07:10 AM, Erika Beispiel wrote:\n\n>\n> Hi\n\nKontrolle U8\n-- \nErika":                       "Kontrolle U8",
		"> wo?\n\nHermannplatz\n\n> wie viele?\n\n2\n\nLG Erika":                                                     "Hermannplatz\n\n2",
		"Am 12.03.24 um 10:11 schrieb Erika:\n> wo?\nU8\n> Richtung?\nWittenau":                                      "U8\nWittenau",
		"Kontrolle U8\n\nOn Tue, Mar 12, 2024, Erika Beispiel wrote:\n\n> Hi\n\nauch U7":                             "Kontrolle U8\n\nauch U7",
		"2024-03-12 10:11 GMT+01:00 Erika Beispiel <\nerika@beispiel.example>:\n\n> wo?\n\nU8":                       "U8",
		"Kontrolle U8\n\nGesendet von Outlook für Android<https://aka.ms/AAb9ysg>\n\nSie sind noch da!":              "Kontrolle U8\n\nSie sind noch da!",
	})
}

func TestAClosingInTheLineOfTheReportIsCut(t *testing.T) {
	t.Parallel()
	testCut(t, map[string]string{
		"Kontrolle U8 am Zoo, LG":                            "Kontrolle U8 am Zoo",
		"Kontrolle U8 am Zoo. LG Erika":                      "Kontrolle U8 am Zoo.",
		"Kontrolle U8 am Zoo! lg erika":                      "Kontrolle U8 am Zoo!",
		"Kontrolle U8 am Zoo, viele Grüße Erika":             "Kontrolle U8 am Zoo",
		"Kontrolle U8 am Zoo – MfG Erika Beispiel":           "Kontrolle U8 am Zoo",
		"Kontrolle U8 am Zoo.\nZwei Leute, liebe Grüße, Max": "Kontrolle U8 am Zoo.\nZwei Leute",
		"Kontrolle U8. Danke & Gruß, Erika":                  "Kontrolle U8.",
		"Inspectors at the zoo. Cheers, Erika":               "Inspectors at the zoo.",
		"Inspectors at the zoo, kind regards Erika B.":       "Inspectors at the zoo",
	})
}

func TestWhatStandsBelowTheAuthorsWholeNameIsCut(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"Kontrolle U8\n\nErika Beispiel\nVorsitzende\n\nBeispielverein e.V. · Postfach 12 34\nSpendenkonto: DE12 3456 7890": "Kontrolle U8",
		"Kontrolle U8\n\nDr. Erika Beispiel M.A.\nwiss. Mitarbeiterin\nInstitut für Soziologie\nRaum 3.12":                  "Kontrolle U8",
		"Kontrolle U8\n\n| Erika Beispiel\n| Beispielstr. 3\n| 10115 Berlin":                                                "Kontrolle U8",
		"Hallo,\n\nErika Beispiel\nJetzt ist noch eine Kontrolle am Zoo":                                                    "Hallo,\n\nJetzt ist noch eine Kontrolle am Zoo",
		"Hallo,\n\nErika Beispiel hat mir von der Kontrolle am Zoo erzählt":                                                 "Hallo,\n\nErika Beispiel hat mir von der Kontrolle am Zoo erzählt",
	} {
		m := parse(t, "From: Erika Beispiel <erika@rider.example>\nContent-Type: text/plain; charset=utf-8\n\n"+body+"\n")
		if got := m.Report(); got != want {
			t.Errorf("%q became %q", body, got)
		}
	}
}

func TestANoteOfOutlookAboutANewSenderIsCut(t *testing.T) {
	t.Parallel()
	testCut(t, map[string]string{
		"Sie erhalten nicht häufig E-Mails von erika@beispiel.example. Erfahren Sie, warum dies wichtig ist\n\nKontrolle U8": "Kontrolle U8",
		"You don't often get email from erika@beispiel.example. Learn why this is important\n\nKontrolle U8":                 "Kontrolle U8",
		"Erika kirjoittaa harvoin <https://aka.ms/LearnAboutSenderIdentification> erika@beispiel.example\nKontrolle U8":      "Kontrolle U8",
		"Kontrolle U8\nSie erhalten nicht häufig E-Mails von der BVG, aber jetzt":                                            "",
	})
}

func TestTheNameOfTheAuthorInTheLastLineIsCut(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"Erika Beispiel <e.b@rider.example>", `"Beispiel, Erika" <1@rider.example>`, "erika.beispiel@rider.example", "=?utf-8?q?Erika_Beispiel?= <x@rider.example>"} {
		for _, name := range []string{"Erika", "erika", "Erika B.", "Erika Beispiel", "ERIKA", "E. Beispiel", "- erika", "*Erika*", "Erika :)"} {
			m := parse(t, "From: "+from+"\nTo: zuerich@linienfunk.example\n\nKontrolle U8\n\n"+name+"\n")
			if got := m.Report(); got != "Kontrolle U8" {
				t.Errorf("From: %s: %q became %q", from, name, got)
			}
		}
	}
	for _, text := range []string{"Kontrolle U8\n\nHermannplatz", "Kontrolle U8\n\nErika steht daneben", "Erika"} {
		m := parse(t, "From: Erika Hermann <erika@rider.example>\n\n"+text+"\n")
		if got := m.Report(); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestAHeaderInAnUnknownLanguageIsKnownByTheAddressOfTheCity(t *testing.T) {
	t.Parallel()
	m := parse(t, "From: marta@rider.example\nTo: Zürich <Zuerich@linienfunk.example>\n\nKontrolle U8\n\nKutoka: Erika\nKwa: zuerich@linienfunk.example\nMada: U8\n\nHabari\n")
	if got := m.Report(); got != "Kontrolle U8" {
		t.Errorf("%q", got)
	}
}
