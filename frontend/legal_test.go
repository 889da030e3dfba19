package frontend_test

import (
	"html/template"
	"testing"

	"linienfunk/frontend/frontendtest"
	"linienfunk/internal/legal"
)

func TestEveryPageLinksWhoRunsTheSite(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, func(s *frontendtest.World) {
		s.Site.Legal = legal.Texts{"imprint": map[string]template.HTML{"en": "<h1>Imprint of Ada</h1>", "de": "<p>Ada, Berlin</p>"}}
	})
	s.Admin("ada@example.org", "berlin")
	v := s.Visitor()
	for _, path := range []string{"/", "/c/berlin", "/login", "/imprint"} {
		v.Get(path).Want(200, `<a href="/imprint"`).WantNot("/terms")
	}
	v.Get("/nowhere").Want(404, `<a href="/imprint"`)
	v.Get("/imprint").Want(200, "<h1>Imprint of Ada</h1>").WantNot("<h1>Imprint</h1>")
	v.Get("/terms").Want(404)
	v.Lang = "de"
	v.Get("/imprint").Want(200, "<h1>Impressum</h1>", "<p>Ada, Berlin</p>")
}

func TestNobodyRegistersACityBeforeTheOperatorSaysWhoTheyAre(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, func(s *frontendtest.World) { s.Site.Unregistered = true })
	s.Admin("ada@example.org", "berlin")
	v := s.Visitor()
	v.Get("/register").Want(403, "an imprint and a contact page")
	v.Post("/register", "address", "bo@example.org", "password", frontendtest.Password, "city", "wien", "title", "Wien").Want(403, "No new cities yet")
	v.Get("/confirm/x").Want(403)
	if mails := s.Mails.All(); len(mails) > 0 {
		t.Errorf("sent %v", mails)
	}
	ada := s.VisitorAs("ada@example.org")
	ada.Post("/cities", "city", "wien", "title", "Wien").Want(403, "No new cities yet")
	ada.Get("/city/berlin").Want(200)
}
