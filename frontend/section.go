package frontend

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
	"linienfunk/settings"
)

// A section has this long, and may be this many bytes.
const (
	sectionTime = 5 * time.Second
	maxSection  = 1 << 20
)

// section is a bot's part of a city's page.
type section struct {
	Name, Title string
	HTML        template.HTML
	Failed      bool
	Status      *chip // nil if no process of the bot runs for the city
}

// chip is a state as the page shows it.
type chip struct {
	Kind, State   string
	Label, Detail string
	Since         time.Time
	Queue         int
}

// adminSections asks all bots. wrong is a form of a bot's options that somebody sent, nil if nobody did.
func (f *Frontend) adminSections(r *http.Request, city settings.Snapshot, wrong *optionsForm) ([]section, error) {
	status := map[string]bots.Status{}
	for _, one := range f.Status(city.City) {
		status[one.Bot] = one
	}
	var all []section
	for _, m := range f.mountedBots() {
		mount := bots.Mount{City: f.Settings.View(m.name, city), Path: "/city/" + city.City + "/bot/" + m.name, Lang: f.lang(r), Admin: true}
		var err error
		if mount.Options, err = f.options(r, city, m.name, wrong); err != nil {
			return nil, err
		}
		one := f.section(r, m, m.admin, mount)
		if s, ok := status[m.name]; ok {
			one.Status = &chip{
				Kind: stateKind(s.State), State: "state-" + string(s.State), Label: s.Label,
				Detail: f.botText(f.lang(r), m.name, s.Detail), Since: s.Since, Queue: s.Queue,
			}
		}
		all = append(all, one)
	}
	return all, nil
}

func stateKind(s bots.State) string {
	switch s {
	case bots.Running:
		return "good"
	case bots.Starting, bots.Waiting:
		return "wait"
	case bots.Stuck, bots.Halted:
		return "bad"
	}
	return "plain"
}

// section asks a bot for its fragment, as a GET of its own. Whatever goes wrong stays in the section.
func (f *Frontend) section(r *http.Request, m mounted, handler http.Handler, mount bots.Mount) section {
	one := section{Name: m.name, Title: f.botTitle(f.lang(r), m.name)}
	body, err := f.fragment(r, handler, mount)
	if err != nil {
		f.Log.Error("section failed", "bot", m.name, "city", mount.City.Name, "err", err)
		one.Failed = true
		return one
	}
	one.HTML = template.HTML(body) // from the bot's own html/template
	return one
}

type fragmentKey struct{}

// isFragment reports whether the request is one that fragment made.
func isFragment(r *http.Request) bool { return r.Context().Value(fragmentKey{}) != nil }

func (f *Frontend) fragment(r *http.Request, handler http.Handler, mount bots.Mount) (body string, err error) {
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), fragmentKey{}, true), sectionTime)
	defer cancel()
	inner := r.Clone(ctx)
	inner.Method, inner.Body, inner.ContentLength, inner.TransferEncoding = http.MethodGet, http.NoBody, 0, nil
	inner.URL = &url.URL{Path: "/"}
	inner.RequestURI, inner.Form, inner.PostForm, inner.MultipartForm = "/", nil, nil, nil
	for _, name := range []string{"Content-Type", "Content-Length", "If-None-Match", "If-Modified-Since", "Range"} {
		inner.Header.Del(name)
	}
	out := &capture{header: http.Header{}}
	defer func() {
		if trouble := recover(); trouble != nil {
			f.Log.Error("section panicked", "panic", trouble, "stack", string(debug.Stack()))
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

// capture is an http.ResponseWriter that keeps the answer.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
	large  bool
}

// Header is what the handler sets; nobody sees it.
func (c *capture) Header() http.Header { return c.header }

// WriteHeader keeps the first status.
func (c *capture) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

// Write keeps b, up to maxSection bytes in all.
func (c *capture) Write(b []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	if c.body.Len()+len(b) > maxSection {
		c.large = true
		return len(b), nil
	}
	return c.body.Write(b)
}
