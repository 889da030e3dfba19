package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/report"
)

// fixture is a World with the bot behind an HTTP server, mounted as in the program.
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
		mount := bots.Mount{City: city, Path: "/" + parts[0] + "/" + parts[1] + "/web", Lang: r.Header.Get("X-Lang"), Once: newOnce()}
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

func newOnce() string {
	var random [16]byte
	rand.Read(random[:])
	return hex.EncodeToString(random[:])
}

func (f *fixture) bot() *bot { return f.Bot.(*bot) }

// listen runs Listen until the test ends, or until stop is called.
func (f *fixture) listen(t testing.TB, out bots.CityOut) (stop func()) {
	t.Helper()
	return bottest.Listen(t, f.bot(), &f.bot().intake, out)
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
