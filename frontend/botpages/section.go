package botpages

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"linienfunk/bots"
)

// Limits of a section: time to render, and size in bytes.
const (
	sectionTime = 5 * time.Second
	maxSection  = 1 << 20
)

// Section is a bot's part of a city's page.
type Section struct {
	Name, Title string
	HTML        template.HTML
	Failed      bool
}

// Section calls the bot's handler for its fragment, with a GET request of its own. Errors and panics stay in the section.
func (b *Bots) Section(r *http.Request, m Mounted, handler http.Handler, mount bots.Mount) Section {
	one := Section{Name: m.Name, Title: b.Title(b.Lang(r), m.Name)}
	body, err := b.fragment(r, handler, mount)
	if err != nil {
		b.Log.Error("section failed", "bot", m.Name, "city", mount.City.Name, "err", err)
		one.Failed = true
		return one
	}
	one.HTML = template.HTML(body) // rendered by the bot's html/template
	return one
}

type fragmentKey struct{}

// isFragment reports whether fragment made the request.
func isFragment(r *http.Request) bool { return r.Context().Value(fragmentKey{}) != nil }

func (b *Bots) fragment(r *http.Request, handler http.Handler, mount bots.Mount) (body string, err error) {
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), fragmentKey{}, true), b.SectionTime)
	defer cancel()
	inner := r.Clone(ctx)
	inner.Method, inner.Body, inner.ContentLength, inner.TransferEncoding = http.MethodGet, http.NoBody, 0, nil
	inner.URL = &url.URL{Path: "/"}
	inner.RequestURI, inner.Form, inner.PostForm, inner.MultipartForm = "/", nil, nil, nil
	for _, name := range []string{"Content-Type", "Content-Length", "If-None-Match", "If-Modified-Since", "Range"} {
		inner.Header.Del(name)
	}
	out := &responseBuffer{header: http.Header{}, most: maxSection}
	defer func() {
		if trouble := recover(); trouble != nil {
			b.Log.Error("section panicked", "panic", trouble, "stack", string(debug.Stack()))
			err = errors.New("panic")
		}
	}()
	handler.ServeHTTP(out, bots.WithMount(inner, mount))
	switch {
	case out.status == http.StatusNoContent:
		return "", nil
	case out.status != 0 && out.status != http.StatusOK:
		return "", errors.New("status " + http.StatusText(out.status))
	case out.large:
		return "", errors.New("too large")
	}
	return out.body.String(), nil
}

// responseBuffer is an http.ResponseWriter that stores the answer.
type responseBuffer struct {
	header http.Header
	status int
	body   bytes.Buffer
	most   int // bytes of body
	large  bool
}

// Header is not part of the fragment.
func (c *responseBuffer) Header() http.Header { return c.header }

// WriteHeader keeps the first status.
func (c *responseBuffer) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

// Write keeps b, up to most bytes in all.
func (c *responseBuffer) Write(b []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	if c.body.Len()+len(b) > c.most {
		c.large = true
		return len(b), nil
	}
	return c.body.Write(b)
}
