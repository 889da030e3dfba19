package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// joined is somebody who has accepted an invitation of a city's admin, with their own browser.
func joined(t *testing.T, mails *harness.MailServer, admin *harness.Browser, base, city, address, role string) *harness.Browser {
	t.Helper()
	admin.Post("/city/"+city+"/people/invite", "address", address, "role", role)
	link := strings.TrimPrefix(mails.WaitForLink(t, address, "/invite/"), base)
	b := harness.NewBrowser(t, base)
	b.Post(link, "password", harness.AdminPassword)
	return b
}

func TestAModeratorOfACityIsRefusedWhatOwnersDoOnAPageInTheAPIAndInAChat(t *testing.T) {
	t.Parallel()
	w := newWaysIn(t)
	mo := joined(t, w.mails, w.admin, w.program.URL(), "zuerich", "mo@example.net", "moderator")
	answer, err := mo.Client.Get(w.program.URL() + "/city/zuerich/api")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || answer.StatusCode != http.StatusForbidden || !strings.Contains(string(page), "admin-zuerich@example.net") {
		t.Errorf("%s %v\n%s", answer.Status, err, page)
	}
	joined(t, w.mails, w.admin, w.program.URL(), "zuerich", "owner@example.net", "owner")
	w.commandLine("people", "role", "admin-zuerich@example.net", "moderator", "--city", "zuerich") // whose chat is linked, and who has made the key
	w.ask("/pause", "Only owners of the city may do that")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.program.URL()+"/api/v1/pause", strings.NewReader(`{"city":"zuerich"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Api-Key", w.key)
	request.Header.Set("Content-Type", "application/json")
	if answer, err = http.DefaultClient.Do(request); err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("the key of a moderator: %s", answer.Status)
	}
}

func TestARemovalOnOneNodeEndsPagesAndStreamsAndKeysOnTheOther(t *testing.T) {
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
	here, there := first.BaseURL, "http://"+second.HTTP
	ada := harness.NewBrowser(t, here)
	ada.Register(mails, "zuerich", "Zürich")
	bo := joined(t, mails, ada, here, "zuerich", "bo@example.net", "owner").On(there)
	key := apiKey(t, bo, there, "zuerich")
	get := func(path string) *http.Response {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, there+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Api-Key", key)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer
	}
	stream := get("/api/v1/cities/zuerich/events")
	if stream.StatusCode != http.StatusOK {
		t.Fatal(stream.Status)
	}

	ada.Post("/city/zuerich/people/people-remove", "who", "bo@example.net")
	if page := bo.Get("/city/zuerich"); !strings.Contains(page, `action="/login"`) {
		t.Errorf("the session goes on on the other node:\n%s", page)
	}
	if answer := get("/api/v1/cities/zuerich/status"); answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("the key: %s", answer.Status)
	}
	_, _ = io.Copy(io.Discard, stream.Body) // returns when the stream ends
	bo.Post("/login", "address", "bo@example.net", "password", harness.AdminPassword)
	answer, err := bo.Client.Get(there + "/city/zuerich")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("after another login: %s", answer.Status)
	}
	testkit.Eventually(t, "bo is told", func() bool { return len(mails.MailsTo("bo@example.net", "has removed you")) == 1 })
	for i, node := range []string{here, there} {
		if list := ada.On(node).Get("/city/zuerich/people"); strings.Contains(list, "bo@example.net") {
			t.Errorf("node %d still lists who was removed", i)
		}
	}
}
