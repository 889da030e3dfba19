package site

import (
	"bytes"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"linienfunk/templates"
)

// Page has the data of layout.html around the content of a page.
type Page struct {
	Title     string
	Line      string // CSS class of the city's line colour, or empty
	Path      string
	Private   bool // search engines must not index it
	Refresh   int  // seconds until a browser without scripts loads the page again; 0 for never
	LoggedIn  bool
	Operator  bool // the visitor has the page of the operator
	Feeds     []Feed
	Message   *Message
	Languages []LanguageLink
	Announced []Announced // by the operator
	Legal     []string    // kinds of the pages to link at the foot
	Content   template.HTML

	messageTaken bool // by PlaceMessage
}

// Feed is a feed that the page announces to browsers.
type Feed struct{ Type, Title, Path string }

type LanguageLink struct {
	Lang, Name, Path string
	Here             bool
}

// Show answers with a template inside the layout.
func (s *Site) Show(w http.ResponseWriter, r *http.Request, status int, p Page, name string, data any) error {
	if !p.messageTaken {
		p.Message = s.popMessage(w, r)
	}
	body, err := s.compose(r, p, name, data)
	if err != nil {
		return err
	}
	for name, values := range s.pageHeader(r, p) {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error means that the visitor has left
	return nil
}

// Render returns a template without the layout.
func (s *Site) Render(r *http.Request, name string, data any) (template.HTML, error) {
	var out bytes.Buffer
	err := s.set.Render(&out, s.Lang(r), name, data)
	return template.HTML(strings.TrimSpace(out.String())), err // rendered by html/template just now
}

// compose returns a template inside the layout.
func (s *Site) compose(r *http.Request, p Page, name string, data any) ([]byte, error) {
	var err error
	if p.Content, err = s.Render(r, name, data); err != nil {
		return nil, err
	}
	p.Path, p.LoggedIn, p.Languages = r.URL.Path, Admin(r) != nil, s.languages(r)
	p.Legal = s.Legal.Links()
	p.Announced = s.announced(r)
	if admin := Admin(r); admin != nil {
		p.Operator = s.IsOperator(*admin)
	}
	var out bytes.Buffer
	err = s.set.Render(&out, s.Lang(r), "layout.html", p)
	return out.Bytes(), err
}

func (s *Site) pageHeader(r *http.Request, p Page) http.Header {
	cache := "no-cache"
	if Admin(r) != nil || p.Private {
		cache = "no-store"
	}
	return http.Header{
		"Content-Type": {"text/html; charset=utf-8"}, "Content-Language": {s.Lang(r)}, "Cache-Control": {cache},
	}
}

// LanguageName is a language's name in that language.
func (s *Site) LanguageName(lang string) string { return s.set.Text(lang, "language-name") }

func (s *Site) languages(r *http.Request) []LanguageLink {
	var links []LanguageLink
	for _, lang := range templates.Languages {
		query := r.URL.Query()
		query.Set("lang", lang)
		links = append(links, LanguageLink{
			Lang: lang, Name: s.LanguageName(lang), Path: "?" + query.Encode(), Here: lang == s.Lang(r),
		})
	}
	return links
}

// ShowError answers with the error page of a status.
func (s *Site) ShowError(w http.ResponseWriter, r *http.Request, status int) {
	code := strconv.Itoa(status)
	s.ShowMessage(w, r, status, "error-"+code, "error-"+code+"-text")
}

// ShowMessage answers with a page that has only a heading and a sentence; both are ids of texts.
func (s *Site) ShowMessage(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	data := struct{ Title, Text string }{s.Text(r, title), s.Text(r, text)}
	err := s.Show(w, r, status, Page{Title: data.Title, Private: true}, "message.html", data)
	if err != nil {
		s.Log.Error("cannot show message", "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// Text returns a text in the visitor's language.
func (s *Site) Text(r *http.Request, id string, pairs ...any) string {
	return s.set.Text(s.Lang(r), id, pairs...)
}

// When is a date and time in the visitor's language, with the name of its zone.
func (s *Site) When(r *http.Request, at time.Time) string { return s.set.When(s.Lang(r), at) }

// TextIn returns a text in a language, where there is no visitor.
func (s *Site) TextIn(lang, id string, pairs ...any) string { return s.set.Text(lang, id, pairs...) }
