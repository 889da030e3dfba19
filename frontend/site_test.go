package frontend

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/db"
	"linienfunk/internal/secret"
	"linienfunk/internal/testkit"
	"linienfunk/settings"
	"linienfunk/templates"
)

const goodPassword = "drei Umstiege bis Wedding"

// site is the frontend on a real database and a real socket, with two bots.
type site struct {
	*Frontend
	t       testing.TB
	url     string
	mails   *bottest.Mails
	store   *settings.Node
	storage *settings.Storage
	changed chan string

	mu     sync.Mutex
	skew   time.Duration
	status []bots.Status
}

// newSite starts a site; mount may mount bots.
func newSite(t testing.TB, mount func(s *site)) *site {
	t.Helper()
	s := &site{t: t, mails: &bottest.Mails{}, changed: make(chan string, 100)}
	database := testkit.DB(t, s.now, testkit.Tables{Prefix: "settings_", Migrations: settings.Migrations()})
	box, err := secret.NewBox(make([]byte, secret.KeySize))
	check(t, err)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	s.runSettings(database, log)
	server := httptest.NewUnstartedServer(nil)
	s.url = "http://" + server.Listener.Addr().String()
	s.Frontend, err = New(Deps{
		DB: database, Settings: s.store, History: s.storage, Mail: s.mails, Box: box, BaseURL: s.url, Domain: "linienfunk.example", Log: log,
		Now: s.now, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Changed: func(city string) { s.changed <- city },
		Status: func(string) []bots.Status { s.mu.Lock(); defer s.mu.Unlock(); return s.status },
	})
	check(t, err)
	s.historyTime = time.Minute // however slow this machine is
	if mount != nil {
		mount(s)
	}
	server.Config.Handler = s.Handler()
	server.Start()
	t.Cleanup(s.Wait)
	t.Cleanup(server.Close)
	return s
}

func (s *site) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.skew)
}

func (s *site) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew += d
}

// makeAdmin makes an account with cities, as registration would.
func (s *site) admin(address string, cities ...string) db.Admin {
	s.t.Helper()
	hash, err := s.passwords.hash(s.t.Context(), goodPassword)
	check(s.t, err)
	admin := db.Admin{Address: address, Password: hash, Lang: "en", Confirmed: true}
	check(s.t, s.DB.Create(&admin).Error)
	for _, city := range cities {
		first, err := s.makeCity(s.DB.DB, city, strings.ToUpper(city[:1])+city[1:], "en", admin.ID)
		check(s.t, err)
		if first == nil {
			s.t.Fatalf("city %s is taken", city)
		}
		check(s.t, s.store.AnnounceCity(s.t.Context(), *first))
	}
	return admin
}

// visitor is a browser.
type visitor struct {
	*site
	http *http.Client
	lang string
	from string // X-Forwarded-For
}

func (s *site) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	check(s.t, err)
	return &visitor{site: s, http: &http.Client{Jar: jar}, lang: "en"}
}

// loggedIn is a visitor who has logged in.
func (s *site) visitorAs(address string) *visitor {
	s.t.Helper()
	v := s.visitor()
	got := v.post("/login", "address", address, "password", goodPassword)
	if got.status != http.StatusOK || strings.HasSuffix(got.path, "/login") {
		s.t.Fatalf("cannot log in: %d %s", got.status, got.path)
	}
	return v
}

// answer is a page as a visitor sees it, after redirects.
type answer struct {
	t      testing.TB
	status int
	path   string
	text   string // HTML without entities
	raw    string // HTML
	header http.Header
}

// inline is what no page may have.
var inline = regexp.MustCompile(`<style|<script|<[a-z][^>]*\s(style|on[a-z]+)=`)

func (v *visitor) get(path string, header ...string) answer {
	v.t.Helper()
	return v.send("GET", path, "", header...)
}

func (v *visitor) post(path string, pairs ...string) answer {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return v.send("POST", path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

// submit sends a form that is on a page, as a browser would, with some fields filled in differently; a field of nothing is
// taken away.
func (v *visitor) submit(page answer, action string, pairs ...string) answer {
	v.t.Helper()
	form := page.form(action)
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			form.Del(pairs[i])
		}
	}
	return v.send("POST", action, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

func (v *visitor) send(method, path, body string, header ...string) answer {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.url+strings.TrimPrefix(path, v.url), strings.NewReader(body))
	check(v.t, err)
	r.Header.Set("Accept-Language", v.lang)
	if v.from != "" {
		r.Header.Set("X-Forwarded-For", v.from)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := v.http.Do(r)
	check(v.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	check(v.t, err)
	if found := inline.FindString(string(text)); found != "" {
		v.t.Errorf("%s has something inline, which the policy refuses: %s", path, found)
	}
	return answer{v.t, res.StatusCode, res.Request.URL.RequestURI(), html.UnescapeString(string(text)), string(text), res.Header}
}

func (a answer) want(status int, texts ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Errorf("%s: status %d, want %d", a.path, a.status, status)
	}
	for _, text := range texts {
		if !strings.Contains(a.text, text) {
			a.t.Errorf("%s does not say %q", a.path, text)
		}
	}
	if a.t.Failed() {
		a.t.Log(a.text)
		a.t.FailNow()
	}
	return a
}

func (a answer) wantNot(texts ...string) answer {
	a.t.Helper()
	for _, text := range texts {
		if strings.Contains(a.text, text) {
			a.t.Errorf("%s says %q", a.path, text)
		}
	}
	return a
}

func (a answer) at(path string) answer {
	a.t.Helper()
	if a.path != path {
		a.t.Fatalf("at %s, want %s\n%s", a.path, path, a.text)
	}
	return a
}

// link returns the path of the link in the last mail.
func (s *site) link() string {
	s.t.Helper()
	s.Wait()
	all := s.mails.All()
	if len(all) == 0 {
		s.t.Fatal("no mail")
	}
	found := regexp.MustCompile(regexp.QuoteMeta(s.url) + `(/\S+)`).FindStringSubmatch(all[len(all)-1].Text)
	if found == nil {
		s.t.Fatalf("no link in %q", all[len(all)-1].Text)
	}
	return found[1]
}

//go:embed testdata/bot
var botFiles embed.FS

// fakeBot is a network that exists only here. What it does depends on the path.
type fakeBot struct {
	pages bots.Pages
	files []string
	boom  bool
	stop  chan struct{} // ends the stream

	called atomic.Int32 // how often the callback was
}

func (s *site) mount(name string, b *fakeBot, wrap func(*fakeBot) bots.Bot) {
	files, err := fs.Sub(botFiles, "testdata/bot")
	check(s.t, err)
	set, err := templates.New(files)
	check(s.t, err)
	b.pages = s.Pages(name, set)
	s.Mount(name, wrap(b), set, b.files...)
}

func (b *fakeBot) Accounts(context.Context) ([]bots.Account, error) { return nil, nil }

func (b *fakeBot) WebUI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if b.boom {
			panic("boom")
		}
		b.pages.Section(w, r, "settings.html", bots.MountOf(r))
	})
	mux.HandleFunc("POST /connect", func(w http.ResponseWriter, r *http.Request) {
		switch r.FormValue("host") {
		case "":
			b.pages.Failed(w, r, "no-host")
		case "mistake":
			b.pages.Section(w, r, "settings.html", bots.MountOf(r))
		default:
			b.pages.Done(w, r, "connected")
		}
	})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("boom") })
	return mux
}

// publicBot is a fakeBot with public pages, and files.
type publicFakeBot struct{ *fakeBot }

func (b publicFakeBot) Public() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if b.boom {
			panic("boom")
		}
		b.pages.Section(w, r, "public.html", bots.MountOf(r))
	})
	mux.HandleFunc("POST /report", func(w http.ResponseWriter, r *http.Request) { b.pages.Done(w, r, "thanks") })
	mux.HandleFunc("GET /callback", func(http.ResponseWriter, *http.Request) { b.called.Add(1) })
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) {
		b.pages.Page(w, r, http.StatusOK, "A page", "public.html", bots.MountOf(r))
	})
	mux.HandleFunc("GET /feed.atom", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "feed of %s at %s", bots.MountOf(r).City.Name, bots.MountOf(r).Path)
	})
	mux.HandleFunc("GET /stream", b.stream)
	return mux
}

// write gives itself the time, as streams must: a page's would be over.
func (b publicFakeBot) write(w http.ResponseWriter, text string) {
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
		panic(err)
	}
	fmt.Fprint(w, text)
}

func (b publicFakeBot) stream(w http.ResponseWriter, r *http.Request) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "cannot stream", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	b.write(w, "data: one\n\n")
	flusher.Flush()
	if err := http.NewResponseController(w).Flush(); err != nil {
		panic(errors.Join(errors.New("controller cannot flush"), err))
	}
	<-b.stop
	b.write(w, "data: two\n\n")
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
