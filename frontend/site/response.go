package site

import (
	"net/http"
)

// response calls before once, right before the first byte of the answer. It does not buffer, so that handlers can stream: it
// has Flush, and http.ResponseController finds the server's writer through Unwrap.
type response struct {
	http.ResponseWriter
	before func() error // may set headers; an error makes the answer an empty 500
	wrote  bool
	broken bool
}

func (w *response) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		if !w.begin() {
			return
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if !w.begin() {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Flush implements http.Flusher.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError is called by http.ResponseController.
func (w *response) FlushError() error {
	if !w.begin() {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// begin calls before if that has not happened yet, and reports whether the answer may be written.
func (w *response) begin() bool {
	if w.wrote {
		return !w.broken
	}
	w.wrote = true
	if w.before == nil {
		return true
	}
	if err := w.before(); err != nil {
		w.broken = true
		w.ResponseWriter.WriteHeader(http.StatusInternalServerError)
	}
	return !w.broken
}
