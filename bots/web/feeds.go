package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/feeds"

	"linienfunk/bots"
	"linienfunk/report"
)

// The media types: RFC 4287 section 7, common use for RSS, https://www.jsonfeed.org/version/1.1/.
const (
	atomType = "application/atom+xml"
	rssType  = "application/rss+xml"
	jsonType = "application/feed+json"
)

// renderer renders a feed. self is the feed's own address.
type renderer func(f *feeds.Feed, self, lang string) ([]byte, error)

// serveFeed serves the list in the city's language, and 304 to readers that have it. Readers must ask each time: an old
// warning is a wrong one.
func (b *bot) serveFeed(mediaType string, render renderer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !listOpen(r) {
			http.NotFound(w, r)
			return
		}
		city := bots.MountOf(r).City
		p, err := b.page(r.Context(), city.Name)
		var posts []post
		if err == nil {
			posts, err = b.latest(r.Context(), city.Name)
		}
		var body []byte
		if err == nil {
			body, err = render(b.feed(city, posts, p.Changed), b.cityURL(city.Name)+r.URL.Path, city.Lang)
		}
		if err != nil {
			b.fail(w, r, "feed", err)
			return
		}
		b.serveBody(w, r, mediaType, body, p.Changed)
	}
}

func (b *bot) serveBody(w http.ResponseWriter, r *http.Request, mediaType string, body []byte, changed time.Time) {
	sum := sha256.Sum256(body)
	w.Header().Set("Content-Type", mediaType+"; charset=utf-8")
	w.Header().Set("Cache-Control", "public, no-cache")
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	if b.core.Now().Sub(changed) < 2*time.Second {
		// The header has whole seconds, so a second change within this one would look like none.
		changed = time.Time{}
	}
	http.ServeContent(w, r, "", changed, bytes.NewReader(body))
}

// feed is what the three formats have in common.
//
// No post has an author, since we know none. RFC 4287 4.1.1 wants one for the feed then: that is the city.
func (b *bot) feed(city bots.City, posts []post, changed time.Time) *feeds.Feed {
	if changed.IsZero() {
		changed = time.Unix(0, 0) // never; RFC 4287 4.1.1 wants a time, and it has to be the same each time
	}
	home := b.cityURL(city.Name)
	f := &feeds.Feed{
		Title:       b.core.Pages.Text(city.Lang, "feed-title", "City", city.Title),
		Description: b.core.Pages.Text(city.Lang, "feed-description", "City", city.Title),
		Link:        &feeds.Link{Href: home},
		Author:      &feeds.Author{Name: city.Title},
		Id:          urn(home),
		Updated:     changed.UTC(),
	}
	for _, p := range posts {
		f.Add(&feeds.Item{
			Id:      urn(home + "#post-" + strconv.FormatUint(uint64(p.ID), 10) + "@" + strconv.FormatInt(p.Created.UnixMicro(), 10)),
			Title:   report.Cut(strings.Join(strings.Fields(p.Text), " "), 80),
			Link:    &feeds.Link{Href: b.postURL(p), Type: "text/html"},
			Content: p.Text, // each format says its own way that this is plain text
			Created: p.At.UTC(),
			Updated: p.At.UTC(),
		})
	}
	return f
}

// urn is an id that stays the same as long as the program's address does: a UUID of version 5 (RFC 9562).
func urn(name string) string { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).URN() }

// htmlText is plain text as HTML, for RSS, whose descriptions are HTML.
func htmlText(text string) string {
	return strings.ReplaceAll(html.EscapeString(text), "\n", "<br>")
}
