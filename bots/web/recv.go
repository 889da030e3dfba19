package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

// storeTimeout limits the storing of a report. Listen has to end within 5 seconds.
const storeTimeout = 4 * time.Second

// Listen lets the form and the live streams work until ctx ends, and returns when the last request is done: within storeTimeout or
// writeTimeout after ctx.
func (b *bot) Listen(ctx context.Context, out bots.CityOut) error { return b.intake.Serve(ctx, out) }

// showForm serves the form on a page of its own, to which a reload of a rejected form leads.
func (b *bot) showForm(w http.ResponseWriter, r *http.Request) {
	if !showsForm(r) {
		b.rejectForm(w, r, b.newForm(r), formIsOff)
		return
	}
	b.showFormPage(w, r, http.StatusOK, b.newForm(r))
}

// submitForm hands in a report. Each error is answered with the form, the text still in it, under the same Nonce: if the report was
// stored nevertheless, pressing the button again does not store a second one.
func (b *bot) submitForm(w http.ResponseWriter, r *http.Request) {
	f := b.newForm(r)
	if !showsForm(r) {
		b.rejectForm(w, r, f, formIsOff)
		return
	}
	wrong := f.read(w, r)
	if wrong == nil && !b.rates.allow(bots.MountOf(r).City.Name, r.RemoteAddr) {
		w.Header().Set("Retry-After", "60")
		wrong = &formError{http.StatusTooManyRequests, "form-too-many"}
	}
	if wrong == nil {
		wrong = b.handIn(r, f)
	}
	if wrong != nil {
		b.rejectForm(w, r, f, *wrong)
		return
	}
	sent := cityPath(r) + "/sent/" + b.core.Name + "/" + f.reportID() // what becomes of it
	if r.Header.Get("Accept") == "application/json" {                 // report.js cannot see where a redirect leads
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"to": sent}) // the visitor has left
		return
	}
	http.Redirect(w, r, sent, http.StatusSeeOther)
}

// handIn passes the report to the core. It continues when the request's connection breaks, as in a tunnel right after pressing the
// button.
func (b *bot) handIn(r *http.Request, f form) *formError {
	lease := b.intake.Acquire()
	if lease == nil {
		return &formError{http.StatusServiceUnavailable, "form-not-now"}
	}
	defer lease.Release()
	ctx, cancel := context.WithTimeout(lease.Ctx, storeTimeout)
	defer cancel()
	city := bots.MountOf(r).City.Name
	err := lease.Out(ctx, city, report.Report{ID: f.reportID(), Text: f.Text, At: b.core.Now()})
	if err != nil {
		b.core.Log.Error("report from the form not stored", "city", city, "err", err)
		return &formError{http.StatusServiceUnavailable, "form-not-now"}
	}
	return nil
}

// rejectForm serves the form below a sentence that says what was wrong.
func (b *bot) rejectForm(w http.ResponseWriter, r *http.Request, f form, wrong formError) {
	if wrong.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "30")
	}
	f.Error = b.text(r, wrong.text, "Max", maxText)
	if wrong == formIsOff {
		f.Action = ""
	}
	b.showFormPage(w, r, wrong.status, f)
}

func (b *bot) showFormPage(w http.ResponseWriter, r *http.Request, status int, f form) {
	w.Header().Set("Cache-Control", "no-store")
	b.core.Pages.Page(w, r, status, b.text(r, "form-title"), "report_form_page.html", f)
}
