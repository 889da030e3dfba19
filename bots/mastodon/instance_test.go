package mastodon

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"linienfunk/internal/testkit/table"
)

// parsing returns parseInstance without its error, which it must return if and only if it returns no instance.
func parsing(t testing.TB, plain bool) func(typed string) string {
	return func(typed string) string {
		got, err := parseInstance(typed, plain)
		if (err == nil) != (got != "") {
			t.Errorf("%q became %q, %v", typed, got, err)
		}
		return got
	}
}

func TestWhatAdminsTypeNamesAnInstance(t *testing.T) {
	t.Parallel()
	table.Check(t, parsing(t, false), map[string]string{
		"chaos.social":                       "https://chaos.social",
		" Chaos.Social\n":                    "https://chaos.social",
		"https://chaos.social":               "https://chaos.social",
		"https://chaos.social/@zuerich":      "https://chaos.social",
		"https://chaos.social/@a@b.example":  "https://chaos.social",
		"http://chaos.social/":               "https://chaos.social",
		"chaos.social/@zuerich":              "https://chaos.social",
		"@zuerich@chaos.social":              "https://chaos.social",
		"zuerich@chaos.social":               "https://chaos.social",
		"chaos.social.":                      "https://chaos.social",
		"bücher.example":                     "https://xn--bcher-kva.example",
		"social.example:8443":                "https://social.example:8443",
		"":                                   "",
		"chaos":                              "",
		"localhost":                          "",
		"http://127.0.0.1:3000":              "",
		"192.168.1.1":                        "",
		"[::1]":                              "",
		"ftp://chaos.social":                 "",
		"javascript://chaos.social":          "",
		"https://user:password@chaos.social": "",
		"chaos social":                       "",
		"-.social":                           "",
		"chaos..social":                      "",
		"chaos.social:99999":                 "",
		"chaos.social?x":                     "",
		"chaos.social#x":                     "",
		"@zuerich":                           "",
		"_x.example":                         "",
	})
}

func TestInstancesOnLoopbackAreAllowedOnlyWithoutTLS(t *testing.T) {
	t.Parallel()
	table.Check(t, parsing(t, true), map[string]string{
		"http://127.0.0.1:3000/@x": "http://127.0.0.1:3000",
		"localhost:3000":           "http://localhost:3000",
		"@x@localhost:3000":        "http://localhost:3000",
		"http://[::1]:3000":        "http://[::1]:3000",
		"[::1]":                    "http://[::1]",
		"http://chaos.social":      "https://chaos.social",
		"http://10.0.0.1":          "",
	})
}

func FuzzNormalise(f *testing.F) {
	for _, typed := range []string{"chaos.social", "@x@chaos.social", "https://bücher.example:8/@y", "http://[::1]:80", "a.b:x"} {
		f.Add(typed, true)
		f.Add(typed, false)
	}
	f.Fuzz(func(t *testing.T, typed string, plain bool) {
		got, err := parseInstance(typed, plain)
		if err != nil {
			return
		}
		u, err := url.Parse(got)
		if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
			t.Fatalf("%q became %q: %v", typed, got, err)
		}
		if u.Scheme != "https" && !(plain && loopback(u.Hostname())) {
			t.Fatalf("%q became %q", typed, got)
		}
		if again, err := parseInstance(got, plain); err != nil || again != got {
			t.Fatalf("%q became %q, then %q: %v", typed, got, again, err)
		}
	})
}

func TestLimitsComeFromTheInstance(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		v2, v1 string
		want   limits
	}{
		"from version 2":                  {`{"domain":"a.example","version":"4.3.0","configuration":{"statuses":{"max_characters":1000,"characters_reserved_per_url":23}}}`, ``, limits{1000, 23}},
		"from version 1":                  {``, `{"uri":"a.example","version":"3.5.0","configuration":{"statuses":{"max_characters":600,"characters_reserved_per_url":23}}}`, limits{600, 23}},
		"from the field of older forks":   {``, `{"uri":"https://a.example/","version":"2.7.2","max_toot_chars":5000}`, limits{5000, 0}},
		"Mastodon's own by default":       {``, `{"uri":"a.example","version":"2.9.0"}`, limits{500, 0}},
		"Mastodon's own without any page": {``, ``, limits{500, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := newWorld(t)
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				calls++
				rw.Header().Set("Content-Type", "application/json")
				answer := map[string]string{"/api/v2/instance": c.v2, "/api/v1/instance": c.v1}[r.URL.Path]
				if answer == "" {
					rw.WriteHeader(http.StatusNotFound)
					answer = `{"error":"Record not found"}`
				}
				fmt.Fprint(rw, answer)
			}))
			defer server.Close()
			b := w.Bot.(*bot)
			for range 2 {
				got, err := b.profileOf(t.Context(), b.client(server.URL, ""))
				if err != nil || got.limits != c.want || got.software != mastodon {
					t.Errorf("got %v (%v), want %v", got, err, c.want)
				}
			}
			if calls > 2 {
				t.Errorf("%d calls: the limits are not kept", calls)
			}
		})
	}
}

func TestLimitsAreReadAgainTheNextDay(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	long := "kontrolle " + strings.Repeat("lang ", 200)
	send(t, w, a, other("1", long))
	fake.MaxCharacters = 100
	w.Advance(25 * 3600e9)
	send(t, w, a, other("2", long))
	got := fake.Timeline("zuerich")
	if len(got) != 2 || length(got[0].Text, 23) < 400 || length(got[1].Text, 23) > 100 {
		t.Errorf("got %+v", got)
	}
}
