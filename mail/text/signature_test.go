package text

import (
	"strings"
	"testing"
)

func TestAClosingAndTheNameBelowAreCut(t *testing.T) {
	t.Parallel()
	for _, closing := range []string{
		"Mit freundlichen Grüßen\nHans Riesig",
		"Mit freundlichen Grüssen,\n\nHans Riesig\nTel. 0170 123 45 67 89",
		"mit freundlichem Gruß\n\ni. A. Hans Riesig\nStadtwerke\nHauptstraße 5",
		"MfG Hans", "MfG\nH. Riesig", "Viele Grüße,\nHans", "Viele Gruesse\nHans", "LG Hans", "lg\nhans", "LG, euer Hans", "VG",
		"Liebe Grüße Hans", "Liebe Grüße von Hans", "Beste Grüße aus Bern\nHans", "Gruß\nHans", "Herzlichst\nHans", "Bis bald\nHans", "Viele Grüße aus der U8\nHans", "Mit freundlichem Gruß Hans Riesig", "Schöne Grüße!\nHans",
		"Danke und viele Grüße\nHans", "Danke\nHans", "Vielen Dank,\nHans Riesig",
		"Best regards,\nHans", "Kind regards\nHans Riesig", "Regards, Hans", "Cheers\nHans", "Best wishes\nHans", "Best,\nHans",
		"Yours sincerely,\nHans Riesig", "Thanks,\nHans", "Many thanks\nHans", "Take care\nHans",
		"Cordialement,\nJean Petit", "Bien à vous\nJean", "Meilleures salutations\nJean", "Merci,\nJean",
		"Met vriendelijke groet,\nJan de Groot", "Groetjes Jan", "Mvg\nJan",
		"Cordiali saluti\nGianni", "Distinti saluti,\nGianni", "Un saluto\nGianni",
		"Saludos,\nJuan", "Un saludo cordial\nJuan", "Atentamente\nJuan", "Un abrazo\nJuan",
	} {
		for _, below := range []string{"", "\n", "\n\nGesendet von meinem iPhone", "\n\nRita Geheim schrieb am 3.4.26:\n> wo?", "\n-- \nHans Riesig"} {
			checkCut(t, "kontrolle u8\n\n"+closing+below, "kontrolle u8")
		}
	}
}

func TestAClosingIsCutWithAnyName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Erika", "Erika B.", "E. Beispiel", "Anna-Lena Müller", "Jean-Paul d'Arc", "María José García López", "Sinéad O'Brien", "Jan van der Berg", "Łukasz Żółć", "Иван Петров", "Nguyễn Văn An", "Dr. Anna Park",
		"Tor Hansen", "Erika & Max", "Erika und Max", "Eure Erika", "Erika (aus Köln)", "Erika, Max", "ERIKA BEISPIEL", "Prof. Dr. Erika Beispiel", "Erika Beispiel, M.A.", "EB", "Familie Beispiel", "Viktor", "Max Freitag",
		"Erika 🙂", "*Erika*", "Erika.", "Σοφία", "Ömer Şahin",
	} {
		for _, closing := range []string{"Viele Grüße", "LG", "Mit freundlichen Grüßen", "Best regards,", "Thanks,", "Danke", "Hilsen", "С уважением,", "Met vriendelijke groet,"} {
			for _, between := range []string{"\n", "\n\n", " "} {
				checkCut(t, "Kontrolle U8\n\n"+closing+between+name, "Kontrolle U8")
			}
		}
	}
}

func TestAnAdvertisementAndTheNameBelowAreCut(t *testing.T) {
	t.Parallel()
	for _, below := range []string{"\n\nHans Riesig", "\nHans Riesig\nHauptstraße 5\n12345 Berlin\n0170 1234567", "\n\nLG Hans", "\n\nHans\n\n> wo?"} {
		for _, advertisement := range []string{"Gesendet von meinem iPhone", "Sent from my iPhone", "Envoyé de mon iPhone"} {
			checkCut(t, "kontrolle u8\n\n"+advertisement+below, "kontrolle u8")
		}
	}
}

// Then the report is in the subject.
func TestABodyThatConsistsOfAClosingIsCut(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Viele Grüße\nHans", "LG Hans", "Gesendet von meinem iPhone\n\nHans Riesig", "Best regards,\n\nHans Riesig\n"} {
		checkCut(t, text, "")
	}
}

func TestTextBelowAClosingOrAnAdvertisementStaysUnlessItLooksLikeAName(t *testing.T) {
	t.Parallel()
	testCut(t, map[string]string{
		"Viele Grüße\nkontrolle u8":                                               "",
		"Cheers\ninspectors at the zoo":                                           "",
		"lg kontrolle u8":                                                         "",
		"kontrolle u8\nCheers\njetzt auch am zoo":                                 "",
		"kontrolle u8\ndanke\nzoo ebenfalls":                                      "",
		"kontrolle u8\nLG\nBus 100 Richtung Zoo":                                  "",
		"kontrolle u8\nLG\nAm Kleistgarten":                                       "",
		"kontrolle u8\nLG\nErika Baumgarten":                                      "kontrolle u8",
		"kontrolle u8\nLG\nViktor":                                                "kontrolle u8",
		"kontrolle u8\n---\nRichtung Wittenau":                                    "",
		"kontrolle u8\nViele Grüße\nA\nB\nC\nD":                                   "kontrolle u8",
		"kontrolle u8\nLG Hans\nZwei Kontrolleure auch am Hermannplatz, in Zivil": "kontrolle u8\nZwei Kontrolleure auch am Hermannplatz, in Zivil",
		"kontrolle u8\nLG Hans\n\nPS: auch u7":                                    "kontrolle u8\nPS: auch u7",
		"kontrolle u8\nGesendet von meinem iPhone\njetzt auch am zoo":             "kontrolle u8\njetzt auch am zoo",
		"Gesendet von meinem iPhone\n\nkontrolle u8":                              "kontrolle u8",
		"Gesendet von meinem iPhone\n\n> wo?\n\nHermannplatz":                     "Hermannplatz",
		"grüße sie nicht, es sind kontrolleure":                                   "",
		"Best place to get off: zoo":                                              "",
		"Regards to inspectors":                                                   "",
		"Thanks all clear":                                                        "",
		"u8\nBest exit zoo":                                                       "",
		"u8\nVG Wort gesperrt":                                                    "",
		"u8\nlg zoo kontrolle":                                                    "",
		"u8\nGrüne Linie gesperrt":                                                "",
		"Danke Hans, kontrolle ist weg":                                           "",
		"kontrolle u8\nSaluti alla fermata 3":                                     "",
	})
}

func FuzzCut(f *testing.F) {
	for _, text := range []string{
		"kontrolle u8\nLG Hans\n\nPS: u7", "Gesendet von meinem iPhone\n\nHans", "Rita\n<rita@x.example> wrote:\n> wo?\n\nzoo",
		"u8\n---- On Fri, 03 Apr 2026 Rita <rita@x.example> wrote ---\nx", "\n:\n>3", "Rita schrieb: x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := cut(text); len(got) > maxBody {
			t.Errorf("%d bytes became %d", len(text), len(got))
		}
	})
}

func TestAMailWithNothingButAClosingIsNoReport(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"LG Hans", "Viele Grüße\nHans Riesig", "Mit freundlichen Grüßen\n\nHans Riesig\nTel. 030 1234567", "hans@rider.example", "Tel: 0170 1234567", "LG Hans\n\nGesendet von meinem iPhone", "On 8 May 2017, Rita <rita@x.example> wrote:\n> wo?\n\nLG Hans"} {
		m := parse(t, "From: marta@rider.example\nSubject: Re: x\nContent-Type: text/plain; charset=utf-8\n\n"+body+"\n")
		if got := m.Report(); got != "" {
			t.Errorf("%q became %q", body, got)
		}
	}
	for _, body := range []string{"Viele Grüße\nKontrolle Zoo", "Danke\nKontrolle Hermannplatz", "Zoo", "Gesendet von meinem iPhone\n\nSüdstern"} {
		m := parse(t, "From: marta@rider.example\nContent-Type: text/plain; charset=utf-8\n\n"+body+"\n")
		if got, want := m.Report(), strings.TrimPrefix(body, "Gesendet von meinem iPhone\n\n"); got != want {
			t.Errorf("%q became %q", body, got)
		}
	}
}

func TestAMailWithNothingElseKeepsAPossibleName(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]string{"": "Alter Berg", "kontrolle u8": "kontrolle u8"} {
		m := parse(t, "From: marta@rider.example\nSubject: "+subject+"\n\nGesendet von meinem iPhone\n\nAlter Berg\n")
		if got := m.Report(); got != want {
			t.Errorf("subject %q: %q", subject, got)
		}
	}
}
