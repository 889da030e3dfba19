package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/report"
)

// fixture is a world with the bot behind a real HTTP server, as the program mounts it.
type fixture struct {
	*bottest.World
	server *httptest.Server
}

func newFixture(t testing.TB) *fixture {
	f := &fixture{World: bottest.NewWorld(t, "web", Plugin())}
	f.server = httptest.NewServer(mounted(f.World))
	t.Cleanup(f.server.Close)
	return f
}

// mounted serves /c/<city>/web/, /c/<city>/<file> and /settings/<city>/web/. The header X-Client stands for the
// address that a client connects from, X-Lang for the visitor's language.
func mounted(w *bottest.World) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 3)
		if len(parts) < 3 {
			http.NotFound(rw, r)
			return
		}
		city, known, err := w.Core.Cities.City(r.Context(), parts[1])
		if err != nil || !known {
			http.NotFound(rw, r)
			return
		}
		if client := r.Header.Get("X-Client"); client != "" {
			r.RemoteAddr = client
		}
		mount := bots.Mount{City: city, Path: "/" + parts[0] + "/" + parts[1] + "/web", Lang: r.Header.Get("X-Lang")}
		handler := w.Bot.WebUI()
		if parts[0] == "c" {
			handler = w.Bot.(bots.Public).Public()
		}
		strip := mount.Path
		if !strings.HasPrefix(r.URL.Path, strip+"/") {
			strip = path.Dir(strip) // one of Files
		}
		http.StripPrefix(strip, handler).ServeHTTP(rw, bots.WithMount(r, mount))
	})
}

func (f *fixture) bot() *bot { return f.Bot.(*bot) }

// listen runs Listen until the test ends, or until the function that it returns is called, which waits.
func (f *fixture) listen(t testing.TB, out bots.CityOut) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	b := f.bot()
	go func() { done <- b.Listen(ctx, out) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Listen returned %v", err)
		}
	})
	t.Cleanup(stop)
	waitListening(t, b)
	return stop
}

func waitListening(t testing.TB, b *bot) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if lease := b.intake.Acquire(); lease != nil {
			lease.Release()
			return
		}
		runtime.Gosched()
	}
	t.Fatal("Listen does not run")
}

// outbox records what is handed in.
type outbox struct {
	mu      sync.Mutex
	reports []report.Report
	cities  []string
	err     error
}

func (o *outbox) out(_ context.Context, city string, r report.Report) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return o.err
	}
	o.cities, o.reports = append(o.cities, city), append(o.reports, r)
	return nil
}

func (o *outbox) all() []report.Report {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]report.Report(nil), o.reports...)
}

// answer is an HTTP answer, wholly read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (f *fixture) do(t testing.TB, method, path, body string, header ...string) answer {
	t.Helper()
	got, err := f.try(t.Context(), method, path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (f *fixture) try(ctx context.Context, method, path, body string, header ...string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, f.server.URL+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(data)}, err
}

func (f *fixture) get(t testing.TB, path string, header ...string) answer {
	t.Helper()
	return f.do(t, http.MethodGet, path, "", header...)
}

var onceField = regexp.MustCompile(`name="once" value="([0-9a-f]{32})"`)

// openForm returns the hidden id of a fresh form.
func (f *fixture) openForm(t testing.TB, city string) string {
	t.Helper()
	once, err := f.tryForm(t.Context(), city)
	if err != nil {
		t.Fatal(err)
	}
	return once
}

func (f *fixture) tryForm(ctx context.Context, city string) (string, error) {
	page, err := f.try(ctx, http.MethodGet, "/c/"+city+"/web/", "")
	if err != nil {
		return "", err
	}
	found := onceField.FindStringSubmatch(page.body)
	if found == nil {
		return "", fmt.Errorf("the page has no form: %d", page.status)
	}
	return found[1], nil
}

func (f *fixture) report(t testing.TB, city, once, text string, header ...string) answer {
	t.Helper()
	return f.do(t, http.MethodPost, "/c/"+city+"/web/report", url.Values{"once": {once}, "text": {text}}.Encode(), header...)
}

// send sends a report with the given id and text to the city's page.
func (f *fixture) send(t testing.TB, city, id, text string) report.Receipt {
	t.Helper()
	sent, err := f.bot().Send(t.Context(), bots.Account{City: city}, f.incoming(city, id, text))
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

func (f *fixture) incoming(city, id, text string) report.Report {
	return report.Report{City: city, Bot: "other", ID: id, Text: text, At: f.Core.Now()}
}

var errStore = errors.New("store is full")
