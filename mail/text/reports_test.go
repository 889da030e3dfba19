package text

import (
	"testing"

	"linienfunk/internal/testkit/measure"
)

// reports have in them what rules look for: dates, times, colons, dashes, names of stops, numbers, addresses. Nothing of them may be cut.
var reports = []string{
	"Tram 4", "U8", "Linie: U8\nRichtung: Hermannstr.\nKontrolleure: 2", "Linie U8, Richtung: Wittenau, Kontrolleure: 2",
	"Linie: U8\nVon: Alex\nNach: Hermannplatz\nUhrzeit: 10:11", "Ort: Zoo\nDatum: 12.03.2024\nUhrzeit: 10:11\nAnzahl: 3",
	"Datum: 12.03.2024\nLinie: M10\nOrt: Eberswalder Str.", "Von: Hermannplatz\nNach: Südstern\nLinie: U7", "von: zoo\nan: alex\ndatum: jetzt",
	"From: Zoo\nTo: Alex\nLine: U2", "De: Bastille\nÀ: Nation\nLigne: 1", "Fra: Nørreport\nTil: Østerport\nLinje: A",
	"Da: Centrale\nA: Duomo\nLinea: M3", "Van: Centraal\nNaar: Zuid\nLijn: 52", "Od: Muzeum\nDo: Florenc\nLinka: C", "10:11 U8 Hermannplatz",
	"10:11: Kontrolle U8", "Um 10:11 Kontrolle U8 Hermannplatz", "12.03.2024 10:11 Kontrolle U8", "Am 12.03.2024 um 10:11 Kontrolle in der U8",
	"Kontrolle am 12.03.2024 um 10:11:\nbeide Ausgänge", "On 12 March at 10:11 two inspectors on line 4", "Le 12 mars à 10h11 contrôle ligne 1",
	"12/03/2024 10:11 contrôle ligne 1, deux agents", "El 12 de marzo de 2024 control en la L3",
	"Here are the times:\n2024-03-12 10:11:12\n2024/03/12 10:11\n12.03.2024 10:11\nMar 12, 2024 at 10:11\nall on line 4.",
	"Kontrolle:\n- Hermannplatz\n- Südstern", "Kontrollen jetzt:\n\n- U8\n- U7\n- M10", "- Hermannplatz\n- Südstern", "* U8\n* U7",
	"Zwei Leute:\n- Erika in Blau\n- Max in Grün", "Kontrolle U8 - Hermannplatz", "U8 — Hermannplatz", "U8 -- beide Richtungen",
	"Kontrolle U8\n- Hermannplatz", "Kontrolle M10\nWarschauer Straße", "Kontrolle\nHermannplatz", "Kontrolle\n\nHermannplatz",
	"U8\nHermannplatz\nRichtung Wittenau", "U8\n\nSüdstern", "--- Achtung ---\nKontrolle U8", "*** Kontrolle ***\nU8 Alex", "=== U8 ===\nzwei Leute",
	"-- U8 --\nKontrolle", "----- Update -----\nKontrolle U8 weg", "---- Linie 4 ----\nKontrolle", "_Kontrolle_ *U8*", "@bvg: Kontrolle U8",
	"Kontrolle U8 @bvg @freifahren", "#U8 #Kontrolle @zoo", "Wie @erika schrieb: Kontrolle U8", "Kontrolle U8, mehr bei @linie@social.example",
	"https://beispiel.example/karte?linie=u8", "Kontrolle U8\nhttps://beispiel.example/karte", "Kontrolle U8\nwww.beispiel.example/karte",
	"Kontrolle U8, siehe https://beispiel.example/@erika/12345:\nzwei Leute", "Linien 10, 20, 30", "10 20 30 40 50", "Bus 100, 200 und 300",
	"Linie 4\n1234567", "Wagen 4711 0815", "Wagennummer 1234-567", "U8 10:11-10:30", "08.15-09.30 Kontrolle", "Kontrolle U8\n08.15-09.30",
	"Kontrolle U8\n03.04.2026", "Kontrolle U8\n10:11", ">3 Kontrolleure U8", "U8\n>3 Leute", "U8 > Hermannplatz > Südstern", "U8 -> Wittenau",
	"U8 => Wittenau", "A > B", "S1> Wannsee", "U8> Wittenau\nzwei Leute", "| U8 | Hermannplatz |\n| U7 | Südstern |", "jemand schrieb: Kontrolle U8",
	"Die Verkehrsbetriebe schrieb: Linie 4 fährt nicht", "Am Hermannplatz schrieb jemand: Kontrolle", "Jemand hat geschrieben, dass Kontrolle ist",
	"Le contrôleur a écrit une amende", "He wrote me a fine at Alexanderplatz", "On line 4: inspectors", "On the U8 to Wittenau: two inspectors",
	"Am Alex: Kontrolle", "Am 3. Gleis: Kontrolle", "Im Bus 100: Kontrolle\nam Zoo: auch", "Wichtig:\nKontrolle U8", "U8:\nKontrolle",
	"Kontrolle:\nU8", "Gesendet wird nur noch auf Linie 4", "Sent two inspectors away\nstill one there", "Von mir gesehen: Kontrolle U8",
	"Kontrolleure mit Handy in der U8", "Kontrolleure tragen Samsung Tablets", "Zwei mit iPhone in der Hand, U8", "Get off at Hermannplatz",
	"Mail für dich am Zoo", "Hole dir ein Ticket, Kontrolle U8", "Download der App geht nicht, Kontrolle U8", "Get Android people out",
	"Gruß aus der U8: Kontrolle am Alex", "Best place to get off: zoo", "Danke, Kontrolle ist weg", "Danke für die Warnung, jetzt auch U7",
	"Schönen Tag, aber Kontrolle U8", "Ciao Kontrolle, U8 ist frei", "Thanks all clear", "Liebe Leute, Kontrolle U8", "Love line 4, no inspectors",
	"Servus, Kontrolle am Stachus", "Hallo,\nKontrolle U8", "Hallo zusammen,\n\nKontrolle U8 Hermannplatz", "Hej,\n\nkontrol i linje 5",
	"Bonjour,\ncontrôle ligne 1\nmerci de prévenir les autres", "Kontrolle U8\n\nAchtung,\nHermannplatz", "Kontrolle U8\n\nVorsicht, beide Seiten",
	"U8 gesperrt\n\nErsatzverkehr ab Osloer Straße", "Kontrolle U8\n\nEin Mann, blaue Jacke\nEine Frau, rote Mütze",
	"Zwei Kontrolleure\nMann und Frau\nblaue Jacken", "Personenbeschreibung: Mann, 1,80 m, schwarze Jacke\nFrau: blond", "Kontrolle Zoo",
	"Kontrolle Hermannplatz", "Zwei Leute Zoologischer Garten", "Frankfurter Allee", "Kontrolle U8\nalle Ausgänge\nauch hinten",
	"vertraulich: Kontrolle U8 am Alex, zwei Leute in Zivil unterwegs", "Nachricht vom Fahrer: Kontrolle U8",
	"Weitergeleitet von einer Freundin: Kontrolle U8", "Original: U8, jetzt U7", "Info-Mail der BVG: U8 fährt nicht", "Re: Kontrolle U8", "AW: U8",
	"Betreff: U8\nKontrolle am Alex", "Status: U8 Kontrolle", "Achtung: Kontrolle: U8", "Wo: Alex\nWann: 10:11\nWer: zwei in Zivil\nWas: Kontrolle",
	"Wo: Alex\nWann: 12.03.2024 10:11\nWer: @erika\nWas: Kontrolle", "Kontrolle U8. 2 Leute. 10:11. Alex.", "2 Kontrolleure @ Alex 10:11",
	"M10 Ri. Hbf 3x zivil", "Kontrolle U8!!! ----> Wittenau", "!!!KONTROLLE!!!\nU8", "🚨 U8 🚨\nAlex", "U8\nMobil: Kontrolle", "U8\nTelefon: besetzt",
	"Kontrolle U8\nUnterwegs gesehen", "Von meinem Fenster aus gesehen: U8", "From my seat: two inspectors", "Kontrolle U8\nLG ist auch voll",
	"Kontrolle U8\nViele an der Tür", "Kontrolle U8\nBest regards to nobody, they are in line 4", "Kontrolle U8\n____\nauch U7",
	"Kontrolle U8\n\n________\n\nDas ist der zweite Teil, am Alex.", "Kontrolle U8\n---\nzweiter Teil: Alex",
	"## Kontrolle\n----\n\n1. U8\n2. U7\n\n----\n\nauch M10", "Kontrolle U8:\n-- erst am Alex\n-- dann am Zoo\n-- jetzt U7",
	"Kontrolle U8, 030 ist die Vorwahl", "Wagen 0301234567 in der U8", "Kontrolle U8\nWagen 1234 567", "Kontrolle U8 im Wagen 5023-1, 5024-2",
	"Linien\n10 20 30 40", "Kontrolle U8\n2 Männer 1 Frau", "Kontrolle U8\nMusterstraße 12", "Kontrolle\nHauptstr. 5, vor dem Haus",
	"Kontrolle\nBeispielstadt\nMarkt", "Sent two people to look: line 4", "They sent me off at Zoo", "Inspectors wrote me up on line 4: careful",
	"He wrote:\nthey are on line 4", "Ein Fahrgast schrieb:\nKontrolle U8", "La RATP a écrit : ligne 1 fermée", "Um 10:11 schrieb @bvg: U8 steht",
	"Am 12.03. um 10:11 schrieb die BVG, dass U8 steht", "Nachricht: Kontrolle U8", "Achtung Kontrolle: U8\nOrt: Alex\nZeit: 10:11",
	"Linie: 4\nDatum: 12.03.2024 10:11\nOrt: Zoo", "An alle: Kontrolle U8\nVon: Alex\nBis: Zoo", "To: all riders\nLine 4 is full of inspectors",
	"Subject: line 4\nTwo inspectors", "Thank you for the warning, now U7", "Merci, contrôle ligne 4", "Grazie a tutti, controllo linea 3",
	"Danke euch\njetzt auch am Zoo zwei Leute", "Gracias\ncontrol en la L3 ahora mismo", "Kontrolle U8\nWagen 030 1234567 Zug Linie 8",
	"Kontrolle U8\nHermannplatz | Südstern", "Alter Markt | Neuer Markt", "Kontrolle U8\nzwei | drei Leute", ">>> U8 Kontrolle <<<",
	"Kontrolle U8\nSent from Alex to Zoo", "Gesendet von Linie 8", "Sent via Hermannplatz", "U8 --- 10:11 --- Kontrolle", "检票员在8号线",
	"8号线：检票员两名\n方向：动物园", "Контроль на 4 линии, 2 человека", "Линия: 4\nОткуда: Центр\nКуда: Вокзал", "U8で検札中", "Kontrola linka C, směr Háje",
	"Kontrol i S-tog linje A, mod Hillerød\n2 kontrollører", "Biletleri kontrol ediyorlar, M2 Taksim",
	"Contrôle ligne 4 : deux agents\nà Châtelet :\nsortie 3", "Controllo sulla linea 3: due persone\ndirezione: San Donato",
	"Control en L3: dos revisores\nestación: Sants", "Controle lijn 52: twee man\nhalte: Zuid", "Kanarki w 10: dwóch\nkierunek: Centrum",
	"Kontrolle U8\n\nAlexanderplatz\nMusterstraße 12\nHauptstr. 5", "Kontrolle\n\nAm Zoo\nHauptstr. 5\nMusterweg 3", "Kontrolle U8\nDein Zug ist weg", "Kontrolle U8, viele Grüße an die Kontrolleure", "Keine Kontrolle, liebe Grüße an alle", "Kontrolle U8 am Zoo. LG war frei", "Info der BVG:\nTelefon 030 19449 ist besetzt\nU8 steht",
	"Kontrolle U8 in Richtung VG Dresden", "Kontrolle, LG 12 steht am Alex", "Yahoo: Kontrolle am Zoo", "Schöne Grüße aus der Kontrolle in der U8, zwei Leute",
}

func TestNothingOfAReportIsCut(t *testing.T) {
	t.Parallel()
	count := measure.New(t, "reports with dates, colons, dashes and names of stops stay whole")
	for _, report := range reports {
		checkCut(t, report, report)
		m := parse(t, "From: Marta Muster <marta@rider.example>\nTo: Zürich <zuerich@linienfunk.example>\nContent-Type: text/plain; charset=utf-8\n\n"+report+"\n")
		if got := m.Report(); !count.Add(got == report) {
			t.Errorf("as a mail: %q became %q", report, got)
		}
	}
}
