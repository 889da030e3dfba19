package settings_test

import (
	"slices"
	"strings"
	"testing"

	"linienfunk/censor"
	"linienfunk/settings"
	"linienfunk/transit/read"
)

// TestStartListsLetSightingsThroughAndHoldTalk tries the words of each language, and of a city without a network, on what riders might write.
func TestStartListsLetSightingsThroughAndHoldTalk(t *testing.T) {
	type examples struct{ sightings, talk []string }
	all := map[string]examples{
		"de": {[]string{"Kontrolle am Rathaus", "2 Kontrolleure eingestiegen", "drei Kontrolettis hinten", "zwei Blauwesten am Gleis", "Fahrscheinkontrolle!", "in Zivil Richtung Norden", "Polizei am Platz", "alles gesperrt wegen Notarzteinsatz", "10 min Verspätung"},
			[]string{"Danke dir!", "Kontrollieren die auch samstags?", "Bitte keine Fragen hier", "Wer verschenkt eine Karte?", "Mein Bus ist voll"}},
		"en": {[]string{"2 inspectors on the platform", "ticket checkers at the gate", "controllers in plain clothes", "police at the exit", "line blocked", "trains delayed", "they got off"},
			[]string{"thanks everyone", "do they work on sundays?", "see you at five", "how do I pay the fine"}},
		"fr": {[]string{"contrôleurs à la mairie", "controle en cours", "deux agents en civil", "police sur le quai", "trafic interrompu", "direction gare"},
			[]string{"merci beaucoup", "quelqu'un a un billet ?", "bonne journée"}},
		"es": {[]string{"hay revisores en la plaza", "control en la estación", "dos con chalecos", "policía en la salida", "línea cortada", "dirección aeropuerto"},
			[]string{"muchas gracias", "¿alguien sabe la hora?", "hasta mañana"}},
		"it": {[]string{"controllori in stazione", "controllo sul tram", "due in borghese", "polizia in uscita", "linea sospesa", "in direzione fiera"},
			[]string{"grazie mille", "qualcuno ha un biglietto?", "a domani"}},
		"nl": {[]string{"controleurs op het plein", "kaartcontrole", "twee man in burger", "politie bij de uitgang", "vertraging", "richting zuid"},
			[]string{"bedankt", "heeft iemand een kaartje?", "tot morgen"}},
		"pl": {[]string{"kanary na rondzie", "kontrola biletów", "dwóch po cywilnemu", "policja przy wyjściu", "awaria tramwaju", "kierunek dworzec"},
			[]string{"dzięki", "ktoś ma bilet?", "do jutra"}},
	}
	for _, language := range read.Languages() {
		if _, ok := all[language]; !ok {
			t.Errorf("there are words of the language %q, and no start list", language)
		}
		filter, err := censor.Compile(settings.StartTriggers(language, false), nil)
		if err != nil {
			t.Fatalf("%s: %v", language, err)
		}
		for _, text := range all[language].sightings {
			if !filter.Evaluate(text, censor.Said{}).Passed {
				t.Errorf("%s: %q is held", language, text)
			}
		}
		for _, text := range all[language].talk {
			if v := filter.Evaluate(text, censor.Said{}); v.Passed {
				t.Errorf("%s: %q passes by %q", language, text, v.Rule)
			}
		}
	}
}

func TestAStartListHasEachRuleOnceAndPlacesWithANetwork(t *testing.T) {
	for _, language := range append(read.Languages(), "xx") {
		without, with := settings.StartTriggers(language, false), settings.StartTriggers(language, true)
		if !slices.Equal(with[:3], []string{"@line", "@stop", "@direction"}) || without[0] != "@line" || len(without) <= len(with)-2 {
			t.Errorf("%s: with a network %q\nwithout %q", language, with, without)
		}
		for i, rule := range without {
			if slices.Contains(without[:i], rule) || rule != strings.TrimSpace(rule) || rule == "" {
				t.Errorf("%s: the rule %q is there twice, or empty", language, rule)
			}
		}
	}
	if !slices.Equal(settings.StartTriggers("xx", false), settings.StartTriggers("en", false)) {
		t.Error("a language without a list starts with another one than the English")
	}
}
