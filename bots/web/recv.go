package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"linienfunk/bots"
	"linienfunk/report"
)

const (
	maxText    = 500             // characters of a report
	maxForm    = 16 << 10        // bytes of a form: maxText characters of four bytes, percent-encoded, and the rest
	answerTime = 4 * time.Second // for storing a report; Listen has to end within 5 s
)

// form is the report form, as report_form.html shows it.
type form struct {
	Action string // where it is sent
	Once   string // names this rendering: see reportID
	Text   string // what the visitor wrote already
	Wrong  string // what was wrong with that
	Max    int
	Back   string // the city's page, if the form stands on a page of its own
}

func newForm(r *http.Request) form {
	return form{Action: bots.MountOf(r).Path + "/report", Once: newOnce(), Max: maxText}
}

// refusal is an answer other than "thank you": an HTTP status and an id of our texts.
type refusal struct {
	status int
	text   string
}

// showForm is where a reload of a refused form, or the way back to it, ends up.
func (b *bot) showForm(w http.ResponseWriter, r *http.Request) {
	if !formOpen(r) {
		b.refuse(w, r, newForm(r), formIsOff)
		return
	}
	b.showFormPage(w, r, http.StatusOK, newForm(r))
}

// takeReport hands in what was typed. Whatever goes wrong is answered with the form, the text still in it, under the
// same Once: if the report was stored nevertheless, pressing the button again does not make it two.
func (b *bot) takeReport(w http.ResponseWriter, r *http.Request) {
	f := newForm(r)
	if !formOpen(r) {
		b.refuse(w, r, f, formIsOff)
		return
	}
	refused := b.readForm(w, r, &f)
	if refused == nil && !b.limits.allow(r.RemoteAddr) {
		w.Header().Set("Retry-After", "60")
		refused = &refusal{http.StatusTooManyRequests, "form-too-many"}
	}
	if refused == nil {
		refused = b.handIn(r, f)
	}
	if refused != nil {
		b.refuse(w, r, f, *refused)
		return
	}
	b.core.Pages.Done(w, r, b.text(r, "form-thanks"))
}

func formOpen(r *http.Request) bool {
	city := bots.MountOf(r).City
	return city.Active && city.Options.On("form")
}

var formIsOff = refusal{http.StatusNotFound, "form-is-off"}

// readForm fills f from the request.
func (b *bot) readForm(w http.ResponseWriter, r *http.Request, f *form) *refusal {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
			return &refusal{http.StatusRequestEntityTooLarge, "form-too-long"}
		}
		return &refusal{http.StatusBadRequest, "form-unreadable"}
	}
	if once := r.PostForm.Get("once"); validOnce(once) {
		f.Once = once
	}
	text, refused := checkText(r.PostForm.Get("text"))
	f.Text = text
	if refused == nil && r.PostForm.Get("website") != "" {
		refused = &refusal{http.StatusUnprocessableEntity, "form-hidden-field"}
	}
	return refused
}

// checkText returns the text to show again, and what is wrong with it.
func checkText(text string) (string, *refusal) {
	if !utf8.ValidString(text) {
		return strings.ToValidUTF8(text, "\uFFFD"), &refusal{http.StatusUnprocessableEntity, "form-not-utf8"}
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	control := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	switch {
	case text == "":
		return "", &refusal{http.StatusUnprocessableEntity, "form-empty"}
	case strings.ContainsFunc(text, control):
		return report.Clean(text), &refusal{http.StatusUnprocessableEntity, "form-control"}
	case utf8.RuneCountInString(text) > maxText:
		return text, &refusal{http.StatusUnprocessableEntity, "form-too-long"}
	}
	return text, nil
}

// handIn gives the report to the core. It does not end with the request: a rider whose train enters a tunnel after
// pressing the button has reported.
func (b *bot) handIn(r *http.Request, f form) *refusal {
	lease := b.intake.Acquire()
	if lease == nil {
		return &refusal{http.StatusServiceUnavailable, "form-not-now"}
	}
	defer lease.Release()
	ctx, cancel := context.WithTimeout(lease.Ctx, answerTime)
	defer cancel()
	city := bots.MountOf(r).City.Name
	err := lease.Out(ctx, city, report.Report{ID: reportID(f.Once, f.Text), Text: f.Text, At: b.core.Now()})
	if err != nil {
		b.core.Log.Error("report was not stored", "city", city, "err", err)
		return &refusal{http.StatusServiceUnavailable, "form-not-now"}
	}
	return nil
}

// refuse answers with the form and a sentence above it.
func (b *bot) refuse(w http.ResponseWriter, r *http.Request, f form, why refusal) {
	if why.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "30")
	}
	f.Wrong = b.text(r, why.text, "Max", maxText)
	if why.text == "form-is-off" {
		f.Action = ""
	}
	b.showFormPage(w, r, why.status, f)
}

func (b *bot) showFormPage(w http.ResponseWriter, r *http.Request, status int, f form) {
	f.Back = cityPath(r)
	w.Header().Set("Cache-Control", "no-store")
	b.core.Pages.Page(w, r, status, b.text(r, "form-title"), "report_form_page.html", f)
}

// newOnce names a rendering of the form.
func newOnce() string {
	var random [16]byte
	rand.Read(random[:]) // never fails, see crypto/rand
	return hex.EncodeToString(random[:])
}

func validOnce(once string) bool {
	bytes, err := hex.DecodeString(once)
	return err == nil && len(bytes) == 16
}

// reportID is the same for the same text from the same rendering of the form: pressing the button twice, or reloading
// the answer, makes one report. The id outlives the text in the ledger; since once is random and kept nowhere, nobody
// can find out from the id which of the likely texts it was.
func reportID(once, text string) string {
	sum := sha256.Sum256([]byte(once + "\n" + text))
	return hex.EncodeToString(sum[:16])
}
