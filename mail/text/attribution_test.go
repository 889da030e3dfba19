package text

import "testing"

func TestAnAttributionLineIsCutWithItsQuotation(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"Rita Geheim schrieb am 03.04.2026 um 12:00:",
		"Rita Geheim schrieb am 03.04.26 um 12:00:",
		"Rita Geheim schrieb am 3.4.2026:",
		"Rita Geheim schrieb\nam 3.4.2026 um 12:00 Uhr:",
		"Am 3.4. schrieb Rita <rita@x.example>:",
		"Zitat von Rita Geheim <rita@x.example>:",
		"Zitat von Rita Geheim\n<rita@x.example>:",
		"Zitat von rita@x.example:",
		"Quoting Rita Geheim <rita@x.example>:",
		"Quoting Rita Geheim\n<rita@x.example>:",
		"---- On Fri, 03 Apr 2026 12:00:00 +0200 Rita Geheim <rita@x.example> wrote ---",
		"---- On Fri, 03 Apr 2026 12:00:00 +0200 Rita Geheim\n<rita@x.example> wrote ----",
		"---- Am Fr., 03 Apr. 2026 12:00:00 +0200 schrieb Rita Geheim <rita@x.example> ----",
		"Rita Geheim wrote:",
		"Rita Geheim\nwrote:",
		"Rita Geheim <rita@x.example>\nwrote:",
		"* Rita Geheim [2026-04-03 12:00]:",
		"* Rita Geheim <rita@x.example> [260403 12:00]:",
		"Rita Geheim a écrit :",
		"Rita Geheim escribió:",
		"Rita Geheim ha scritto:",
		"Rita Geheim schreef:",
		"Rita Geheim <rita@x.example> kirjoitti:",
		"Rita Geheim (rita@x.example) kirjoitti",
		"Rita Geheim, 3 April 2026:",
		"Rita Geheim, 4/3/2026 12:00:",
	} {
		for _, quotation := range []string{"\n> wo?\n> danke", "\n\n> wo?", "\n>wo?\n>\n>danke\n"} {
			checkCut(t, "kontrolle u8\n\n"+line+quotation, "kontrolle u8")
			checkCut(t, line+quotation+"\n\nkontrolle u8", "kontrolle u8") // above an answer
		}
	}
}

func TestADatedAttributionLineIsCutWithAQuotationWithoutMarks(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"Rita Geheim schrieb am 03.04.26 um 12:00:",
		"Rita Geheim wrote on 3 April 2026:",
		"Rita Geheim <rita@x.example> hat am 3.4.2026 12:00 geschrieben:",
		"Am 3.4. schrieb Rita <rita@x.example>:",
		"Zitat von Rita Geheim <rita@x.example>:",
		"Quoting Rita Geheim <rita@x.example>:",
		"---- On Fri, 03 Apr 2026 12:00:00 +0200 Rita Geheim <rita@x.example> wrote ---",
		"* Rita Geheim [2026-04-03 12:00]:",
	} {
		checkCut(t, "kontrolle u8\n\n"+line+"\n\nwo denn?", "kontrolle u8")
	}
	checkCut(t, "kontrolle u8\n\nRita Geheim wrote:\n", "kontrolle u8") // with nothing below
}

func TestAnAttributionLineInHTMLIsCutWithItsQuotation(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"Rita Geheim schrieb am 3.4.26:", "Rita Geheim, 3.4.26:", "Rita Geheim &lt;rita@x.example&gt; kirjoitti:"} {
		page := "<p>kontrolle u8</p><p>" + line + "</p><blockquote type=cite>wo?</blockquote><p>noch da</p>"
		if got := cut(fromHTML(page)); got != "kontrolle u8\n\nnoch da" {
			t.Errorf("%q became %q", page, got)
		}
	}
}

func TestReportsThatEndInAColonStay(t *testing.T) {
	t.Parallel()
	testCut(t, map[string]string{
		"kontrolle u8:\n- drei\n- in zivil":                 "",
		"kontrolle u8:\n> wo?\n> danke":                     "kontrolle u8:",
		"Kontrolle Hermannplatz:\n>3 in zivil":              "",
		"kontrolle am 3.4. u8:\n>3 in zivil":                "",
		"kontrolle am 3.4. u8:\nbeide Ausgänge":             "",
		"jemand schrieb:\nkontrolle u8":                     "",
		"kontrolle u8\nRita Geheim schrieb:\n> wo?":         "kontrolle u8",
		"kontrolle u8\n<rita@x.example> wrote:\n> wo?":      "kontrolle u8",
		"kontrolle u8, fragen an wir@x.example\n> wo?":      "kontrolle u8, fragen an wir@x.example",
		"Am Hermannplatz schrieb jemand: kontrolle":         "",
		"Die Verkehrsbetriebe schrieb: Linie 4 fährt nicht": "",
	})
}

func TestAnInlineAttributionIsCutAndItsTextStays(t *testing.T) {
	t.Parallel()
	testCut(t, map[string]string{
		"Marta schrieb: kontrolle u8":          "kontrolle u8",
		"Rita Geheim wrote: inspectors line 4": "inspectors line 4",
		"hallo\nRita schreibt: zoo":            "hallo\nzoo",
	})
}
