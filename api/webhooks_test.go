package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
)

// receiver is another program's server. It keeps what it was sent.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	calls  []call
}

type call struct {
	id, body string
	header   http.Header
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls = append(r.calls, call{req.Header.Get("webhook-id"), string(body), req.Header})
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) got() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]call(nil), r.calls...)
}

var webhookSecret = regexp.MustCompile(`whsec_[A-Za-z0-9+/=]{44}`)

// webhook makes a webhook on the page of bern, and returns its secret.
func (w *world) webhook(address string, kinds ...string) string {
	w.t.Helper()
	answer, err := w.admin.Client.PostForm(w.program.URL()+"/city/bern/api/webhooks", map[string][]string{"url": {address}, "kind": kinds})
	w.check(err)
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	w.check(err)
	key := webhookSecret.FindString(strings.ReplaceAll(string(page), "&#43;", "+"))
	if key == "" {
		w.t.Fatalf("%d\n%s", answer.StatusCode, page)
	}
	return key
}

func TestAWebhookGetsSignedEventsInTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, r := w.key("bern"), newReceiver(t)
	secret := w.webhook(r.URL+"/hook", "report.relayed", "report.withdrawn")
	id := w.report(key, "kontrolle eins")
	w.report(key, "schönes wetter") // held, which it does not want
	w.report(key, "kontrolle zwei")
	testkit.Eventually(t, "both have arrived", func() bool { return len(r.got()) == 2 })
	w.call("POST", "/api/v1/withdraw", key, `{"city":"bern","report":"`+id+`"}`).wants(t, "withdraw", 200)
	testkit.Eventually(t, "the withdrawal has arrived", func() bool { return len(r.got()) == 3 })
	checker, err := standardwebhooks.NewWebhook(secret)
	w.check(err)
	for i, want := range []string{"report.relayed kontrolle eins", "report.relayed kontrolle zwei", "report.withdrawn kontrolle eins"} {
		one := r.got()[i]
		name, text, _ := strings.Cut(want, " ")
		if !strings.Contains(one.body, `"type":"`+name+`"`) || !strings.Contains(one.body, text) {
			t.Errorf("%s: %s", want, one.body)
		}
		if err := checker.Verify([]byte(one.body), one.header); err != nil {
			t.Error(err)
		}
		if err := checker.Verify([]byte(one.body+" "), one.header); err == nil {
			t.Error("another body has the signature, too")
		}
	}
}

func TestAWebhookIsTriedAgainWithTheSameIDAndHeldInTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, r := w.key("bern"), newReceiver(t)
	r.answers(http.StatusInternalServerError)
	w.webhook(r.URL, "report.relayed")
	w.report(key, "kontrolle eins")
	w.report(key, "kontrolle zwei")
	for attempt := 1; attempt <= 10; attempt++ {
		testkit.Eventually(t, "it is tried again", func() bool { return len(r.got()) >= attempt })
		w.admin.WaitForText("/city/bern/api", "HTTP 500")
		if attempt < 10 {
			testkit.Eventually(t, "the attempt is noted", func() bool { return w.attempts() == attempt })
		}
		w.clock.Advance(28 * time.Hour)
	}
	w.admin.WaitForText("/city/bern/api", ">held<")
	for _, one := range r.got() {
		if one.id != r.got()[0].id || !strings.Contains(one.body, "kontrolle eins") {
			t.Errorf("%s: %s", one.id, one.body)
		}
	}
	r.answers(http.StatusOK)
	w.admin.Post("/city/bern/api/webhooks/1/resume")
	testkit.Eventually(t, "it has got both", func() bool {
		all := r.got()
		return len(all) >= 12 && all[10].id == all[0].id && strings.Contains(all[11].body, "kontrolle zwei")
	})
}

// attempts is how often the only webhook has failed.
func (w *world) attempts() (n int) {
	w.t.Helper()
	w.check(w.db.Raw("SELECT attempts FROM api_webhooks").Scan(&n).Error)
	return n
}

func TestAReceiverThatIsGoneIsHeldAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, r := w.key("bern"), newReceiver(t)
	r.answers(http.StatusGone)
	w.webhook(r.URL, "report.relayed")
	w.report(key, "kontrolle")
	w.admin.WaitForText("/city/bern/api", ">held<")
	if n := len(r.got()); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestAWebhookCannotReachThisMachine tries a receiver on loopback, without the operator's permission for private networks.
func TestAWebhookCannotReachThisMachine(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, func(c *config.Config) { c.Outgoing.AllowPrivate = false })
	reached := make(chan struct{}, 10)
	private := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached <- struct{}{} }))
	t.Cleanup(private.Close)
	w.webhook(private.URL+"/hook", "report.relayed")
	w.report(w.key("bern"), "kontrolle eins")
	testkit.Eventually(t, "the attempt has failed", func() bool { return w.attempts() > 0 })
	if len(reached) > 0 || private.TLS == nil {
		t.Error("the receiver was reached")
	}
	w.admin.WaitForText("/city/bern/api", "the address is not on the public internet")
}
