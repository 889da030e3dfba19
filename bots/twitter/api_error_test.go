package twitter

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
)

func TestResponsesBecomeErrors(t *testing.T) {
	t.Parallel()
	const problem = `{"type":"https://api.x.com/2/problems/%s","title":"x","detail":"x"}`
	v1 := func(code int) string { return fmt.Sprintf(`{"errors":[{"code":%d,"message":"x"}]}`, code) }
	for name, test := range map[string]struct {
		status int
		body   string
		what   operation
		kind   bots.Kind
		say    string
	}{
		"access level, reading":       {403, v1(453), reading, bots.KindRetryAfter, "error-access-read"},
		"access level, posting":       {403, v1(453), posting, bots.KindPermanent, "error-access-post"},
		"access level, deleting":      {403, v1(453), deleting, bots.KindPermanent, "error-access-delete"},
		"application not enrolled":    {403, fmt.Sprintf(problem, "client-forbidden"), reading, bots.KindRetryAfter, "error-access-read"},
		"application may only read":   {403, fmt.Sprintf(problem, "oauth1-permissions"), posting, bots.KindPermanent, "error-access-post"},
		"application may only read 1": {403, v1(261), posting, bots.KindPermanent, "error-access-post"},
		"credits used up":             {402, fmt.Sprintf(problem, "credits"), posting, bots.KindRetryAfter, "error-credits"},
		"cap of the month":            {429, fmt.Sprintf(problem, "usage-capped"), reading, bots.KindRetryAfter, "error-credits"},
		"too many":                    {429, "", reading, bots.KindRetryAfter, "error-too-many"},
		"too many with another code":  {403, v1(88), posting, bots.KindRetryAfter, "error-too-many"},
		"clock":                       {401, v1(135), posting, bots.KindRetry, "error-clock"},
		"suspended":                   {403, v1(64), posting, bots.KindRevoked, "error-suspended"},
		"locked":                      {403, v1(326), posting, bots.KindRetryAfter, "error-locked"},
		"token revoked":               {401, v1(89), reading, bots.KindRevoked, "error-revoked"},
		"unauthorized":                {401, "{}", posting, bots.KindRevoked, "error-revoked"},
		"server error":                {503, "<html>", posting, bots.KindRetry, "error-server"},
		"redirect":                    {302, "", posting, bots.KindRetry, "error-server"},
		"post refused":                {403, `{"type":"about:blank","detail":"You are not permitted to perform this action."}`, posting, bots.KindPermanent, "error-refused"},
		"post malformed":              {400, fmt.Sprintf(problem, "invalid-request"), posting, bots.KindPermanent, "error-refused"},
		"reading malformed":           {400, fmt.Sprintf(problem, "invalid-request"), reading, bots.KindRetry, "error-server"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bot{}
			said := parseError(test.status, http.Header{}, []byte(test.body), time.Now())
			got := bots.AsError(b.explain(t.Context(), test.what, fmt.Errorf("call: %w", said)))
			if got.Kind != test.kind || got.Say != test.say {
				t.Errorf("kind %d %q", got.Kind, got.Say)
			}
		})
	}
}

// Version 2 answers only "Unauthorized" to a signature with a wrong time.
func TestAnUnauthorizedCallWithAWrongClockIsNotARevokedLogin(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for off, want := range map[time.Duration]string{
		0: "error-revoked", 2 * time.Minute: "error-revoked", 20 * time.Minute: "error-clock", -20 * time.Minute: "error-clock",
	} {
		header := http.Header{"Date": {now.Add(off).Format(http.TimeFormat)}}
		said := parseError(http.StatusUnauthorized, header, []byte(`{"title":"Unauthorized","type":"about:blank","status":401}`), now)
		if got := bots.AsError(said.explain(reading)).Say; got != want {
			t.Errorf("X's clock is %v ahead: %s", off, got)
		}
	}
}

func TestMessagesOfXAreNotKept(t *testing.T) {
	t.Parallel()
	body := `{"detail":"Your text geheimwort is bad","type":"https://api.x.com/2/problems/Geheim wort","errors":[{"code":1,"message":"geheimwort"}]}`
	if got := parseError(400, http.Header{}, []byte(body), time.Now()).Error(); strings.Contains(strings.ToLower(got), "geheim") {
		t.Errorf("the error says %q", got)
	}
}

func TestAPauseLastsUntilTheLimitIsReset(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	at := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	for name, test := range map[string]struct {
		header map[string]string
		want   time.Duration
	}{
		"no hint":               {nil, 15 * time.Minute},
		"reset":                 {map[string]string{"x-rate-limit-reset": at(7 * time.Second)}, 7 * time.Second},
		"reset that is over":    {map[string]string{"x-rate-limit-reset": at(-time.Minute)}, 15 * time.Minute},
		"nonsense":              {map[string]string{"x-rate-limit-reset": "soon"}, 15 * time.Minute},
		"limit of a day":        {map[string]string{"x-rate-limit-reset": at(9 * time.Second), "x-rate-limit-remaining": "9", "x-app-limit-24hour-reset": at(30 * time.Minute), "x-app-limit-24hour-remaining": "0"}, 30 * time.Minute},
		"limit of a day unused": {map[string]string{"x-rate-limit-reset": at(9 * time.Second), "x-user-limit-24hour-reset": at(30 * time.Minute), "x-user-limit-24hour-remaining": "5"}, 9 * time.Second},
		"never longer than 1 h": {map[string]string{"x-rate-limit-reset": at(20 * time.Hour)}, time.Hour},
		"of a proxy":            {map[string]string{"Retry-After": "90"}, 90 * time.Second},
	} {
		header := http.Header{}
		for key, value := range test.header {
			header.Set(key, value)
		}
		if got := waitTime(header, now); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"errors":[{"code":453}]}`, `{"type":"https://api.x.com/2/problems/x","detail":"duplicate content"}`, `[]`, `{"errors":{}}`, "<html>", `{"errors":[null]}`} {
		f.Add(403, seed, "1800000000")
	}
	f.Fuzz(func(t *testing.T, status int, body, reset string) {
		said := parseError(status, http.Header{"X-Rate-Limit-Reset": {reset}}, []byte(body), time.Unix(1_800_000_000, 0))
		if said.after < time.Second || said.after > time.Hour {
			t.Errorf("pause %v", said.after)
		}
		for _, what := range []operation{reading, posting, deleting} {
			if said.explain(what) == nil {
				t.Error("no error")
			}
		}
	})
}
