package site

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"linienfunk/db"
)

// MaxBody is the largest request body in bytes. The largest forms have a city's word lists.
const MaxBody = 1 << 20

// Time limits for reading a request's body and for writing the answer. Handlers that stream set a new deadline before each
// write.
const (
	bodyTime  = 30 * time.Second
	writeTime = 60 * time.Second
)

// Handle turns an action into a handler. It answers with an error page if the action fails, and logs errors that are not the
// visitor's.
func (s *Site) Handle(action func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := action(w, r)
		var large *http.MaxBytesError
		switch {
		case err == nil:
		case errors.Is(err, db.ErrNotFound):
			s.ShowError(w, r, http.StatusNotFound)
		case errors.As(err, &large):
			s.ShowError(w, r, http.StatusRequestEntityTooLarge)
		case errors.Is(err, ErrForm):
			s.ShowError(w, r, http.StatusBadRequest)
		case errors.Is(err, context.Canceled) && r.Context().Err() != nil: // the visitor has left
		default:
			s.Log.Error("page failed", "page", r.Pattern, "err", err)
			s.ShowError(w, r, http.StatusInternalServerError)
		}
	}
}

// protect sets headers, limits a request's size and time, and handles panics.
func (s *Site) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		res := &response{ResponseWriter: w}
		s.headers(res.Header(), r)
		if r.ContentLength != 0 {
			r = r.WithContext(context.WithValue(r.Context(), bodyKey{}, r.Body)) // for AllowBody
		}
		r.Body = http.MaxBytesReader(res, r.Body, MaxBody)
		// Writers in tests have no deadlines. The server sets new ones for the next request.
		control := http.NewResponseController(w)
		if r.ContentLength != 0 {
			_ = control.SetReadDeadline(time.Now().Add(bodyTime))
		}
		_ = control.SetWriteDeadline(time.Now().Add(s.PageTime))
		defer s.recoverPage(res, r)
		next.ServeHTTP(res, r)
	})
}

// recoverPage handles a panic of a handler, when deferred: it logs it and answers with an error page.
func (s *Site) recoverPage(w *response, r *http.Request) {
	trouble := recover()
	if trouble == nil {
		return
	}
	if trouble == http.ErrAbortHandler {
		panic(trouble)
	}
	// Not the path: it may contain the token of a link.
	s.Log.Error("page panicked", "page", r.Pattern, "panic", trouble, "stack", string(debug.Stack()))
	if w.wrote {
		panic(http.ErrAbortHandler) // a truncated answer must not look complete
	}
	s.ShowError(w, r, http.StatusInternalServerError)
}

func (s *Site) headers(h http.Header, r *http.Request) {
	h.Set("Content-Security-Policy", s.policy(r))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	// Addresses may contain tokens. no-referrer would make browsers send forms with Origin: null.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	if s.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// policy lets pages load only resources of this server, and nothing inline. On the admins'
// pages a form may lead elsewhere: Chromium applies form-action to redirects as well, and connecting an account
// begins with a form and ends at another server
// (https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy/form-action).
func (s *Site) policy(r *http.Request) string {
	forms := "'self'"
	if strings.HasPrefix(r.URL.Path, "/city/") {
		forms += " https:"
		if !s.secure {
			forms += " http:"
		}
	}
	return "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'; form-action " + forms
}
