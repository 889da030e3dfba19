package site

import (
	"errors"
	"html/template"
	"net/http"
	"strings"
	"unicode/utf8"
)

// ErrForm is returned for a request whose body is not a form.
var ErrForm = errors.New("not a form")

// ParseForm reads a form in either encoding that browsers use. Its values are valid UTF-8 afterwards.
func ParseForm(r *http.Request) error {
	err := r.ParseForm()
	if err == nil && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		err = r.ParseMultipartForm(MaxBody) // guard allows no larger body, so nothing goes into files
	}
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return err
		}
		return ErrForm
	}
	for _, values := range r.PostForm {
		for i, value := range values {
			if !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
				values[i] = strings.ReplaceAll(strings.ToValidUTF8(value, "\uFFFD"), "\x00", "")
			}
		}
	}
	return nil
}

// LineEnds turns the CRLF line ends of browsers into LF.
func LineEnds(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// FormErrors are sentences about what is wrong, by the name of the field. The key "" is for the whole form.
type FormErrors map[string][]string

func (e FormErrors) Add(field, sentence string) { e[field] = append(e[field], sentence) }

// FieldErrors is the data of the template "errors".
type FieldErrors struct {
	Field     string
	Sentences []string
}

// Of returns the errors of a field.
func (e FormErrors) Of(field string) FieldErrors { return FieldErrors{field, e[field]} }

// OfID returns the errors of a field whose id is not its name.
func (e FormErrors) OfID(field, id string) FieldErrors { return FieldErrors{id, e[field]} }

// Attr returns the ARIA attributes that connect an input with its hint, if it has one, and its errors.
func (e FormErrors) Attr(field string, hint bool) template.HTMLAttr {
	return e.AttrFor(field, field, hint)
}

// AttrFor is Attr for a field whose id is not its name.
func (e FormErrors) AttrFor(field, id string, hint bool) template.HTMLAttr {
	var ids []string
	if len(e[field]) > 0 {
		ids = append(ids, "f-"+id+"-error")
	}
	if hint {
		ids = append(ids, "f-"+id+"-hint")
	}
	if len(ids) == 0 {
		return ""
	}
	attr := `aria-describedby="` + strings.Join(ids, " ") + `"`
	if len(e[field]) > 0 {
		attr += ` aria-invalid="true"`
	}
	return template.HTMLAttr(attr) // ids come from templates or bots, never from visitors
}
