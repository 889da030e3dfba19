package harness

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit"
)

// AdminPassword is the password of every admin that Register makes.
const AdminPassword = "a tram named desire"

// Browser visits a program's pages and keeps cookies. Every method fails its test if a page does not answer 200.
type Browser struct {
	Client *http.Client

	t    testing.TB
	base string
}

// NewBrowser returns a browser without cookies. base is the program's address, e.g. http://127.0.0.1:8080.
func NewBrowser(t testing.TB, base string) *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{&http.Client{Jar: jar}, t, base}
}

// In returns the same browser, with the same cookies, for a subtest.
func (b *Browser) In(t testing.TB) *Browser { return &Browser{b.Client, t, b.base} }

// On returns the same browser, with the same cookies, on another node of the program.
func (b *Browser) On(base string) *Browser { return &Browser{b.Client, b.t, base} }

// Get returns a page, with HTML entities unescaped.
func (b *Browser) Get(path string) string {
	b.t.Helper()
	return b.read(b.Client.Get(b.base + path))
}

// Post sends a form and returns the page that follows. pairs are names and values in turn.
func (b *Browser) Post(path string, pairs ...string) string {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.read(b.Client.PostForm(b.base+path, form))
}

func (b *Browser) read(answer *http.Response, err error) string {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %s\n%s", answer.Request.URL, answer.Status, body)
	}
	return html.UnescapeString(string(body))
}

// WaitForText reloads a page until it contains a text.
func (b *Browser) WaitForText(path, text string) {
	b.t.Helper()
	testkit.Eventually(b.t, fmt.Sprintf("%s shows %q", path, text), func() bool { return strings.Contains(b.Get(path), text) })
}

// Register makes a city through the pages and the confirmation mail, and leaves the browser logged in as its admin,
// admin-<city>@example.net.
func (b *Browser) Register(mails *MailServer, city, title string) {
	b.t.Helper()
	admin := "admin-" + city + "@example.net"
	b.Post("/register", "address", admin, "password", AdminPassword, "city", city, "title", title)
	link := mails.WaitForLink(b.t, admin, "/confirm/")
	b.Get(link)
	if page := b.Post(link, "password", AdminPassword); !strings.Contains(page, title) {
		b.t.Fatalf("the settings do not name %s:\n%s", title, page)
	}
}

var settingsVersion = regexp.MustCompile(`name="base" value="([^"]*)"`)

// SetLists saves a city's trigger words and blocked words, one on each line. The browser must be logged in as its admin.
func (b *Browser) SetLists(city, title, triggers, blocked string) {
	b.t.Helper()
	version := settingsVersion.FindStringSubmatch(b.Get("/city/" + city))
	if version == nil {
		b.t.Fatal("the settings have no version")
	}
	b.Post("/city/"+city, "base", version[1], "title", title, "lang", "de", "active", "on", "listed", "on",
		"triggers", triggers, "blocked", blocked, "freshness_minutes", "30", "retention_hours", "24")
}

// SetNetwork saves a city's lines and stops, as an admin types them. The browser must be logged in as its admin.
func (b *Browser) SetNetwork(city, lines, stops string) {
	b.t.Helper()
	version := settingsVersion.FindStringSubmatch(b.Get("/city/" + city + "/network"))
	if version == nil {
		b.t.Fatal("the page of the network has no version")
	}
	if page := b.Post("/city/"+city+"/network/lists", "base", version[1], "lines", lines, "stops", stops); !strings.Contains(page, strings.SplitN(lines, ":", 2)[0]) {
		b.t.Fatalf("the network is not saved:\n%s", page)
	}
}

// Subscribe makes a confirmed e-mail subscriber of a city; fields are further names and values of the form.
func (b *Browser) Subscribe(mails *MailServer, city, address string, fields ...string) {
	b.t.Helper()
	b.Post("/c/"+city+"/email/subscribe", append([]string{"address", address}, fields...)...)
	link, err := url.Parse(mails.WaitForLink(b.t, address, "/c/"+city+"/email/confirm"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.Get(link.String())
	b.Post(link.Path, "t", link.Query().Get("t"))
}

// ConnectMastodon connects a city to an instance as its admin would, and returns when the bot reads the instance's stream.
func (b *Browser) ConnectMastodon(instance *mastodontest.Server, city string) {
	b.t.Helper()
	b.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := b.Client.PostForm(b.base+"/city/"+city+"/bot/mastodon/connect", map[string][]string{"instance": {instance.URL}, "way": {"redirect"}})
	if err != nil {
		b.t.Fatal(err)
	}
	answer.Body.Close()
	b.Client.CheckRedirect = nil
	back, err := instance.Approve(answer.Header.Get("Location"), city)
	if err != nil {
		b.t.Fatal(err)
	}
	link, err := url.Parse(back)
	if err != nil {
		b.t.Fatal(err)
	}
	if page := b.Get(link.RequestURI()); !strings.Contains(page, "@"+city) {
		b.t.Fatalf("not connected:\n%s", page)
	}
	testkit.Eventually(b.t, "the bot reads the instance's stream", func() bool { return instance.Streams() > 0 })
}

// ChooseBoosts lets a city's account on Mastodon boost public mentions instead of copying them.
func (b *Browser) ChooseBoosts(city string) {
	b.t.Helper()
	version := settingsVersion.FindStringSubmatch(b.Get("/city/" + city))
	if version == nil {
		b.t.Fatal("the settings have no version")
	}
	b.Post("/city/"+city+"/options/mastodon", "base", version[1], "option.enabled", "on", "option.repost", "boost", "option.visibility", "public")
}

var (
	hiddenField = regexp.MustCompile(`<input[^>]*type="hidden"[^>]*>`)
	fieldName   = regexp.MustCompile(`name="([^"]*)"`)
	fieldValue  = regexp.MustCompile(`value="([^"]*)"`)
)

// FormFields returns the hidden fields of the form with the given action, as names and values in turn.
func FormFields(page, action string) []string {
	_, form, _ := strings.Cut(page, `action="`+action+`"`)
	form, _, _ = strings.Cut(form, "</form>")
	var pairs []string
	for _, field := range hiddenField.FindAllString(form, -1) {
		name, value := fieldName.FindStringSubmatch(field), fieldValue.FindStringSubmatch(field)
		if name != nil && value != nil {
			pairs = append(pairs, name[1], value[1])
		}
	}
	return pairs
}

// Live opens the live list of a city's public page, and returns a function that waits for an event with a text. The list is closed when the
// test ends.
func (b *Browser) Live(city string) (waitFor func(text string)) {
	b.t.Helper()
	answer, err := b.Client.Get(b.base + "/c/" + city + "/web/events")
	if err != nil {
		b.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		b.t.Fatalf("the live list of %s: %s", city, answer.Status)
	}
	var mu sync.Mutex
	var seen strings.Builder
	var reading sync.WaitGroup
	reading.Go(func() {
		lines := bufio.NewScanner(answer.Body)
		for lines.Scan() {
			mu.Lock()
			seen.WriteString(lines.Text() + "\n")
			mu.Unlock()
		}
	})
	b.t.Cleanup(func() { answer.Body.Close(); reading.Wait() })
	return func(text string) {
		b.t.Helper()
		testkit.Eventually(b.t, "the live list of "+city+" shows "+text, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return strings.Contains(html.UnescapeString(seen.String()), text)
		})
	}
}
