package site

import (
	"bytes"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"linienfunk/templates"
)

// Page has the data of layout.html around the content of a page.
type Page struct {
	Title     string
	Line      string // CSS class of the city's line colour, or empty
	Path      string
	Private   bool // search engines must not index it
	LoggedIn  bool
	Feeds     []Feed
	Message   *Message
	Languages []LanguageLink
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
	content, err := s.Render(r, name, data)
	if err != nil {
		return err
	}
	p.Content = content
	return s.layout(w, r, status, p)
}

// Render returns a template without the layout.
func (s *Site) Render(r *http.Request, name string, data any) (template.HTML, error) {
	var out bytes.Buffer
	err := s.set.Render(&out, s.Lang(r), name, data)
	return template.HTML(strings.TrimSpace(out.String())), err // rendered by html/template just now
}

// layout answers with a page whose Content is set.
func (s *Site) layout(w http.ResponseWriter, r *http.Request, status int, p Page) error {
	p.Path, p.LoggedIn, p.Languages = r.URL.Path, Admin(r) != nil, s.languages(r)
	if !p.messageTaken {
		p.Message = s.popMessage(w, r)
	}
	var out bytes.Buffer
	if err := s.set.Render(&out, s.Lang(r), "layout.html", p); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", s.Lang(r))
	h.Set("Cache-Control", "no-cache")
	if p.LoggedIn || p.Private {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // an error means that the visitor has left
	return nil
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
