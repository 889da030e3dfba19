package e2e

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

func TestAMessageOnTelegramReachesEveryNetworkAndReportsReachItsSubscribers(t *testing.T) {
	t.Parallel()
	mails, fake := harness.NewMailServer(t), telegramtest.New(t)
	c := harness.Config(t, mails)
	c.Networks = []config.Key{{Network: "telegram", Name: "api", Value: fake.URL}}
	program, _ := harness.Start(t, c)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "idiot")
	visitor.Subscribe(mails, "zuerich", harness.ReaderAddress)
	if page := admin.Post("/city/zuerich/bot/telegram/connect", "token", fake.AddBot("ZueriBot")); !strings.Contains(page, "@ZueriBot") {
		t.Fatalf("not connected:\n%s", page)
	}
	visitor.WaitForText("/c/zuerich", "https://t.me/ZueriBot")
	got := func(who, text string) bool {
		for _, sent := range fake.Sent() {
			if sent.Chat == fake.Person(who) && strings.Contains(sent.Text, text) {
				return true
			}
		}
		return false
	}
	for _, who := range []string{"marta", "jan"} {
		fake.Say("ZueriBot", who, "/start")
		testkit.Eventually(t, who+" is welcomed", func() bool { return got(who, "Zürich") })
	}

	fake.Say("ZueriBot", "marta", "kontrolle u8 hermannplatz")
	testkit.Eventually(t, "jan gets marta's report", func() bool { return got("jan", "kontrolle u8 hermannplatz") })
	testkit.Eventually(t, "it is mailed to the subscriber", func() bool { return len(mails.MailsTo(harness.ReaderAddress, "kontrolle u8")) > 0 })
	visitor.WaitForText("/c/zuerich", "kontrolle u8 hermannplatz")

	harness.SendMail(t, program, "zuerich", "kontrolle u6 am bahnhof")
	for _, who := range []string{"marta", "jan"} {
		testkit.Eventually(t, who+" gets the mailed report", func() bool { return got(who, "kontrolle u6 am bahnhof") })
	}
	if got("marta", "kontrolle u8") {
		t.Error("marta got her own report")
	}

	// A webhook request has neither an Origin nor a cookie. It reaches the bot, which has no such path.
	answer, err := http.Post(program.URL()+"/bots/telegram/hook/unknown", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusNotFound || !strings.HasPrefix(kind, "text/plain") {
		t.Errorf("a webhook's request: %s, %s", answer.Status, kind)
	}
}

// behindTLS starts a reverse proxy with https in front of a program, and makes its address the public one.
func behindTLS(t testing.TB, c *config.Config) *http.Client {
	t.Helper()
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: c.HTTP})
		r.SetXForwarded()
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(proxy.Close)
	c.BaseURL = proxy.URL
	return proxy.Client()
}

func TestMessagesToTelegramArriveByWebhookAndPollingContinuesWhereItEnds(t *testing.T) {
	t.Parallel()
	mails, fake := harness.NewMailServer(t), telegramtest.New(t)
	c := harness.Config(t, mails)
	client := behindTLS(t, &c)
	c.Networks = []config.Key{{Network: "telegram", Name: "api", Value: fake.URL}, {Network: "telegram", Name: "webhook", Value: "on"}}
	_, stop := harness.Start(t, c)
	browse := func() *harness.Browser {
		b := harness.NewBrowser(t, c.BaseURL)
		b.Client.Transport = client.Transport
		return b
	}
	admin, visitor := browse(), browse()
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	admin.Post("/city/zuerich/bot/telegram/connect", "token", fake.AddBot("ZueriBot"))
	testkit.Eventually(t, "the webhook is set", func() bool { return fake.Webhook("ZueriBot") != nil })

	post := func(address, secret string, update []byte) int {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(update))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if secret != "" {
			r.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	fake.Say("ZueriBot", "marta", "kontrolle u8")
	for _, wrong := range []string{"", "wrong", fake.Webhook("ZueriBot")["secret_token"] + "x"} {
		refused := func(url, _ string, update []byte) int { return post(url, wrong, update) }
		if status := fake.Push("ZueriBot", refused); status != http.StatusUnauthorized {
			t.Errorf("with the secret %q: status %d", wrong, status)
		}
	}
	if page := visitor.Get("/c/zuerich"); strings.Contains(page, "kontrolle u8") {
		t.Error("a report came in without the secret")
	}
	if status := fake.Push("ZueriBot", post); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	visitor.WaitForText("/c/zuerich", "kontrolle u8")

	fake.Say("ZueriBot", "marta", "kontrolle u6") // the webhook is not called before the program stops
	stop()
	fake.Say("ZueriBot", "marta", "kontrolle u4")
	c.Networks[1].Value = "off"
	harness.Start(t, c)
	fake.Say("ZueriBot", "marta", "kontrolle u2")
	for _, text := range []string{"kontrolle u6", "kontrolle u4", "kontrolle u2"} {
		visitor.WaitForText("/c/zuerich", text)
	}
	if fake.Webhook("ZueriBot") != nil {
		t.Error("the webhook is still set")
	}
	page := visitor.Get("/c/zuerich")
	for _, text := range []string{"kontrolle u8", "kontrolle u6", "kontrolle u4", "kontrolle u2"} {
		if n := strings.Count(page, text); n != 1 {
			t.Errorf("%q is shown %d times on the page", text, n)
		}
	}
}
