package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// secondNode is the configuration of another node on the same broker and database.
func secondNode(t *testing.T, first config.Config) config.Config {
	t.Helper()
	c := first
	c.Data = filepath.Join(testkit.ShortDir(t), "data")
	c.HTTP, c.SMTP = harness.FreePort(t), harness.FreePort(t)
	c.BaseURL = "http://" + c.HTTP
	key, err := os.ReadFile(filepath.Join(first.Data, "instance.key"))
	if err == nil {
		err = os.MkdirAll(c.Data, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(c.Data, "instance.key"), key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each node in turn is killed, or stopped and continued, right after it has accepted a mail.
func TestAReportReachesEveryNetworkOnceWhileNodesDie(t *testing.T) {
	t.Parallel()
	mails, instance := harness.NewMailServer(t), mastodontest.New(t)
	c := harness.Config(t, mails)
	if c.NATS.URL == "" || c.Database.URL == "" {
		t.Skip("nodes share LINIENFUNK_TEST_POSTGRES and LINIENFUNK_TEST_NATS")
	}
	one := harness.NewProcess(t, c)
	one.Start()
	admin := harness.NewBrowser(t, c.BaseURL)
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	admin.ConnectMastodon(instance, "zuerich")
	harness.NewBrowser(t, c.BaseURL).Subscribe(mails, "zuerich", harness.ReaderAddress)
	other := secondNode(t, c)
	two := harness.NewProcess(t, other)
	two.Start()

	s := &fixture{t: t, mails: mails, instance: instance}
	nodes := []struct {
		process *harness.Process
		config  config.Config
	}{{one, c}, {two, other}}
	var texts []string
	for round := range 4 {
		failing, healthy := nodes[round%2], nodes[(round+1)%2]
		text := fmt.Sprintf("kontrolle runde %d", round)
		texts = append(texts, text)
		if err := harness.TrySendMail(failing.config.SMTP, "zuerich", text); err != nil {
			t.Fatal(err)
		}
		if round < 2 {
			failing.process.Kill()
		} else {
			failing.process.Signal(syscall.SIGSTOP)
		}
		s.admin, s.visitor = harness.NewBrowser(t, healthy.config.BaseURL), harness.NewBrowser(t, healthy.config.BaseURL)
		testkit.Eventually(t, text+" is posted by the other node", func() bool { return strings.Contains(strings.Join(s.posts(), "\n"), text) })
		s.visitor.WaitForText("/c/zuerich", text)
		if round < 2 {
			failing.process.Start()
		} else {
			failing.process.Signal(syscall.SIGCONT)
		}
	}
	testkit.Eventually(t, "all are mailed", func() bool { return len(mails.MailsTo(harness.ReaderAddress, "kontrolle runde")) >= len(texts) })
	if got := s.posts(); len(got) != len(texts) {
		t.Errorf("%d reports were posted %d times: %q", len(texts), len(got), got)
	}
	page := s.visitor.Get("/c/zuerich")
	for _, text := range texts {
		if n := strings.Count(page, text); n != 1 {
			t.Errorf("%q is shown %d times on the page", text, n)
		}
	}
}

// A load balancer sends an admin and riders to whichever node runs.
func TestAnAdminStaysLoggedInAndNothingIsLostWhileNodesRestartOneByOne(t *testing.T) {
	t.Parallel()
	mails, instance := harness.NewMailServer(t), mastodontest.New(t)
	c := harness.Config(t, mails)
	if c.NATS.URL == "" || c.Database.URL == "" {
		t.Skip("nodes share LINIENFUNK_TEST_POSTGRES and LINIENFUNK_TEST_NATS")
	}
	one := harness.NewProcess(t, c)
	one.Start()
	admin := harness.NewBrowser(t, c.BaseURL)
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	admin.ConnectMastodon(instance, "zuerich")
	other := secondNode(t, c)
	two := harness.NewProcess(t, other)
	two.Start()
	nodes := []struct {
		process *harness.Process
		config  config.Config
	}{{one, c}, {two, other}}
	s := &fixture{t: t, mails: mails, instance: instance}
	var texts []string
	for round := range 4 {
		restarting, running := nodes[round%2], nodes[(round+1)%2]
		for i, node := range []config.Config{restarting.config, running.config} {
			texts = append(texts, fmt.Sprintf("kontrolle runde %d mail %d", round, i))
			if err := harness.TrySendMail(node.SMTP, "zuerich", texts[len(texts)-1]); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				restarting.process.Signal(syscall.SIGTERM)
			}
		}
		if page := admin.On(running.config.BaseURL).Get("/city/zuerich"); !strings.Contains(page, `action="/logout"`) {
			t.Errorf("round %d: the admin is not logged in: %s", round, page)
		}
		if err := restarting.process.Wait(); err != nil {
			t.Errorf("round %d: the node ended with %v", round, err)
		}
		restarting.process.Start()
	}
	testkit.Eventually(t, "all are posted", func() bool { return len(s.posts()) >= len(texts) })
	for i, post := range s.posts() {
		if i >= len(texts) || !strings.Contains(post, texts[i]) {
			t.Errorf("post %d is %q", i, post)
		}
	}
}
