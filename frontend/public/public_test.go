package public_test

import (
	"strings"
	"testing"

	"linienfunk/frontend/frontendtest"
)

func TestACitysPageShowsThePublicSectionsOfBots(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, func(s *frontendtest.World) {
		s.Mount("later", &frontendtest.Bot{}, frontendtest.Public)
		frontendtest.TwoBots(s)
	})
	s.Admin("ada@example.org", "berlin")
	v := s.Visitor()
	got := v.Get("/c/berlin").Want(200, "<h1 lang=\"en\">Berlin</h1>", "What do you see in Berlin?",
		`<link rel="alternate" type="application/atom+xml" title="Berlin" href="/c/berlin/feed.atom">`, "For admins").
		WantNot(`id="alpha"`)
	if strings.Index(got.Text, `id="feeds"`) > strings.Index(got.Text, `id="later"`) {
		t.Error("the bot with the feeds is not first")
	}
	v.Get("/c/berlin/feed.atom").Want(200, "feed of berlin at /c/berlin/feeds")
	v.Get("/c/berlin/feed.nothing").Want(404)
	v.Get("/c/berlin/").At("/c/berlin")
	v.Get("/c/nowhere").Want(404)
	v.Get("/c/nowhere/feed.atom").Want(404)
	v.Get("/c/berlin/alpha/").Want(404)
	v.Get("/bots/feeds/page").Want(200, "A page", "<!doctype html>")
	v.Get("/c/berlin/feeds/page").Want(200, `href="/c/berlin#feeds"`)
	v.Post("/c/berlin/feeds/report", "text", "x").At("/c/berlin").Want(200, "Thank you!")
	v.Get("/c/berlin").WantNot("Thank you!")
}

func TestAPausedCitySaysSo(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin", "ghent")
	v := s.VisitorAs("ada@example.org")
	v.Get("/").Want(200, "Berlin", "Ghent")
	form := s.Form("berlin", "active", "")
	v.Post("/city/berlin", form...).Want(200)
	s.Visitor().Get("/c/berlin").Want(200, "Berlin is paused").WantNot("Report something")
	s.Visitor().Get("/c/berlin/feeds/page").Want(200)
	v.Post("/city/ghent", s.Form("ghent", "listed", "", "title", "Ghent")...).Want(200)
	s.Visitor().Get("/").Want(200, "No city is listed").WantNot("Ghent")
	s.Visitor().Get("/c/ghent").Want(200, "noindex")
}
