package site

import (
	"errors"
	"html/template"
	"net/http"
	"strings"
	"unicode/utf8"
)

// errForm is returned for a request that is no form.
var ErrForm = errors.New("not a form")

// parseForm reads a form, in either of the encodings that browsers use. Its values are valid UTF-8 afterwards.
func ParseForm(r *http.Request) error {
	err := r.ParseForm()
	if err == nil && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		err = r.ParseMultipartForm(MaxBody) // guard lets no more in, so that no file is written
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

// lineEnds makes the line ends that browsers send those of Go.
func LineEnds(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// formErrors are sentences about the fields of a form. The key "" is about the form as a whole.
type FormErrors map[string][]string

func (e FormErrors) Add(field, sentence string) { e[field] = append(e[field], sentence) }

// fieldErrors is what the template "errors" shows.
type FieldErrors struct {
	Field     string
	Sentences []string
}

// Of returns what is wrong with a field.
func (e FormErrors) Of(field string) FieldErrors { return FieldErrors{field, e[field]} }

// Attr connects an input with its hint, if it has one, and its errors, for people who do not see that they stand
// beside each other.
func (e FormErrors) Attr(field string, hint bool) template.HTMLAttr {
	return e.AttrFor(field, field, hint)
}

// attr is Attr for a field whose id is not its name.
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
	return template.HTMLAttr(attr) // ids are ours, or of a bot's options; never a visitor's
}
