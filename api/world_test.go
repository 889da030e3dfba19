package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"linienfunk/api"
	"linienfunk/app"
	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// world is a running program with the cities bern and ghent, whose triggers contain "kontrolle".
type world struct {
	t       *testing.T
	program *app.Program
	mails   *harness.MailServer
	db      *db.DB
	keys    *api.Keys // as another node has them
	admin   *harness.Browser
	clock   testkit.Clock
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, func(*config.Config) {})
}

func newWorldWith(t *testing.T, change func(*config.Config)) *world {
	t.Helper()
	w := &world{t: t, mails: harness.NewMailServer(t)}
	c := harness.Config(t, w.mails)
	change(&c)
	w.program, _ = harness.StartWithClock(t, c, w.clock.Now)
	w.db = harness.Database(t, c)
	tables, err := w.db.Prefixed("api_")
	w.check(err)
	w.keys = &api.Keys{Tables: tables, Log: testkit.Log(t), Now: w.clock.Now}
	w.admin = harness.NewBrowser(t, w.program.URL())
	w.admin.Register(w.mails, "bern", "Bern")
	w.admin.SetLists("bern", "Bern", "kontrolle", "idiot")
	harness.NewBrowser(t, w.program.URL()).Register(w.mails, "ghent", "Ghent")
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) adminOf(city string) db.Admin {
	w.t.Helper()
	admin, err := w.db.AdminByAddress(w.t.Context(), "admin-"+city+"@example.net")
	w.check(err)
	return admin
}

// key makes a key of a city with scopes; none means all.
func (w *world) key(city string, scopes ...commands.Scope) string {
	w.t.Helper()
	if len(scopes) == 0 {
		scopes = commands.Scopes
	}
	text, _, err := w.keys.New(w.t.Context(), city, w.adminOf(city).ID, "test", scopes, 30)
	w.check(err)
	return text
}

// answer is what the API has answered.
type answer struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any
}

// call sends a request. body is JSON, or nothing; headers are names and values.
func (w *world) call(method, path, key string, body string, headers ...string) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.program.URL()+path, strings.NewReader(body))
	w.check(err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("x-api-key", key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	w.check(err)
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	a.body, err = io.ReadAll(res.Body)
	w.check(err)
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		w.check(json.NewDecoder(bytes.NewReader(a.body)).Decode(&a.json))
	}
	return a
}

// wants fails the test unless an answer has the status, and is a problem if it should be.
func (a answer) wants(t *testing.T, what string, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("%s: %d, not %d\n%s", what, a.status, status, a.body)
	}
	if status >= 400 && (a.header.Get("Content-Type") != "application/problem+json" || a.json["status"] != float64(status) || a.text("detail") == "" || a.text("code") == "" ||
		!strings.HasSuffix(a.text("type"), "#problem-"+a.text("code")) || strings.HasPrefix(a.text("detail"), "problem-")) {
		t.Errorf("%s is refused with\n%v\n%s", what, a.header, a.body)
	}
	return a
}

func (a answer) text(name string) string { text, _ := a.json[name].(string); return text }

// mistakes are the locations and codes of a problem, as "body.text missing".
func (a answer) mistakes() string {
	var all []string
	list, _ := a.json["errors"].([]any)
	for _, one := range list {
		m := one.(map[string]any)
		all = append(all, m["location"].(string)+" "+m["code"].(string))
	}
	return strings.Join(all, ", ")
}
