package web

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/feeds"

	"linienfunk/report"
)

// The media types: RFC 4287 section 7, common use for RSS, https://www.jsonfeed.org/version/1.1/.
const (
	atomType = "application/atom+xml"
	rssType  = "application/rss+xml"
	jsonType = "application/feed+json"
)

// The library's types lack some fields that the formats require or recommend. The types here embed them and add those.
// Of two fields with the same name, encoding/xml and encoding/json use the outer one.

// atomFeed adds the language (RFC 4287 section 2) and the link to itself (4.1.1).
type atomFeed struct {
	XMLName xml.Name         `xml:"feed"`
	Lang    string           `xml:"xml:lang,attr,omitempty"`
	GeoNS   string           `xml:"xmlns:georss,attr"`
	Links   []feeds.AtomLink `xml:"link"` // before the entries, which RFC 4287 appendix B wants last
	*feeds.AtomFeed
	Entries []atomEntry `xml:"entry"`
}

// atomEntry adds the place of the first stop, as GeoRSS Simple (https://docs.ogc.org/cs/17-002r1/17-002r1.html): latitude and longitude.
type atomEntry struct {
	*feeds.AtomEntry
	Point string `xml:"georss:point,omitempty"`
}

// renderAtom also sets the feed's id, which the library takes from the link, the time of publication, which it omits, and the
// content's type, which it declares as HTML.
func renderAtom(f *feeds.Feed, posts []post, from origin) ([]byte, error) {
	inner := (&feeds.Atom{Feed: f}).AtomFeed()
	inner.Id, inner.Link = f.Id, nil
	entries := []atomEntry{}
	for i, item := range f.Items {
		entries = append(entries, atomEntry{inner.Entries[i], point(posts[i])})
		inner.Entries[i].Published = item.Created.Format(time.RFC3339)
		if content := inner.Entries[i].Content; content != nil {
			content.Type = "text"
		}
	}
	return marshalXML(&atomFeed{AtomFeed: inner, Entries: entries, GeoNS: "http://www.georss.org/georss", Lang: from.lang, Links: []feeds.AtomLink{
		{Href: from.self, Rel: "self", Type: atomType},
		{Href: f.Link.Href, Rel: "alternate", Type: "text/html"},
	}})
}

// rssFeed adds the link to itself as in https://www.rssboard.org/rss-profile#namespace-elements-atom-link.
type rssFeed struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	AtomNS  string   `xml:"xmlns:atom,attr"`
	Channel rssChannel
}

type rssChannel struct {
	XMLName xml.Name `xml:"channel"`
	Self    rssSelf
	*feeds.RssFeed
}

type rssSelf struct {
	XMLName xml.Name `xml:"atom:link"`
	Href    string   `xml:"href,attr"`
	Rel     string   `xml:"rel,attr"`
	Type    string   `xml:"type,attr"`
}

// renderRSS puts the text into the description, as HTML, and not into content:encoded, which the library writes as CDATA, where
// nothing can be escaped. It omits the editor, who would have to be an e-mail address.
func renderRSS(f *feeds.Feed, _ []post, from origin) ([]byte, error) {
	inner := (&feeds.Rss{Feed: f}).RssFeed()
	inner.Language, inner.ManagingEditor = from.lang, ""
	for i, item := range f.Items {
		inner.Items[i].Content = nil
		inner.Items[i].Description = htmlText(item.Content)
		inner.Items[i].Guid.IsPermaLink = "false"
	}
	return marshalXML(&rssFeed{Version: "2.0", AtomNS: "http://www.w3.org/2005/Atom", Channel: rssChannel{
		Self: rssSelf{Href: from.self, Rel: "self", Type: rssType}, RssFeed: inner,
	}})
}

// jsonFeed adds an empty list of items: the format requires it, and the library omits it.
type jsonFeed struct {
	*feeds.JSONFeed
	City  *jsonCity  `json:"_linienfunk,omitempty"`
	Items []jsonItem `json:"items"`
}

// jsonCity is documented in docs/data.md.
type jsonCity struct {
	MovedTo string `json:"moved_to"` // the city's page elsewhere
}

// jsonItem adds what the report means and what has become of it. Names of extensions begin with an underscore.
type jsonItem struct {
	*feeds.JSONItem
	Report jsonReport `json:"_linienfunk"`
}

// jsonReport is documented in docs/data.md.
type jsonReport struct {
	report.Reading
	People int        `json:"people"`         // who reported the same, at least 1
	Over   *time.Time `json:"over,omitempty"` // when somebody said that it is over
}

// renderJSON also sets the feed's URL and language, and moves the content to content_text, since the library puts it into
// content_html. It omits the titles: they repeat the beginning of the text, and the format does not require them.
func renderJSON(f *feeds.Feed, posts []post, from origin) ([]byte, error) {
	inner := (&feeds.JSON{Feed: f}).JSONFeed()
	inner.FeedUrl, inner.Language = from.self, from.lang
	inner.Author, inner.Authors = nil, nil
	items := []jsonItem{}
	for i, item := range inner.Items {
		item.ContentText, item.ContentHTML, item.Title = item.ContentHTML, "", ""
		items = append(items, jsonItem{item, jsonReport{posts[i].report().Means, max(posts[i].People, 1), posts[i].Ended}})
	}
	feed := jsonFeed{JSONFeed: inner, Items: items}
	if from.moved != "" {
		feed.City = &jsonCity{from.moved}
	}
	return json.MarshalIndent(&feed, "", "  ")
}

// point is the place of a post's first stop; empty if it is unknown.
func point(p post) string {
	for _, stop := range p.report().Means.Stops {
		if stop.Lat != 0 || stop.Lon != 0 {
			return fmt.Sprintf("%.6f %.6f", stop.Lat, stop.Lon)
		}
	}
	return ""
}

func marshalXML(feed any) ([]byte, error) {
	body, err := xml.MarshalIndent(feed, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(append([]byte(xml.Header), body...), '\n'), nil
}

// htmlText converts plain text to HTML, for RSS, whose descriptions are HTML. Quotes need no escape outside of attributes, and some
// readers show the description as text.
func htmlText(text string) string { return htmlEscapes.Replace(text) }

var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", "<br>")
