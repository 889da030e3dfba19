package site

import (
	"io"
	"net/http"
	"time"
)

// bodyKey is the key of a request's body without the limit of MaxBody.
type bodyKey struct{}

// AllowBody lets an action that has checked who asks read a body of up to limit bytes, for at most total, as long as bytes arrive: each wait has the time that
// a normal body has in all. It comes before anything of the body is read.
func (s *Site) AllowBody(w http.ResponseWriter, r *http.Request, limit int64, total time.Duration) {
	body, ok := r.Context().Value(bodyKey{}).(io.ReadCloser)
	if !ok {
		return // no body
	}
	r.Body = http.MaxBytesReader(w, &slowBody{body, http.NewResponseController(w), time.Now().Add(total), s.PageTime}, limit)
}

// slowBody moves the deadlines of a connection before each read.
type slowBody struct {
	io.ReadCloser
	control  *http.ResponseController
	end      time.Time
	pageTime time.Duration
}

func (b *slowBody) Read(p []byte) (int, error) {
	next := time.Now().Add(bodyTime)
	if next.After(b.end) {
		next = b.end
	}
	_ = b.control.SetReadDeadline(next) // writers in tests have none
	_ = b.control.SetWriteDeadline(next.Add(b.pageTime))
	return b.ReadCloser.Read(p)
}
