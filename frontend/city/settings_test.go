package city_test

import (
	"fmt"
	"testing"

	"linienfunk/frontend/frontendtest"
)

// saveBerlin saves the settings form with other values.
func saveBerlin(s *frontendtest.World, v *frontendtest.Visitor, pairs ...string) frontendtest.Answer {
	s.T.Helper()
	return v.Post("/city/berlin", s.Form("berlin", pairs...)...)
}

func TestSavedSettingsAreAnnounced(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	saveBerlin(s, v, "title", "Groß-Berlin", "triggers", "kontrolle\r\n\r\nzwei in zivil\r\n").
		At("/city/berlin").Want(200, "Saved.", "Groß-Berlin")
	now := s.Present("berlin")
	if got := fmt.Sprintf("%q", now.Triggers); got != `["kontrolle" "" "zwei in zivil"]` {
		t.Errorf("triggers %s", got)
	}
	if city := <-s.Changed; city != "berlin" {
		t.Errorf("changed %q", city)
	}
}

func TestAMistakeIsShownBesideItsFieldWithItsLine(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	saveBerlin(s, v, "triggers", "kontrolle\n\n/(u8/").
		Want(422, `id="f-triggers-error"`, "Line 3: this is not a regular expression", "/(u8/")
	saveBerlin(s, v, "blocked", "a\n*").Want(422, `id="f-blocked-error"`, "Line 2: *")
	saveBerlin(s, v, "freshness_minutes", "soon").
		Want(422, `id="f-freshness_minutes-error"`, "between 1 and 1440", `value="soon"`)
	saveBerlin(s, v, "retention_hours", "0").Want(422, `id="f-retention_hours-error"`, "between 1 and 2160")
	saveBerlin(s, v, "title", "").Want(422, `id="f-title-error"`)
	saveBerlin(s, v, "lang", "tlh").Want(422, `id="f-lang-error"`)
	v.Lang = "de"
	saveBerlin(s, v, "triggers", "/u8").Want(422, "Line 1")
	v.Get("/city/berlin?lang=de")
	saveBerlin(s, v, "triggers", "/u8").Want(422, "Zeile 1: ein regulärer Ausdruck muss mit / enden")
}

func TestWithoutScriptsThePageSaysThatOneSaveDropsOtherEdits(t *testing.T) {
	t.Parallel()
	_, v, _ := frontendtest.Berlin(t)
	v.Get("/city/berlin").Want(200, `<noscript><p class="note">Without JavaScript, save each section before you go on`)
}
