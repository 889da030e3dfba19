package web

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"linienfunk/bots"
	"linienfunk/report"
)

// The feeds as a feed reader parses them, with the elements that RFC 4287, RSS 2.0 and JSON Feed 1.1 require or that we promise.
type (
	atomRead struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		Lang    string   `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
		ID      string   `xml:"id"`
		Title   string   `xml:"title"`
		Updated string   `xml:"updated"`
		Author  []string `xml:"author>name"`
		Links   []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"link"`
		Entries []struct {
			ID        string    `xml:"id"`
			Title     string    `xml:"title"`
			Updated   string    `xml:"updated"`
			Published string    `xml:"published"`
			Author    *struct{} `xml:"author"`
			Content   struct {
				Type string `xml:"type,attr"`
				Text string `xml:",chardata"`
			} `xml:"content"`
			Link struct {
				Href string `xml:"href,attr"`
			} `xml:"link"`
		} `xml:"entry"`
	}
	rssRead struct {
		XMLName xml.Name `xml:"rss"`
		Version string   `xml:"version,attr"`
		Channel struct {
			Title string `xml:"title"`
			Links []struct {
				XMLName xml.Name
				Rel     string `xml:"rel,attr"`
				Href    string `xml:"href,attr"`
				Text    string `xml:",chardata"`
			} `xml:"link"`
			Description string    `xml:"description"`
			Language    string    `xml:"language"`
			Editor      *struct{} `xml:"managingEditor"`
			Items       []struct {
				Description string `xml:"description"`
				Link        string `xml:"link"`
				PubDate     string `xml:"pubDate"`
				GUID        struct {
					ID        string `xml:",chardata"`
					Permalink string `xml:"isPermaLink,attr"`
				} `xml:"guid"`
				Author *struct{} `xml:"author"`
			} `xml:"item"`
		} `xml:"channel"`
	}
	jsonRead struct {
		Version, Title, Language string
		HomePageURL              string          `json:"home_page_url"`
		FeedURL                  string          `json:"feed_url"`
		Authors                  json.RawMessage `json:"authors"`
		Items                    []struct {
			ID, URL     string
			ContentText string          `json:"content_text"`
			ContentHTML *string         `json:"content_html"`
			Published   time.Time       `json:"date_published"`
			Authors     json.RawMessage `json:"authors"`
		}
	}
)

const tricky = "Kontrolle <b>U8</b> & ]]> \"Zoo\"\nGleis 2"

func (f *fixture) feedOf(t *testing.T, path, mediaType string) answer {
	t.Helper()
	got := f.get(t, path)
	if got.status != http.StatusOK || got.header.Get("Content-Type") != mediaType+"; charset=utf-8" {
		t.Fatalf("%s: %d %s", path, got.status, got.header.Get("Content-Type"))
	}
	return got
}

func TestAtomFeedHasWhatRFC4287Requires(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.send(t, "zuerich", "1", "erste")
	f.send(t, "zuerich", "2", tricky)
	var feed atomRead
	if err := xml.Unmarshal([]byte(f.feedOf(t, "/c/zuerich/feed.atom", atomType).body), &feed); err != nil {
		t.Fatal(err)
	}
	if feed.Lang != "de" || feed.Title != "Zürich: Meldungen" || !strings.HasPrefix(feed.ID, "urn:uuid:") {
		t.Errorf("feed is %+v", feed)
	}
	if len(feed.Author) != 1 || feed.Author[0] != "Zürich" {
		t.Errorf("authors %v, want the city", feed.Author)
	}
	if len(feed.Links) != 2 || feed.Links[0].Rel != "self" || feed.Links[0].Href != "https://linienfunk.example/c/zuerich/feed.atom" ||
		feed.Links[1].Rel != "alternate" || feed.Links[1].Href != "https://linienfunk.example/c/zuerich" {
		t.Errorf("links %v", feed.Links)
	}
	if len(feed.Entries) != 2 || feed.Entries[0].ID == feed.Entries[1].ID {
		t.Fatalf("entries %+v", feed.Entries)
	}
	e := feed.Entries[0]
	if e.Content.Text != tricky || e.Content.Type != "text" || e.Author != nil || e.Title == "" ||
		e.Link.Href != "https://linienfunk.example/c/zuerich#post-2" || !strings.HasPrefix(e.ID, "urn:uuid:") {
		t.Errorf("entry %+v", e)
	}
	for _, value := range []string{feed.Updated, e.Updated, e.Published} {
		if at, err := time.Parse(time.RFC3339, value); err != nil || at.Year() < 2020 {
			t.Errorf("time %q: %v", value, err)
		}
	}
}

func TestRSSFeedHasWhatReadersNeed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.send(t, "ghent", "2", tricky)
	var feed rssRead
	if err := xml.Unmarshal([]byte(f.feedOf(t, "/c/ghent/feed.rss", rssType).body), &feed); err != nil {
		t.Fatal(err)
	}
	c := feed.Channel
	if feed.Version != "2.0" || c.Title != "Ghent: reports" || c.Description == "" || c.Language != "en" || c.Editor != nil {
		t.Errorf("channel %+v", c)
	}
	self, home := c.Links[0], c.Links[1]
	if len(c.Links) != 2 || self.XMLName.Space != "http://www.w3.org/2005/Atom" || self.Rel != "self" ||
		self.Href != "https://linienfunk.example/c/ghent/feed.rss" || home.Text != "https://linienfunk.example/c/ghent" {
		t.Errorf("links %+v", c.Links)
	}
	if len(c.Items) != 1 {
		t.Fatalf("%d items", len(c.Items))
	}
	i := c.Items[0]
	if i.Description != "Kontrolle &lt;b&gt;U8&lt;/b&gt; &amp; ]]&gt; \"Zoo\"<br>Gleis 2" {
		t.Errorf("description %q", i.Description)
	}
	if i.Author != nil || i.GUID.Permalink != "false" || i.GUID.ID == "" || i.Link != "https://linienfunk.example/c/ghent#post-1" {
		t.Errorf("item %+v", i)
	}
	if _, err := time.Parse(time.RFC1123Z, i.PubDate); err != nil {
		t.Error(err)
	}
}

func TestJSONFeedHasWhatItsVersionRequires(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if body := f.feedOf(t, "/c/ghent/feed.json", jsonType).body; !strings.Contains(body, `"items": []`) {
		t.Errorf("an empty feed has no list:\n%s", body)
	}
	f.send(t, "ghent", "2", tricky)
	var feed jsonRead
	if err := json.Unmarshal([]byte(f.feedOf(t, "/c/ghent/feed.json", jsonType).body), &feed); err != nil {
		t.Fatal(err)
	}
	if feed.Version != "https://jsonfeed.org/version/1.1" || feed.Title != "Ghent: reports" || feed.Language != "en" || feed.Authors != nil ||
		feed.FeedURL != "https://linienfunk.example/c/ghent/feed.json" || feed.HomePageURL != "https://linienfunk.example/c/ghent" {
		t.Errorf("feed %+v", feed)
	}
	if i := feed.Items[0]; len(feed.Items) != 1 || i.ContentText != tricky || i.ContentHTML != nil || i.Authors != nil || i.ID == "" ||
		i.URL != "https://linienfunk.example/c/ghent#post-1" || i.Published.IsZero() {
		t.Errorf("items %+v", feed.Items)
	}
}

func TestEmptyFeedsAreValidAndStayTheSame(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range feedNames {
		first := f.get(t, "/c/ghent/"+name)
		f.Advance(time.Hour)
		if again := f.get(t, "/c/ghent/"+name); again.body != first.body || first.status != http.StatusOK {
			t.Errorf("%s: %d, changes by itself", name, first.status)
		}
	}
}

func TestReaderThatHasTheFeedGets304(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.send(t, "ghent", "1", "one")
	for _, name := range feedNames {
		if got := f.get(t, "/c/ghent/"+name); got.header.Get("Last-Modified") != "" {
			t.Errorf("%s: has a time within its own second, in which more may come", name)
		}
	}
	f.Advance(time.Minute)
	for _, name := range feedNames {
		path := "/c/ghent/" + name
		first := f.get(t, path)
		tag, modified := first.header.Get("ETag"), first.header.Get("Last-Modified")
		if got := f.get(t, path, "If-None-Match", tag); got.status != http.StatusNotModified || got.body != "" {
			t.Errorf("%s: %d to its own ETag", name, got.status)
		}
		if got := f.get(t, path, "If-Modified-Since", modified); got.status != http.StatusNotModified {
			t.Errorf("%s: %d to its own time", name, got.status)
		}
	}
	f.Advance(time.Minute)
	before := f.get(t, "/c/ghent/feed.atom")
	if err := f.bot().Retract(t.Context(), accountOf("ghent"), "", f.send(t, "ghent", "1", "one")); err != nil {
		t.Fatal(err)
	}
	f.Advance(time.Minute)
	for _, header := range [][2]string{{"If-None-Match", before.header.Get("ETag")}, {"If-Modified-Since", before.header.Get("Last-Modified")}} {
		if got := f.get(t, "/c/ghent/feed.atom", header[0], header[1]); got.status != http.StatusOK {
			t.Errorf("a post was retracted, and %s is answered with %d", header[0], got.status)
		}
	}
}

func TestFeedsAreSwitchedOffWithTheList(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.SetOption(t, "ghent", "list", false)
	f.SetActive("zuerich", false)
	for _, path := range []string{"/c/ghent/feed.atom", "/c/zuerich/feed.json"} {
		if got := f.get(t, path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestScriptsOfAllSitesMayReadTheFeeds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range feedNames {
		path := "/c/ghent/" + name
		first := f.get(t, path, "Origin", "https://example.org")
		for what, got := range map[string]answer{
			"a feed": first, "an unchanged feed": f.get(t, path, "If-None-Match", first.header.Get("ETag")),
			"the question before If-None-Match": f.do(t, http.MethodOptions, path, "", "Access-Control-Request-Headers", "if-none-match"),
		} {
			if got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Access-Control-Expose-Headers") != "ETag" {
				t.Errorf("%s: %s: %d %v", name, what, got.status, got.header)
			}
		}
	}
}

func TestTheEntriesAreLastInAnAtomFeed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.send(t, "ghent", "1", "one")
	_, entries, _ := strings.Cut(f.get(t, "/c/ghent/feed.atom").body, "<entry>")
	if _, after, _ := strings.Cut(entries, "</entry>"); strings.TrimSpace(after) != "</feed>" {
		t.Errorf("behind the entries: %s", after)
	}
}

func FuzzFeedsParseWhateverTheText(f *testing.F) {
	f.Add("Kontrolle U8", "Zürich")
	f.Add(tricky, "]]><x>")
	f.Add("\x00\xff\ufffe\xed\xa0\x80 \r\n\u2028", "\x1b")
	w := newFixture(f)
	b := w.bot()
	f.Fuzz(func(t *testing.T, text, title string) {
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		posts := []post{{ID: 7, City: "ghent", Text: text, At: at, Created: at}}
		feed := b.feed(bots.City{Name: "ghent", Title: title, Lang: "en"}, posts, at)
		atom, err := renderAtom(feed, posts, origin{"https://example.org/feed.atom", "en", ""})
		if err != nil {
			t.Fatal(err)
		}
		rss, err := renderRSS(feed, posts, origin{"https://example.org/feed.rss", "en", ""})
		if err != nil {
			t.Fatal(err)
		}
		wantXML(t, atom)
		wantXML(t, rss)
		var a atomRead
		if err := xml.Unmarshal(atom, &a); err != nil || len(a.Entries) != 1 || isXML(text) && a.Entries[0].Content.Text != text {
			t.Errorf("Atom made %+v of %q: %v", a.Entries, text, err)
		}
		raw, err := renderJSON(feed, posts, origin{"https://example.org/feed.json", "en", ""})
		if err != nil {
			t.Fatal(err)
		}
		var j jsonRead
		if err := json.Unmarshal(raw, &j); err != nil || len(j.Items) != 1 || utf8.ValidString(text) && j.Items[0].ContentText != text {
			t.Errorf("JSON made %+v of %q: %v", j.Items, text, err)
		}
	})
}

// wantXML checks that a document is well-formed.
func wantXML(t *testing.T, document []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(document)))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("no XML: %v\n%q", err, document)
		}
	}
}

// isXML reports whether XML allows all characters of a text (https://www.w3.org/TR/xml/#charsets).
func isXML(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	})
}

func TestTheTimeOfAnEntryNeverGoesBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := f.incoming("ghent", "1", "Kontrolle U8")
	sent, err := f.bot().Send(t.Context(), bots.Account{City: "ghent"}, r)
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	for _, change := range []func(*report.Report){
		func(*report.Report) {},
		func(r *report.Report) { r.People = 2 },
		func(r *report.Report) { r.Ended = r.At.Add(time.Second) },
		func(r *report.Report) { r.Ended = time.Time{} }, // they were there after all
	} {
		change(&r)
		if err := f.bot().Edit(t.Context(), bots.Account{City: "ghent"}, r, sent); err != nil {
			t.Fatal(err)
		}
		_, entry, _ := strings.Cut(f.get(t, "/c/ghent/feed.atom").body, "<entry>")
		_, updated, _ := strings.Cut(entry, "<updated>")
		updated, _, _ = strings.Cut(updated, "</updated>")
		if updated < last {
			t.Errorf("%s after %s", updated, last)
		}
		last = updated
	}
}
