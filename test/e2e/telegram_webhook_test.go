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
