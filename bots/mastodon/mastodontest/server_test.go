package mastodontest

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// quiet is a testing.TB that records errors instead of failing.
type quiet struct {
	testing.TB
	errors []string
	ends   []func()
}

func (q *quiet) Helper()          {}
func (q *quiet) Cleanup(f func()) { q.ends = append(q.ends, f) }
func (q *quiet) Errorf(format string, args ...any) {
	q.errors = append(q.errors, strings.TrimSpace(format))
}

func call(t *testing.T, method, address, token string, form url.Values) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "test")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestInvalidRequestsFailTheTest(t *testing.T) {
	for name, send := range map[string]func(s *Server, token string){
		"an unknown path":      func(s *Server, token string) { call(t, "GET", s.URL+"/api/v1/nonsense", token, nil) },
		"an unknown parameter": func(s *Server, token string) { call(t, "GET", s.URL+"/api/v1/notifications?min=3", token, nil) },
		"an unknown visibility": func(s *Server, token string) {
			call(t, "POST", s.URL+"/api/v1/statuses", token, url.Values{"status": {"x"}, "visibility": {"all"}})
		},
		"a boost of a private status": func(s *Server, token string) {
			call(t, "POST", s.URL+"/api/v1/statuses/"+s.Mention("r@x.example", "@zuerich x", "direct")+"/reblog", token, nil)
		},
		"Go's own User-Agent": func(s *Server, _ string) {
			if resp, err := http.Get(s.URL + "/api/v2/instance"); err == nil {
				resp.Body.Close()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := &quiet{}
			s := New(q)
			send(s, s.AddAccount("zuerich"))
			for _, end := range q.ends {
				end()
			}
			if len(q.errors) != 1 {
				t.Errorf("complaints: %q", q.errors)
			}
		})
	}
}

func TestRequestsThatARealInstanceRefusesAreRefused(t *testing.T) {
	s := New(t)
	token := s.AddAccount("zuerich")
	post := func(text string) int {
		code, _ := call(t, "POST", s.URL+"/api/v1/statuses", token, url.Values{"status": {text}})
		return code
	}
	for name, c := range map[string]struct{ got, want int }{
		"500 characters are accepted":   {post(strings.Repeat("x", 500)), 200},
		"501 are refused":               {post(strings.Repeat("x", 501)), 422},
		"an address counts 23":          {post("https://example.org/" + strings.Repeat("x", 600)), 200},
		"a mention counts without host": {post(strings.Repeat("x ", 248) + "@ab@" + strings.Repeat("h", 90) + ".example"), 200},
		"an empty status is refused":    {post(" "), 422},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", name, c.got, c.want)
		}
	}
	if code, _ := call(t, "GET", s.URL+"/api/v1/accounts/verify_credentials", "made-up", nil); code != 401 {
		t.Errorf("a token that was made up: %d", code)
	}
}

func TestMinIdPagesForwardAndSinceIdDoesNot(t *testing.T) {
	s := New(t)
	token := s.AddAccount("zuerich")
	for _, text := range []string{"@zuerich eins", "@zuerich zwei", "@zuerich drei"} {
		s.Mention("r@x.example", text, "public")
	}
	for parameter, want := range map[string]string{"min_id": "eins", "since_id": "drei"} {
		code, body := call(t, "GET", s.URL+"/api/v1/notifications?types[]=mention&limit=1&"+parameter+"=1", token, nil)
		if code != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", parameter, code, body)
		}
	}
}

func TestDialectsDifferFromMastodonAsInTheirSources(t *testing.T) {
	start := func(d Dialect) (*Server, string) {
		s := New(t)
		s.Dialect = d
		return s, s.AddAccount("zuerich")
	}
	t.Run("GoToSocial posts twice for one key, and boosts twice", func(t *testing.T) {
		s, token := start(GoToSocial)
		id := s.Mention("r@x.example", "@zuerich x", "public")
		for range 2 {
			call(t, "POST", s.URL+"/api/v1/statuses", token, url.Values{"status": {"x"}, "content_type": {"text/plain"}})
			call(t, "POST", s.URL+"/api/v1/statuses/"+id+"/reblog", token, nil)
		}
		if got := s.Timeline("zuerich"); len(got) != 4 || len(got[0].ID) != 26 {
			t.Errorf("timeline %+v", got)
		}
	})
	t.Run("GoToSocial counts addresses in full", func(t *testing.T) {
		s, token := start(GoToSocial)
		long := url.Values{"status": {"https://example.org/" + strings.Repeat("x", 600)}, "content_type": {"text/plain"}}
		if code, _ := call(t, "POST", s.URL+"/api/v1/statuses", token, long); code != 422 {
			t.Errorf("answers %d", code)
		}
	})
	t.Run("Pixelfed wants an image, and boosts by answering with the original", func(t *testing.T) {
		s, token := start(Pixelfed)
		if code, _ := call(t, "POST", s.URL+"/api/v1/statuses", token, url.Values{"status": {"x"}}); code != 403 {
			t.Errorf("a text: %d", code)
		}
		id := s.Mention("r@x.example", "@zuerich x", "public")
		if _, body := call(t, "POST", s.URL+"/api/v1/statuses/"+id+"/reblog", token, nil); !strings.Contains(body, `"id":"`+id+`"`) {
			t.Errorf("a boost: %s", body)
		}
	})
	t.Run("Akkoma says 429 without a hint", func(t *testing.T) {
		s, _ := start(Akkoma)
		s.Fail("429")
		resp, err := http.Get(s.URL + "/api/v1/notifications")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 429 || resp.Header.Get("Retry-After")+resp.Header.Get("X-RateLimit-Reset") != "" {
			t.Errorf("%d %v", resp.StatusCode, resp.Header)
		}
		s.Heal()
		s.Forgive() // Go's User-Agent
	})
}
