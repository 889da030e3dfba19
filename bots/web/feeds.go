package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/feeds"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/report"
)

var (
	feedNames  = []string{"feed.atom", "feed.rss", "feed.json"}
	alertNames = []string{"alerts.pb", "alerts.json"}
)

// renderer renders a feed, whose items are those of the posts.
type renderer func(f *feeds.Feed, posts []post, from origin) ([]byte, error)

// origin is what a feed says about itself. moved is where the city says that it has moved to, or nothing.
type origin struct{ self, lang, moved string }

// serveFeed serves the list in the city's language, with 304 for unchanged lists. Readers must revalidate each time: an old warning
// is a wrong one.
func (b *bot) serveFeed(mediaType string, render renderer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		shareWithAll(w)
		if !showsList(r) {
			http.NotFound(w, r)
			return
		}
		city := bots.MountOf(r).City
		p, err := b.page(r.Context(), city.Name)
		var posts []post
		if err == nil {
			posts, err = b.latestPosts(r.Context(), city.Name)
		}
		var body []byte
		if err == nil {
			body, err = render(b.feed(city, posts, p.Changed), posts, origin{b.cityURL(city.Name) + r.URL.Path, city.Lang, city.Moved})
		}
		if err != nil {
			b.serverError(w, r, "feed", err)
			return
		}
		b.serveBody(w, r, mediaType+"; charset=utf-8", body, p.Changed)
	}
}

// shareWithAll lets scripts of all sites read a feed, and the ETag with which they ask again (https://fetch.spec.whatwg.org/#http-cors-protocol).
// Feeds are public and the same for everybody.
func shareWithAll(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "ETag")
}

// allowFeed answers a browser that asks whether a script of another site may send If-None-Match.
func allowFeed(w http.ResponseWriter, _ *http.Request) {
	shareWithAll(w)
	w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD")
	w.Header().Set("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since")
	w.Header().Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

func (b *bot) serveBody(w http.ResponseWriter, r *http.Request, mediaType string, body []byte, changed time.Time) {
	sum := sha256.Sum256(body)
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Cache-Control", "public, no-cache")
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	if b.core.Now().Sub(changed) < 2*time.Second {
		// Last-Modified has whole seconds, so it would hide a second change within this one.
		changed = time.Time{}
	}
	http.ServeContent(w, r, "", changed, bytes.NewReader(body))
}

// feed returns the content that the three formats share.
//
// Posts have no author, because authors are not stored. RFC 4287 4.1.1 then requires an author of the feed: the city.
func (b *bot) feed(city bots.City, posts []post, changed time.Time) *feeds.Feed {
	if changed.IsZero() {
		changed = time.Unix(0, 0) // never changed; RFC 4287 4.1.1 requires a time, and a constant one keeps the ETag
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
	if city.Moved != "" {
		f.Description = b.core.Pages.Text(city.Lang, "feed-moved", "City", city.Title, "URL", city.Moved)
	}
	for _, p := range posts {
		updated := p.At
		if p.Edited != nil && p.Edited.After(updated) {
			updated = *p.Edited
		}
		f.Add(&feeds.Item{
			Id:      urn(home + "#post-" + strconv.FormatUint(uint64(p.ID), 10) + "@" + strconv.FormatInt(p.Created.UnixMicro(), 10)),
			Title:   report.Cut(strings.Join(strings.Fields(p.Text), " "), 80),
			Link:    &feeds.Link{Href: b.postURL(p), Type: "text/html"},
			Content: kit.TextWithState(b.core.Pages, city, p.report()), // plain text, as each format declares in its own way
			Created: p.At.UTC(),
			Updated: updated.UTC(),
		})
	}
	return f
}

// urn makes an id from a URL: a UUID of version 5 (RFC 9562). It stays the same as long as base_url does.
func urn(name string) string { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).URN() }
