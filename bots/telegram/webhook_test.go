package telegram

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// webhookWorld is a program with a webhook, and the reports that it has handed in.
type webhookWorld struct {
	testing.TB
	w    *bottest.World
	fake *telegramtest.Server
	out  bottest.Outbox
}

func newWebhookWorld(t testing.TB) *webhookWorld {
	w, fake := newWorld(t)
	w.Core.Config["webhook"] = "on"
	w.Restart(t)
	connect(t, w, fake, "zuerich")
	return &webhookWorld{TB: t, w: w, fake: fake}
}

// listening is newWebhookWorld with a running Listen and a webhook that is set.
func listening(t testing.TB) *webhookWorld {
	h := newWebhookWorld(t)
	h.listen()
	h.set()
	return h
}

// listen runs Listen until the end of the test or until stop is called.
func (h *webhookWorld) listen() (stop func()) {
	h.Helper()
	return bottest.Listen(h, theBot(h.w), &theBot(h.w).intake, h.out.Out)
}

// startRecv runs Recv with out, until stop is called or the test ends.
func (h *webhookWorld) startRecv(a bots.Account) (stop func()) {
	h.Helper()
	return startRecv(h, h.w, a, func(ctx context.Context, r report.Report) error { return h.out.Out(ctx, "zuerich", r) })
}

// set sets the webhook as Recv would.
func (h *webhookWorld) set() {
	h.Helper()
	row, c := account(h, h.w, "zuerich")
	must(h, theBot(h.w).setWebhook(h.Context(), row, c))
}

// call calls a URL as Telegram does.
func (h *webhookWorld) call(address, secret string, update []byte) int {
	path, ok := strings.CutPrefix(address, "https://linienfunk.example/bots/telegram")
	if !ok {
		h.Fatalf("Telegram calls %s", address)
	}
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(update))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	return h.serve(r).Code
}

// serve calls the bot's handler of pages outside of cities.
func (h *webhookWorld) serve(r *http.Request) *httptest.ResponseRecorder {
	h.Helper()
	return h.w.Serve(h, h.w.Bot.(bots.Public).Public(), "/bots/telegram", "", "en", r)
}

func TestAWebhookBringsReportsAndCommands(t *testing.T) {
	t.Parallel()
	h := listening(t)
	h.fake.Say(botOf("zuerich"), "marta", "/start")
	h.fake.Say(botOf("zuerich"), "marta", "kontrolle u8")
	h.fake.Say(botOf("zuerich"), "marta", "kontrolle u6")
	if status := h.fake.Push(botOf("zuerich"), h.call); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	if got := h.out.All(); texts(got) != "kontrolle u8|kontrolle u6" || h.out.Cities()[0] != "zuerich" || !got[0].Private {
		t.Errorf("got %+v for %v", got, h.out.Cities())
	}
	row, c := account(t, h.w, "zuerich")
	must(t, theBot(h.w).drainReplies(t.Context(), row, c))
	if sent := h.fake.Sent(); len(sent) != 1 || !strings.Contains(sent[0].Text, "Willkommen") {
		t.Errorf("replies: %v", sent)
	}
}

func TestAWebhookNeedsItsURLAndItsSecret(t *testing.T) {
	t.Parallel()
	h := listening(t)
	set := h.fake.Webhook(botOf("zuerich"))
	update := []byte(`{"update_id":1,"message":{"message_id":1,"date":1,"text":"x","chat":{"id":5,"type":"private"},"from":{"id":5}}}`)
	for _, test := range []struct {
		address, secret string
		want            int
	}{
		{set["url"], set["secret_token"], 200},
		{set["url"], "", 401}, {set["url"], set["secret_token"] + "x", 401},
		{set["url"] + "0", set["secret_token"], 404},
	} {
		if got := h.call(test.address, test.secret, update); got != test.want {
			t.Errorf("%s with %q: %d, want %d", test.address, test.secret, got, test.want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, strings.TrimPrefix(set["url"], "https://linienfunk.example/bots/telegram"), nil)
	if got := h.serve(r).Code; got != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", got)
	}
	if len(h.out.All()) != 1 {
		t.Errorf("%d reports", len(h.out.All()))
	}
	connect(t, h.w, h.fake, "zuerich")
	if got := h.call(set["url"], set["secret_token"], update); got != http.StatusUnauthorized {
		t.Errorf("the old secret after connecting again: %d", got)
	}
}

func TestAnUpdateThatCannotBeStoredIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	h := newWebhookWorld(t)
	h.set()
	h.fake.Say(botOf("zuerich"), "marta", "kontrolle u8")
	push := func(why string) {
		t.Helper()
		if status := h.fake.Push(botOf("zuerich"), h.call); status != http.StatusServiceUnavailable {
			t.Errorf("%s: status %d", why, status)
		}
	}
	push("before Listen")
	stop := h.listen()
	h.out.FailWith(errors.New("the disk is full"))
	push("when the store fails")
	h.out.FailWith(nil)
	h.w.SetActive("zuerich", false)
	push("while the city is switched off")
	h.w.SetActive("zuerich", true)
	stop()
	push("after Listen")
	h.listen()
	if status := h.fake.Push(botOf("zuerich"), h.call); status != http.StatusOK || texts(h.out.All()) != "kontrolle u8" {
		t.Errorf("status %d, got %s", status, texts(h.out.All()))
	}
}

func TestABodyThatIsNotAnUpdateIsNotDeliveredAgain(t *testing.T) {
	t.Parallel()
	h := listening(t)
	set := h.fake.Webhook(botOf("zuerich"))
	for _, body := range []string{"", "{", "[]", `{"update_id":0}`, strings.Repeat("x", maxUpdate+1)} {
		if got := h.call(set["url"], set["secret_token"], []byte(body)); got != http.StatusOK {
			t.Errorf("%.20q: %d", body, got)
		}
	}
}

func TestSwitchingBetweenPollingAndWebhooksLosesNothing(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	h := &webhookWorld{TB: t, w: w, fake: fake}
	seen := map[string]int{}
	// run runs Recv until the reports have arrived or, with webhooks, until one is set.
	run := func(webhook string, until func() bool) {
		t.Helper()
		w.Core.Config["webhook"] = webhook
		w.Restart(t)
		if webhook == "on" {
			h.listen()
		}
		stop := h.startRecv(a)
		testkit.Eventually(t, "all reports have arrived", until)
		stop()
	}
	fake.Say(botOf("zuerich"), "marta", "eins")
	run("off", func() bool { return len(h.out.All()) == 1 })
	fake.Say(botOf("zuerich"), "marta", "zwei")
	run("on", func() bool { return fake.Webhook(botOf("zuerich")) != nil })
	if status := fake.Push(botOf("zuerich"), h.call); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	fake.Say(botOf("zuerich"), "marta", "drei")
	run("off", func() bool { return len(h.out.All()) >= 3 && fake.Webhook(botOf("zuerich")) == nil })
	for _, r := range h.out.All() {
		seen[r.Text]++
	}
	if len(seen) != 3 || len(h.out.All()) != 3 {
		t.Errorf("got %v", seen)
	}
}

func TestWithoutHTTPSThereAreNoWebhooks(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	w.Core.Config["webhook"], w.Core.BaseURL = "on", "http://linienfunk.example"
	w.Restart(t)
	if theBot(w).webhooks {
		t.Error("a webhook is set")
	}
}

func TestAnInvalidConfigurationNamesItsKey(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	for key, value := range map[string]string{"webhook": "yes", "api": "api.telegram.org"} {
		core := w.Core
		core.Config = map[string]string{"webhook": "off", "api": "https://api.telegram.org"}
		core.Config[key] = value
		if _, err := New(core); err == nil || !strings.Contains(err.Error(), "bots.telegram."+key) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestACheckFindsAWebhookThatWasChangedOrCannotBeReached(t *testing.T) {
	t.Parallel()
	h := newWebhookWorld(t)
	h.set()
	row, c := account(t, h.w, "zuerich")
	check := func(want string) {
		t.Helper()
		if e := bots.AsError(theBot(h.w).checkWebhook(t.Context(), row, c)); e.Say != want {
			t.Errorf("got %q (%v), want %q", e.Say, e, want)
		}
	}
	if err := theBot(h.w).checkWebhook(t.Context(), row, c); err != nil {
		t.Error(err)
	}
	h.fake.Say(botOf("zuerich"), "marta", "kontrolle u8")
	h.fake.Push(botOf("zuerich"), func(string, string, []byte) int { return http.StatusBadGateway })
	check("error-webhook")
	must(t, theBot(h.w).setWebhook(t.Context(), Account{WebhookID: "theirs"}, c))
	check("error-webhook-set")
}

func TestAWebhookThatTelegramCannotReachIsReplacedByPolling(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	w.Core.Config["webhook"] = "auto"
	w.Restart(t)
	a := connect(t, w, fake, "zuerich")
	h := &webhookWorld{TB: t, w: w, fake: fake}
	stop := h.startRecv(a)
	testkit.Eventually(t, "the webhook is set", func() bool { return fake.Webhook(botOf("zuerich")) != nil })
	fake.Say(botOf("zuerich"), "marta", "kontrolle u8")
	fake.Push(botOf("zuerich"), func(string, string, []byte) int { return http.StatusBadGateway })
	testkit.Eventually(t, "the report arrives by polling", func() bool { return len(h.out.All()) == 1 })
	stop()
	h.startRecv(a)
	fake.Say(botOf("zuerich"), "marta", "/start") // is polled as well
	testkit.Eventually(t, "polling continues", func() bool { return fake.PendingUpdates(botOf("zuerich")) == 0 })
	if fake.Webhook(botOf("zuerich")) != nil {
		t.Error("a webhook is set again")
	}
}
