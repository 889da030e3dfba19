package frontend

import (
	"bytes"
	"html/template"
	"net/http"
	"strconv"

	"linienfunk/templates"
)

// page is what layout.html shows around a page's own content.
type page struct {
	Title     string
	Line      string // class of the city's line colour, or empty
	Path      string
	Private   bool // not for search engines
	LoggedIn  bool
	Feeds     []feed
	Flash     *flash
	Languages []languageLink
	Content   template.HTML
}

type languageLink struct {
	Lang, Name, Path string
	Here             bool
}

// show answers with one of the frontend's templates inside the layout.
func (f *Frontend) show(w http.ResponseWriter, r *http.Request, status int, p page, name string, data any) error {
	var body bytes.Buffer
	if err := f.set.Render(&body, f.lang(r), name, data); err != nil {
		return err
	}
	p.Content = template.HTML(body.String()) // rendered by html/template just now
	return f.layout(w, r, status, p)
}

// layout answers with a page whose Content is set.
func (f *Frontend) layout(w http.ResponseWriter, r *http.Request, status int, p page) error {
	p.Path, p.LoggedIn, p.Languages = r.URL.Path, who(r) != nil, f.languages(r)
	p.Flash = f.takeFlash(w, r)
	var out bytes.Buffer
	if err := f.set.Render(&out, f.lang(r), "layout.html", p); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", f.lang(r))
	h.Set("Cache-Control", "no-cache")
	if p.LoggedIn || p.Private {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // the visitor may be gone; nobody is left to tell
	return nil
}

// languageName is what a language calls itself.
func (f *Frontend) languageName(lang string) string { return f.set.Text(lang, "language-name") }

func (f *Frontend) languages(r *http.Request) []languageLink {
	var links []languageLink
	for _, lang := range templates.Languages {
		query := r.URL.Query()
		query.Set("lang", lang)
		links = append(links, languageLink{
			Lang: lang, Name: f.languageName(lang), Path: "?" + query.Encode(), Here: lang == f.lang(r),
		})
	}
	return links
}

// fail answers with the page of an error status.
func (f *Frontend) fail(w http.ResponseWriter, r *http.Request, status int) {
	code := strconv.Itoa(status)
	f.say(w, r, status, "error-"+code, "error-"+code+"-text")
}

// say answers with a page that has only a headline and a sentence.
func (f *Frontend) say(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	data := struct{ Title, Text string }{f.t(r, title), f.t(r, text)}
	err := f.show(w, r, status, page{Title: data.Title, Private: true}, "message.html", data)
	if err != nil {
		f.Log.Error("cannot show message", "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}
