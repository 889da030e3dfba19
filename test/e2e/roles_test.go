package e2e

import (
	"io"
	"net/http"
	"net/smtp"
	"slices"
	"strings"
	"testing"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// startRoles runs a node that serves pages, and another one that does everything else. All links lead to the pages.
func startRoles(t *testing.T, mails *harness.MailServer) (pages, work config.Config) {
	t.Helper()
	pages = harness.Config(t, mails)
	if pages.NATS.URL == "" || pages.Database.URL == "" {
		t.Skip("nodes share LINIENFUNK_TEST_POSTGRES and LINIENFUNK_TEST_NATS")
	}
	pages.Roles = string(config.RoleFrontend)
	harness.NewProcess(t, pages).Start()
	work = secondNode(t, pages)
	work.Roles, work.BaseURL = "bots, censor, mail", pages.BaseURL
	harness.NewProcess(t, work).Start()
	return pages, work
}

func TestAPageOnANodeOfItsOwnServesEverythingThatOthersDo(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	pages, work := startRoles(t, mails)
	s := &fixture{t: t, mails: mails, instance: mastodontest.New(t)}
	s.admin, s.visitor = harness.NewBrowser(t, pages.BaseURL), harness.NewBrowser(t, pages.BaseURL)
	s.admin.Register(mails, "zuerich", "Zürich")
	s.admin.SetLists("zuerich", "Zürich", "kontrolle", "idiot")
	s.admin.ConnectMastodon(s.instance, "zuerich")
	s.visitor.Subscribe(mails, "zuerich", harness.ReaderAddress)
	s.admin.WaitForText("/city/zuerich", `<span class="chip good">running</span> <strong>@zuerich@`)

	live := s.visitor.Live("zuerich")
	form := harness.FormFields(s.visitor.Get("/c/zuerich"), "/c/zuerich/web/report")
	s.visitor.Post("/c/zuerich/web/report", append(form, "text", "kontrolle aus dem formular")...)
	s.waitEverywhere("kontrolle aus dem formular")
	live("kontrolle aus dem formular")
	if err := harness.TrySendMail(work.SMTP, "zuerich", "kontrolle aus der mail"); err != nil {
		t.Fatal(err)
	}
	s.waitEverywhere("kontrolle aus der mail")
	live("kontrolle aus der mail")

	s.admin.Post("/city/zuerich/bot/mastodon/disconnect")
	testkit.Eventually(t, "the account is disconnected where it runs", func() bool { return s.instance.Streams() == 0 })
}

func TestANodeDoesNothingButItsRolesAndAnswersHealthChecks(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	pages, work := startRoles(t, mails)
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/": http.StatusNotFound, "/login": http.StatusNotFound} {
		answer, err := http.Get("http://" + work.HTTP + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != want || want == http.StatusNotFound && !strings.Contains(string(text), "no pages") {
			t.Errorf("%s of the node without pages: %s %q, %v", path, answer.Status, text, err)
		}
	}
	if conn, err := smtp.Dial(pages.SMTP); err == nil {
		conn.Close()
		t.Error("the node with pages only receives mail")
	}
	database := harness.Database(t, pages)
	var nodes []db.Node
	testkit.Eventually(t, "the other node has all shards", func() (all bool) {
		var err error
		if nodes, _, err = database.Nodes(t.Context()); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(nodes, func(n db.Node) bool { return n.Roles == "bots,censor,mail" && len(n.Shards) == pages.NATS.Shards })
	})
	for _, n := range nodes {
		if n.Roles == "frontend" && len(n.Shards) > 0 {
			t.Errorf("the node with pages only has the shards %v", n.Shards)
		}
	}
}
