package api_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"linienfunk/api"
	"linienfunk/commands"
	"linienfunk/internal/testkit"
	"linienfunk/templates"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestEveryCommandIsAnOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spec := w.call("GET", "/api/openapi.json", "", "").wants(t, "the description", 200)
	paths := spec.json["paths"].(map[string]any)
	for path, want := range map[string]string{
		"/api/v1/report": "post", "/api/v1/lists/add": "post", "/api/v1/subscribe": "post", "/api/v1/cities/{city}/lists/show": "get", "/api/v1/cities/{city}/reports": "get",
	} {
		if operations, _ := paths[path].(map[string]any); operations[want] == nil {
			t.Errorf("there is no %s %s", want, path)
		}
	}
	for _, secret := range []string{"/api/v1/link", "/api/v1/unlink", "/api/v1/link/new", "/api/v1/cities/{city}/city/list"} {
		if paths[secret] != nil {
			t.Errorf("%s is in the API", secret)
		}
	}
	if older := w.call("GET", "/api/openapi-3.0.json", "", "").wants(t, "the older description", 200); older.json["openapi"] != "3.0.3" {
		t.Errorf("version %v", older.json["openapi"])
	}
}

func TestAReportThatIsHandedInIsRelayedAndWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	id := w.call("POST", "/api/v1/report", key, `{"city":"bern","text":"kontrolle am bahnhof"}`, "Client", "my bot").wants(t, "report", 200).text("id")
	list := "/api/v1/cities/bern/reports"
	testkit.Eventually(t, "it is judged", func() bool {
		return strings.Contains(string(w.call("GET", list, key, "").wants(t, "reports", 200).body), `"passed":true`)
	})
	w.call("POST", "/api/v1/withdraw", key, `{"city":"bern","report":"`+id+`"}`).wants(t, "withdraw", 200)
	testkit.Eventually(t, "it is withdrawn", func() bool {
		return strings.Contains(string(w.call("GET", list, key, "").body), `"withdrawn":"moderator"`)
	})
	w.call("POST", "/api/v1/withdraw", key, `{"city":"bern","report":"`+id+`"}`).wants(t, "withdraw again", 409)
	if keys, err := w.keys.List(t.Context(), "bern"); err != nil || len(keys) != 1 || keys[0].UsedAt == nil || keys[0].Client != "my bot" {
		t.Errorf("%+v, %v", keys, err)
	}
}

func TestACallWithTheSameIdempotencyKeyIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, other := w.key("bern"), w.key("bern")
	report := func(key, text, idempotency string) answer {
		return w.call("POST", "/api/v1/report", key, `{"city":"bern","text":"`+text+`"}`, "Idempotency-Key", idempotency)
	}
	first := report(key, "kontrolle", "a").wants(t, "the first", 200).text("id")
	if second := report(key, "kontrolle", "a").wants(t, "the second", 200).text("id"); second != first {
		t.Errorf("%s, then %s", first, second)
	}
	if a := report(key, "kontrolle am zoo", "a").wants(t, "another with its key", 409); a.text("code") != "conflict" {
		t.Error(a.text("code"))
	}
	if id := report(other, "kontrolle", "a").wants(t, "another's", 200).text("id"); id == first {
		t.Error("two keys share an Idempotency-Key")
	}
	report(key, "kontrolle", strings.Repeat("x", 201)).wants(t, "a key that is too long", 400)
}

func TestAWrongValueIsRefusedByItsName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	for body, want := range map[string]string{
		`{"city":"bern"}`:                                              "422 body.text missing",
		`{"city":"bern","text":null}`:                                  "422 body.text text",
		`{"city":"bern","text":7}`:                                     "422 body.text text",
		`{"city":"bern","text":["a"]}`:                                 "422 body.text text",
		`{"city":"bern","text":"a","txt":"a"}`:                         "422 body.txt unknown",
		`{"city":"bern","text":"a","author":null}`:                     "422 body.author text",
		`{"city":"bern","text":"a","text":"b"}`:                        "422 body.text twice",
		`{"city":"bern","text":"` + strings.Repeat("x", 2001) + `"}`:   "422 body.text long",
		`{"city":"bern","text":"a\u0007"}`:                             "422 body.text control",
		`{"text":"a"}`:                                                 "422 body.city missing",
		`{"city":null,"text":"a"}`:                                     "422 body.city text",
		`{"city":"ghent","text":"a"}`:                                  "404 body.city other-city",
		`{"city":"bern","text":"a"`:                                    "400 body not-json",
		`{"city":"bern","text":"a"} x`:                                 "400 body not-json",
		`["bern"]`:                                                     "400 body no-object",
		`null`:                                                         "400 body no-object",
		"{\"city\":\"bern\",\"text\":\"\xff\"}":                        "400 body not-utf8",
		`{"city":"bern","text":"\ud83d"}`:                              "400 body surrogate",
		`{"city":"bern","text":"` + strings.Repeat("x", 65<<10) + `"}`: "413 ",
	} {
		a := w.call("POST", "/api/v1/report", key, body)
		if got := fmt.Sprintf("%d %s", a.status, a.mistakes()); got != want {
			t.Errorf("%.60s: %s, not %s", body, got, want)
		}
		a.wants(t, body, a.status)
	}
	for query, want := range map[string]string{
		"limit=0": "422 query.limit range", "limit=x": "422 query.limit number", "held=perhaps": "422 query.held switch", "limt=3": "422 query.limt unknown",
		"limit=3&limit=4": "422 query.limit twice", "limit=%zz": "400 ",
	} {
		a := w.call("GET", "/api/v1/cities/bern/reports?"+query, key, "")
		if got := fmt.Sprintf("%d %s", a.status, a.mistakes()); got != want {
			t.Errorf("%s: %s, not %s", query, got, want)
		}
	}
	w.call("GET", "/api/v1/cities/bern/reports?limit=3&held=true", key, "").wants(t, "right values", 200)
	w.call("POST", "/api/v1/report", key, `{"city":"bern","text":"a"}`, "Content-Type", "text/plain").wants(t, "plain text", 415)
	w.call("GET", "/api/v1/report", key, "").wants(t, "another method", 405)
	w.call("POST", "/api/v1/nonsense", key, "{}").wants(t, "nonsense", 404)
	if german := w.call("POST", "/api/v1/report", key, `{"city":"bern"}`, "Accept-Language", "de"); !strings.Contains(german.text("detail"), "fehlt") {
		t.Error(german.text("detail"))
	}
}

func TestEveryRefusalHasItsStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	w.call("POST", "/api/v1/report", key, `{"city":"bern","text":"wetter"}`).wants(t, "report", 200)
	var number string
	testkit.Eventually(t, "it is held", func() bool {
		found := regexp.MustCompile(`"report":(\d+)`).FindSubmatch(w.call("GET", "/api/v1/cities/bern/reports?held=true", key, "").body)
		if found != nil {
			number = string(found[1])
		}
		return found != nil
	})
	w.clock.Advance(31 * time.Minute)
	w.call("POST", "/api/v1/release", key, `{"city":"bern","report":"`+number+`"}`).wants(t, "release what is old", 410)
	w.call("POST", "/api/v1/release", key, `{"city":"bern","report":"4711"}`).wants(t, "release what is not there", 404)
	w.call("POST", "/api/v1/refuse", key, `{"city":"bern","report":"`+number+`"}`).wants(t, "refuse", 200)
}

func TestAKeyOfOneCityOpensNothingOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	spec := w.call("GET", "/api/openapi.json", "", "")
	tried := 0
	for path, operations := range spec.json["paths"].(map[string]any) {
		for method := range operations.(map[string]any) {
			for _, city := range []string{"ghent", "nowhere", "BERN", "bern%20", "%2e%2e"} {
				tried++
				body := ""
				if method != "get" {
					body = `{"city":"` + city + `"}`
				}
				a := w.call(strings.ToUpper(method), strings.ReplaceAll(path, "{city}", city), key, body)
				if a.status != http.StatusNotFound && a.status != http.StatusForbidden {
					t.Errorf("%s %s of %s: %d\n%s", method, path, city, a.status, a.body)
				}
			}
		}
	}
	if tried < 5*15 {
		t.Errorf("only %d tried", tried)
	}
}

func TestAKeyDoesWhatItsScopesSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spec := w.call("GET", "/api/openapi.json", "", "")
	for _, scope := range commands.Scopes {
		key := w.key("bern", scope)
		for path, operations := range spec.json["paths"].(map[string]any) {
			for method, operation := range operations.(map[string]any) {
				needs := operation.(map[string]any)["tags"].([]any)[0].(string)
				body := ""
				if method != "get" {
					body = `{"city":"bern","x":1}`
				}
				a := w.call(strings.ToUpper(method), strings.ReplaceAll(path, "{city}", "bern")+"?x=1", key, body)
				if needs == string(scope) == (a.status == http.StatusForbidden) {
					t.Errorf("%s %s with the scope %s: %d", method, path, scope, a.status)
				}
			}
		}
	}
}

// TestEveryTextExistsAndIsUsed looks for texts that nobody uses, too.
func TestEveryTextExistsAndIsUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{"operation-events": true}
	for _, scope := range commands.Scopes {
		used["scope-"+string(scope)] = true
	}
	for _, one := range api.Codes() {
		used["problem-"+one.Code] = true
	}
	for _, lang := range templates.Languages {
		texts := map[string]any{}
		if _, err := toml.DecodeFile("locale."+lang+".toml", &texts); err != nil {
			t.Fatal(err)
		}
		for id := range used {
			if texts[id] == nil {
				t.Errorf("%s: no text %q", lang, id)
			}
		}
		for id := range texts {
			if !used[id] {
				t.Errorf("%s: nobody uses the text %q", lang, id)
			}
		}
	}
}
