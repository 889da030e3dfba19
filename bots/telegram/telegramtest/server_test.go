package telegramtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// complainer is a testing.TB that the fake's complaints do not fail.
type complainer struct{ testing.TB }

func (complainer) Errorf(string, ...any) {}

func ask(t *testing.T, s *Server, token, method string, form url.Values) (code int, result any) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.URL+"/bot"+token+"/"+method, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", "linienfunk/test")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Result any `json:"result"`
	}
	json.NewDecoder(response.Body).Decode(&answer)
	return response.StatusCode, answer.Result
}

func TestTheFakeEnforcesTelegramsLimits(t *testing.T) {
	t.Parallel()
	l := RealLimits()
	b, now := &bot{}, time.Unix(1000, 0)
	for i := range 30 {
		if !l.allow(b, int64(i+1), now.Add(time.Duration(i)*time.Millisecond)) {
			t.Fatalf("message %d exceeds a limit", i)
		}
	}
	if l.allow(b, 99, now.Add(999*time.Millisecond)) || !l.allow(b, 99, now.Add(time.Second)) {
		t.Error("31 messages within a second")
	}
	if l.allow(b, 99, now.Add(1999*time.Millisecond)) || !l.allow(b, 99, now.Add(2*time.Second)) {
		t.Error("two messages to one chat within a second")
	}
	for i := range 21 {
		if got := l.allow(b, -5, now.Add(time.Duration(10+2*i)*time.Second)); got != (i < 20) {
			t.Errorf("message %d to a group: %v", i, got)
		}
	}
	if l.Exceeded != 3 {
		t.Errorf("%d over", l.Exceeded)
	}
}

func TestTheFakeConfirmsUpdatesBeforeTheOffset(t *testing.T) {
	t.Parallel()
	s := New(t)
	token := s.AddBot("x_bot")
	s.Say("x_bot", "marta", "eins")
	s.Say("x_bot", "marta", "zwei")
	for _, offset := range []string{"0", "0", "700002"} {
		ask(t, s, token, "getUpdates", url.Values{"offset": {offset}, "limit": {"100"}})
	}
	if s.PendingUpdates("x_bot") != 1 {
		t.Errorf("%d wait", s.PendingUpdates("x_bot"))
	}
}

func TestTheFakeComplainsAboutUnknownMethodsAndParameters(t *testing.T) {
	t.Parallel()
	s := New(complainer{t})
	token := s.AddBot("x_bot")
	ask(t, s, token, "getMe", url.Values{"what": {"1"}})
	ask(t, s, token, "getYou", nil)
	ask(t, s, token, "getUpdates", url.Values{"limit": {"1000"}})
	ask(t, s, token, "setWebhook", url.Values{"url": {"https://x"}, "secret_token": {"a b"}})
	if got := s.Complaints(); len(got) != 4 {
		t.Errorf("complaints: %q", got)
	}
	if code, _ := ask(t, s, "1:2", "getMe", nil); code != http.StatusUnauthorized {
		t.Errorf("an unknown token: %d", code)
	}
	if code, _ := ask(t, s, token, "sendMessage", url.Values{"chat_id": {"77"}, "text": {"x"}}); code != http.StatusBadRequest {
		t.Errorf("an unknown chat: %d", code)
	}
}
