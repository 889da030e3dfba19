// Package legal renders the operator's imprint, privacy page, contact and terms from Markdown files, and writes a privacy text for operators who have none.
package legal

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	texts "text/template"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// Kinds are the pages, in the order of their links. Their paths are /imprint and so on.
var Kinds = []string{"imprint", "privacy", "contact", "terms"}

//go:embed privacy.*.md
var files embed.FS

// Facts are what the ready privacy text says about the operator, and how long things are kept.
type Facts struct {
	Name, Address string // of the operator; may be empty
	Contact       bool   // there is a page /contact
	Imprint       bool   // there is a page /imprint

	RetentionHours, MaxRetentionDays        int // of texts of reports: what a new city has, and what a city can choose
	SessionDays, LogDays, FlagHours         int
	MailDays, InvitationDays, MuteDays      int
	SubscriptionHours, RegistrationHours    int // until those that nobody confirms are deleted
	GreylistDays, BounceDays, NumbersMonths int
}

// Texts are pages by kind and language, as HTML.
type Texts map[string]map[string]template.HTML

// Find returns the file with a text in a language. The text imprint.md is that of all languages that have no file of their own beside it, such as imprint.de.md; without it, the
// first of the others stands in, so that a page exists in all languages or in none. found is false if there is no file at all.
func Find(path, lang string) (file string, found bool) {
	ext := filepath.Ext(path)
	base := strings.TrimSuffix(path, ext)
	candidates := []string{For(path, lang), path}
	entries, _ := os.ReadDir(filepath.Dir(path)) // sorted; what cannot be read has none
	other := regexp.MustCompile(`^` + regexp.QuoteMeta(filepath.Base(base)) + `\.[a-z]{2}` + regexp.QuoteMeta(ext) + `$`)
	for _, entry := range entries {
		if other.MatchString(entry.Name()) {
			candidates = append(candidates, filepath.Join(filepath.Dir(path), entry.Name()))
		}
	}
	i := slices.IndexFunc(candidates, func(one string) bool { info, err := os.Stat(one); return err == nil && !info.IsDir() })
	if path == "" || i < 0 {
		return "", false
	}
	return candidates[i], true
}

// For is the path of the file with a text in a language, beside path: imprint.de.md.
func For(path, lang string) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + "." + lang + ext
}

// maxFile is the most bytes of a file.
const maxFile = 1 << 20

// Read renders the files at paths, by kind, in each of the languages. A kind without a path has no page, except for privacy, which is written from facts.
func Read(paths map[string]string, facts Facts, languages []string) (Texts, error) {
	all := Texts{}
	facts.Imprint, facts.Contact = paths["imprint"] != "", paths["contact"] != ""
	for _, kind := range Kinds {
		if paths[kind] == "" && kind != "privacy" {
			continue
		}
		all[kind] = map[string]template.HTML{}
		for _, lang := range languages {
			source, err := source(paths[kind], lang, facts)
			if err == nil {
				all[kind][lang], err = Render(source)
			}
			if err != nil {
				return nil, fmt.Errorf("legal.%s: %w", kind, err)
			}
		}
	}
	return all, nil
}

func source(path, lang string, facts Facts) ([]byte, error) {
	if path == "" {
		return ready(lang, facts)
	}
	file, found := Find(path, lang)
	if !found {
		return nil, fmt.Errorf("no such file: %s", path)
	}
	text, err := os.ReadFile(file)
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s has more than %d bytes", file, maxFile)
	}
	return text, err
}

// ready returns the ready privacy text as Markdown.
func ready(lang string, facts Facts) ([]byte, error) {
	name := "privacy." + lang + ".md"
	t, err := texts.New(name).Funcs(texts.FuncMap{"text": escape}).ParseFS(files, name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, facts)
	return out.Bytes(), err
}

// special are the characters that Markdown may read as marks.
var special = regexp.MustCompile("[\\\\`*_{}\\[\\]()#+!|<>&~-]")

// escape makes a value plain text in Markdown.
func escape(value string) string {
	return special.ReplaceAllString(strings.Join(strings.Fields(value), " "), `\$0`)
}

// page renders without goldmark's option for unsafe output: HTML in the source is left out, and so are links with schemes such as javascript.
var page = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Linkify, extension.Strikethrough))

// Render returns Markdown as HTML.
func Render(markdown []byte) (template.HTML, error) {
	var out bytes.Buffer
	err := page.Convert(bytes.ToValidUTF8(markdown, []byte("\uFFFD")), &out)
	return template.HTML(out.String()), err
}

// Inline returns Markdown that is a paragraph or several, without headings that would compete with those of the page.
func Inline(markdown string) (template.HTML, error) {
	var lines []string
	for line := range strings.Lines(markdown) {
		lines = append(lines, strings.TrimLeft(line, "# \t"))
	}
	return Render([]byte(strings.Join(lines, "")))
}

// Has reports whether there is a page of this kind.
func (t Texts) Has(kind string) bool { return t[kind] != nil }

// Links lists the kinds of which there are pages.
func (t Texts) Links() []string {
	return slices.DeleteFunc(slices.Clone(Kinds), func(kind string) bool { return !t.Has(kind) })
}

// In returns a page in a language, or else in English.
func (t Texts) In(kind, lang string) template.HTML {
	return cmp.Or(t[kind][lang], t[kind]["en"])
}
