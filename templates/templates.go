// Package templates holds the layout, the styles and the texts that all pages share, and renders the templates of the
// frontend and of the bots. Everything is parsed when the program starts, so that a broken template stops
// the start and not a visitor's first page.
package templates

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed *.html locale.*.toml
var files embed.FS

// Languages are the languages of the pages; the first is the default.
var Languages = []string{"en", "de"}

// Set is a directory of templates and texts: the frontend's, or one bot's. Templates see the shared ones and each other by
// file name, and have these functions in addition to the built-in ones:
//
//	t "id" ["Name" value]...  the text in the page's language, from the set or else from the shared texts;
//	                          the value of Count decides between singular and plural
//	lang                      the page's language
//	date time [zone]          a date and time that people read, in a <time> element; zone is a *time.Location, nil or
//	                          missing for that of the server
//	static "file"             the address of a file in static/
type Set struct {
	pages      map[string]*template.Template // by language
	localizers map[string][]*i18n.Localizer  // by language: of the set's own texts, then of the shared ones
	constant   sync.Map                      // by textKey: the texts without fields that were asked for
	static     string                        // see staticPath
}

type textKey struct{ lang, id string }

// New parses the *.html and locale.<language>.toml of some directories, over the shared ones. A nil directory is empty.
func New(dirs ...fs.FS) (*Set, error) {
	dirs = slices.DeleteFunc(slices.Clone(dirs), func(dir fs.FS) bool { return dir == nil })
	shared, err := sharedTexts()
	if err != nil {
		return nil, err
	}
	static, err := staticPath()
	if err != nil {
		return nil, err
	}
	s := &Set{pages: map[string]*template.Template{}, localizers: map[string][]*i18n.Localizer{}, static: static}
	texts, err := loadTexts(dirs...)
	if err != nil {
		return nil, err
	}
	for _, lang := range Languages {
		for _, bundle := range []*i18n.Bundle{texts, shared} {
			s.localizers[lang] = append(s.localizers[lang], i18n.NewLocalizer(bundle, lang, Languages[0]))
		}
		page := template.New("").Funcs(s.funcs(lang)).Option("missingkey=error")
		for _, source := range append([]fs.FS{files}, dirs...) {
			if page, err = parse(page, source); err != nil {
				return nil, err
			}
		}
		s.pages[lang] = page
	}
	return s, nil
}

func parse(page *template.Template, source fs.FS) (*template.Template, error) {
	if names, err := fs.Glob(source, "*.html"); err != nil || len(names) == 0 {
		return page, err
	}
	return page.ParseFS(source, "*.html")
}

// sharedTexts parses the shared texts once for all sets.
var sharedTexts = sync.OnceValues(func() (*i18n.Bundle, error) { return loadTexts(files) })

func loadTexts(dirs ...fs.FS) (*i18n.Bundle, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, dir := range dirs {
		names, err := fs.Glob(dir, "locale.*.toml")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if _, err := bundle.LoadMessageFileFS(dir, path.Base(name)); err != nil {
				return nil, fmt.Errorf("texts: %w", err)
			}
		}
	}
	return bundle, nil
}

func (s *Set) funcs(lang string) template.FuncMap {
	return template.FuncMap{
		"t":      func(id string, pairs ...any) string { return s.Text(lang, id, pairs...) },
		"lang":   func() string { return lang },
		"static": func(file string) string { return s.static + file },
		"date":   func(at time.Time, zone ...*time.Location) template.HTML { return s.date(lang, at, zone) },
	}
}

func (s *Set) date(lang string, at time.Time, zone []*time.Location) template.HTML {
	shown := at.Local()
	if len(zone) > 0 && zone[0] != nil {
		shown = at.In(zone[0])
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, at.UTC().Format(time.RFC3339), s.When(lang, shown)))
}

// When is a date and time that people read, with the name of its zone: that of the city, or of the server.
func (s *Set) When(lang string, at time.Time) string {
	return at.Format(s.Text(lang, "date-format")) + " " + s.Text(lang, "zone-name", "Zone", at.Format("MST"))
}

// Render writes a template in a language; a language that Languages does not list means the first. Nothing is
// written if the template fails.
func (s *Set) Render(w io.Writer, lang, name string, data any) error {
	page, ok := s.pages[lang]
	if !ok {
		page = s.pages[Languages[0]]
	}
	var out bytes.Buffer
	if err := page.ExecuteTemplate(&out, name, data); err != nil {
		return err
	}
	_, err := out.WriteTo(w)
	return err
}

// Text returns the text in a language, or else in the first of Languages; pairs are names and values of its fields. An
// id without a text is returned unchanged: it may be a sentence.
func (s *Set) Text(lang, id string, pairs ...any) string {
	if !Known(lang) {
		lang = Languages[0]
	}
	if len(pairs) > 0 {
		text, _ := s.localize(lang, id, pairs)
		return text
	}
	key := textKey{lang, id}
	if text, ok := s.constant.Load(key); ok {
		return text.(string)
	}
	text, found := s.localize(lang, id, nil)
	if found { // others may be sentences, of which there is no end
		s.constant.Store(key, text)
	}
	return text
}

// localize is Text. found is whether there is a text with this id.
func (s *Set) localize(lang, id string, pairs []any) (text string, found bool) {
	fields := map[string]any{}
	config := &i18n.LocalizeConfig{MessageID: id, TemplateData: fields}
	for i := 0; i+1 < len(pairs); i += 2 {
		name := fmt.Sprint(pairs[i])
		fields[name] = pairs[i+1]
		if name == "Count" {
			config.PluralCount = pairs[i+1]
		}
	}
	fallback := id
	for _, localizer := range s.localizers[lang] {
		text, err := localizer.Localize(config)
		if err == nil {
			return text, true
		}
		if text != "" && !found {
			fallback, found = text, true // Languages[0] has it
		}
	}
	return fallback, found
}

// Match returns the best of Languages for the Accept-Language header of a visitor.
func Match(acceptLanguage string) string {
	_, index, _ := matcher.Match(parseAccept(acceptLanguage)...)
	return Languages[index]
}

var matcher = func() language.Matcher {
	var tags []language.Tag
	for _, lang := range Languages {
		tags = append(tags, language.Make(lang))
	}
	return language.NewMatcher(tags)
}()

func parseAccept(header string) []language.Tag {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return nil
	}
	return tags
}

// Known reports whether lang is one of Languages.
func Known(lang string) bool { return slices.Contains(Languages, lang) }
