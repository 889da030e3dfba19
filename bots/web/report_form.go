package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"linienfunk/bots"
	"linienfunk/report"
)

const (
	maxText = 500      // characters of a report
	maxForm = 16 << 10 // bytes of a form: maxText characters of four bytes, percent-encoded, and the other fields
)

// form is the data of report_form.html.
type form struct {
	Action string // URL to submit to; empty shows no form
	Nonce  string // identifies the visitor's copy of the page, see reportID
	Text   string // entered by the rider
	Error  string // what was wrong with the last submission
	Max    int    // characters of Text
	Back   string // path of the city's page
	Script string // address of report.js
}

func (b *bot) newForm(r *http.Request) form {
	mount := bots.MountOf(r)
	return form{
		Action: mount.Path + "/report", Nonce: mount.Once, Max: maxText, Back: cityPath(r), Script: mount.Path + "/report.js?v=" + b.scriptHash,
	}
}

// formError is why a submission is rejected: an HTTP status and the id of a text.
type formError struct {
	status int
	text   string
}

var formIsOff = formError{http.StatusNotFound, "form-is-off"}

// read reads the submitted fields. With an error, too, it fills in the text for the rider to correct.
func (f *form) read(w http.ResponseWriter, r *http.Request) *formError {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return &formError{http.StatusRequestEntityTooLarge, "form-too-long"}
		}
		return &formError{http.StatusBadRequest, "form-unreadable"}
	}
	if nonce := r.PostForm.Get("once"); validNonce(nonce) {
		f.Nonce = nonce
	}
	text, wrong := checkText(r.PostForm.Get("text"))
	f.Text = text
	if wrong == nil && r.PostForm.Get("website") != "" { // hidden from people; spam programs fill it in
		wrong = &formError{http.StatusUnprocessableEntity, "form-hidden-field"}
	}
	return wrong
}

// checkText returns the text to show in the form again, and what is wrong with the submitted one.
func checkText(text string) (string, *formError) {
	if !utf8.ValidString(text) {
		return strings.ToValidUTF8(text, "\uFFFD"), &formError{http.StatusUnprocessableEntity, "form-not-utf8"}
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	control := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	switch {
	case text == "":
		return "", &formError{http.StatusUnprocessableEntity, "form-empty"}
	case strings.ContainsFunc(text, control):
		return report.Clean(text), &formError{http.StatusUnprocessableEntity, "form-control"}
	case utf8.RuneCountInString(text) > maxText:
		return text, &formError{http.StatusUnprocessableEntity, "form-too-long"}
	}
	return text, nil
}

// reportID is the same for the same text from the same rendering of the form, so that pressing the button twice, or reloading the
// response, makes one report. The id outlives the text in the ledger; the nonce is random and not stored, so that nobody can test
// which of the likely texts an id belongs to.
func (f form) reportID() string {
	hash := sha256.Sum256([]byte(f.Nonce + "\n" + f.Text))
	return hex.EncodeToString(hash[:16])
}

func validNonce(nonce string) bool {
	bytes, err := hex.DecodeString(nonce)
	return err == nil && len(bytes) == 16
}
