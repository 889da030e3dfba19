package frontend

import (
	"errors"
	"html/template"
	"net/http"
	"strings"
	"unicode/utf8"
)

// errForm is returned for a request that is no form.
var errForm = errors.New("not a form")

// parseForm reads a form. Its values are valid UTF-8 afterwards.
func parseForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return err
		}
		return errForm
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

// formErrors are sentences about the fields of a form. The key "" is about the form as a whole.
type formErrors map[string][]string

func (e formErrors) add(field, sentence string) { e[field] = append(e[field], sentence) }

// fieldErrors is what the template "errors" shows.
type fieldErrors struct {
	Field     string
	Sentences []string
}

// Of returns what is wrong with a field.
func (e formErrors) Of(field string) fieldErrors { return fieldErrors{field, e[field]} }

// Attr connects an input with its hint, if it has one, and its errors, for people who do not see that they stand
// beside each other.
func (e formErrors) Attr(field string, hint bool) template.HTMLAttr {
	var ids []string
	if len(e[field]) > 0 {
		ids = append(ids, "f-"+field+"-error")
	}
	if hint {
		ids = append(ids, "f-"+field+"-hint")
	}
	if len(ids) == 0 {
		return ""
	}
	attr := `aria-describedby="` + strings.Join(ids, " ") + `"`
	if len(e[field]) > 0 {
		attr += ` aria-invalid="true"`
	}
	return template.HTMLAttr(attr) // fields are named in templates, never by visitors
}
