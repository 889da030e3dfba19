package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

func TestWhatHappensOnOneNodeHoldsOnTheOther(t *testing.T) {
	t.Parallel()
	mails, instance := harness.NewMailServer(t), mastodontest.New(t)
	first := harness.Config(t, mails)
	if first.NATS.URL == "" || first.Database.URL == "" {
		t.Skip("nodes share LINIENFUNK_TEST_POSTGRES and LINIENFUNK_TEST_NATS")
	}
	harness.NewProcess(t, first).Start()
	second := secondNode(t, first)
	second.BaseURL = first.BaseURL // the address that is public
	harness.NewProcess(t, second).Start()
	a, b := harness.NewBrowser(t, "http://"+first.HTTP), "http://"+second.HTTP
	onB := a.On(b)
	settingsOnB := func() (status int) {
		answer, err := a.Client.Get(b + "/city/zuerich")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}

	a.Register(mails, "zuerich", "Zürich")
	testkit.Eventually(t, "the other node knows the city", func() bool { return settingsOnB() == http.StatusOK })
	if page := onB.Get("/city/zuerich"); !strings.Contains(page, `action="/logout"`) {
		t.Fatalf("the session does not hold on the other node:\n%s", page)
	}

	visitor := harness.NewBrowser(t, b)
	visitor.Get("/c/zuerich") // now in the node's memory
	live := visitor.Live("zuerich")
	a.SetLists("zuerich", "Zürich", "kontrolle", "")
	onB.WaitForText("/city/zuerich", "kontrolle")
	for _, server := range []string{second.SMTP, first.SMTP} {
		text := "kontrolle an " + server
		if err := harness.TrySendMail(server, "zuerich", text); err != nil {
			t.Fatal(err)
		}
		live(text)
		visitor.WaitForText("/c/zuerich", text)
	}

	s := &fixture{t: t, mails: mails, instance: instance}
	for i, nodes := range [][2]*harness.Browser{{a, onB}, {onB, a}} {
		connects, disconnects := nodes[0], nodes[1]
		connects.ConnectMastodon(instance, "zuerich")
		disconnects.WaitForText("/city/zuerich", `<span class="chip good">running</span> <strong>@zuerich@`)
		text := "kontrolle runde " + string(rune('1'+i))
		if err := harness.TrySendMail(first.SMTP, "zuerich", text); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, text+" is posted", func() bool { return strings.Contains(strings.Join(s.posts(), "\n"), text) })
		disconnects.Post("/city/zuerich/bot/mastodon/disconnect")
		testkit.Eventually(t, "the account has stopped where it ran", func() bool { return instance.Streams() == 0 })
	}

	a.Post("/logout")
	if page := onB.Get("/city/zuerich"); !strings.Contains(page, `action="/login"`) {
		t.Errorf("the session has not ended on the other node:\n%s", page)
	}
	onB.Post("/login", "address", "admin-zuerich@example.net", "password", harness.AdminPassword)
	if page := a.Get("/city/zuerich"); !strings.Contains(page, `action="/logout"`) {
		t.Errorf("a login on the other node does not hold on this one:\n%s", page)
	}
}

func TestAKeyThatIsRevokedOnOneNodeEndsAtOnceOnTheOther(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	first := harness.Config(t, mails)
	if first.NATS.URL == "" || first.Database.URL == "" {
		t.Skip("nodes share LINIENFUNK_TEST_POSTGRES and LINIENFUNK_TEST_NATS")
	}
	harness.NewProcess(t, first).Start()
	second := secondNode(t, first)
	second.BaseURL = first.BaseURL
	harness.NewProcess(t, second).Start()
	admin, other := harness.NewBrowser(t, first.BaseURL), "http://"+second.HTTP
	admin.Register(mails, "zuerich", "Zürich")
	key := newKey(t, admin, first.BaseURL, "zuerich", "read")
	onOther := func(path string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, other+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("x-api-key", key)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer
	}
	testkit.Eventually(t, "the key works on the other node", func() bool { return onOther("/api/v1/cities/zuerich/status").StatusCode == http.StatusOK })
	events := onOther("/api/v1/cities/zuerich/events")
	if events.StatusCode != http.StatusOK {
		t.Fatal(events.Status)
	}
	admin.Post("/city/zuerich/api/keys/1/revoke")
	if answer := onOther("/api/v1/cities/zuerich/status"); answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("the key still works: %s", answer.Status)
	}
	if _, err := io.Copy(io.Discard, events.Body); err != nil { // returns when the stream ends
		t.Logf("the stream has ended with %v", err)
	}
}
