package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"linienfunk/app"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/settings"
	"linienfunk/test/harness"
)

// A program is killed while reports wait for a network, and one waits for its verdict, and moves to PostgreSQL and NATS; there it is killed
// alike, and moves back.
func TestEverythingMovesToAnotherDatabaseAndBrokerAndBack(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed")
	}
	mails, instance := harness.NewMailServer(t), mastodontest.New(t)
	var down atomic.Bool
	instance.BeforePost = func(ctx context.Context) {
		if down.Load() {
			<-ctx.Done()
		}
	}
	external := harness.Config(t, mails)
	if external.NATS.URL == "" || external.Database.URL == "" {
		t.Skip("LINIENFUNK_TEST_POSTGRES and LINIENFUNK_TEST_NATS are not set")
	}
	embedded := external
	embedded.NATS.URL, embedded.NATS.Prefix, embedded.Database.URL, embedded.Data = "", "", "", filepath.Join(t.TempDir(), "embedded")
	back := embedded
	back.Data = filepath.Join(t.TempDir(), "back")

	p := harness.NewProcess(t, embedded)
	p.Start()
	s := &fixture{t: t, mails: mails, instance: instance, admin: harness.NewBrowser(t, embedded.BaseURL), visitor: harness.NewBrowser(t, embedded.BaseURL)}
	s.admin.Register(mails, "zuerich", "Zürich")
	s.admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	s.admin.ConnectMastodon(instance, "zuerich")
	s.visitor.Subscribe(mails, "zuerich", harness.ReaderAddress)
	var texts []string
	send := func(c config.Config, texts ...string) {
		for _, text := range texts {
			if err := harness.TrySendMail(c.SMTP, "zuerich", text); err != nil {
				t.Fatal(err)
			}
		}
	}
	places := []config.Config{embedded, external, back}
	for round, c := range places {
		text := fmt.Sprintf("kontrolle runde %d ", round)
		sent, waiting, unjudged := text+"sofort", text+"wartet", text+"ungelesen"
		send(c, sent)
		s.waitEverywhere(sent)
		s.checkMoved(c, texts)
		if round == len(places)-1 {
			break
		}
		down.Store(true)
		send(c, waiting)
		s.visitor.WaitForText("/c/zuerich", waiting)
		texts = append(texts, sent, waiting)
		if round == 0 {
			testkit.Eventually(t, "it is killed before the verdict", func() bool {
				p.Kill()
				p.Start()
				killAtWrite(t, p, "write,pwrite64", filepath.Join(c.Data, "linienfunk.db-wal"))
				_ = harness.TrySendMail(c.SMTP, "zuerich", unjudged) // the answer may get lost
				waitKilled(t, p, func() bool { return len(mails.MailsTo(harness.ReaderAddress, unjudged)) > 0 })
				return inStream(c.Data, unjudged)
			})
			texts = append(texts, unjudged)
		}
		p.Kill()
		next := places[round+1]
		said := moveOnce(t, c, next)
		if round == 0 && strings.Contains(said, "0 messages with reports") {
			t.Errorf("the report without a verdict was left behind:\n%s", said)
		}
		down.Store(false)
		p = harness.NewProcess(t, next)
		p.Start()
		for _, text := range texts {
			s.waitEverywhere(text)
		}
	}
}

// moveOnce moves, and shows that it cannot be done again.
func moveOnce(t *testing.T, from, to config.Config) (said string) {
	t.Helper()
	testkit.Eventually(t, "it moves", func() bool { // a node that was killed has a lease for a few seconds
		var err error
		said, err = move(t, from, to)
		if err != nil && !strings.Contains(err.Error(), "a node runs on") {
			t.Fatalf("%v\n%s", err, said)
		}
		return err == nil
	})
	if _, err := move(t, from, to); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("moving again: %v", err)
	}
	return said
}

// checkMoved shows that all reports have arrived once, that the admin is still logged in, and that the history is sound.
func (s *fixture) checkMoved(c config.Config, texts []string) {
	s.t.Helper()
	for _, text := range texts {
		if n := strings.Count(strings.Join(s.posts(), "\n"), text); n != 1 {
			s.t.Errorf("%q was posted %d times", text, n)
		}
		if n := strings.Count(s.visitor.Get("/c/zuerich"), text); n != 1 {
			s.t.Errorf("%q is shown %d times", text, n)
		}
		if got := s.mails.MailsTo(harness.ReaderAddress, text); len(got) == 0 {
			s.t.Errorf("%q was not mailed", text)
		}
	}
	if page := s.admin.Get("/city/zuerich"); !strings.Contains(page, `name="base"`) {
		s.t.Error("the admin is not logged in any more")
	}
	s.admin.SetLists("zuerich", "Zürich", "kontrolle", fmt.Sprint("wort", len(texts)))
	if cities, err := settings.VerifyAll(s.t.Context(), harness.Database(s.t, c)); cities != 1 || err != nil {
		s.t.Errorf("%d cities, %v", cities, err)
	}
}

// move runs the command with two files of configuration.
func move(t *testing.T, from, to config.Config) (said string, err error) {
	t.Helper()
	var out bytes.Buffer
	err = app.Main(t.Context(), []string{"move", "--config", configFile(t, from), "--to", configFile(t, to)}, nil, &out, &out)
	t.Log(out.String())
	return out.String(), err
}

// configFile writes a configuration as an operator would.
func configFile(t *testing.T, c config.Config) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "linienfunk.toml")
	text := fmt.Sprintf("http = %q\nsmtp = %q\nbase_url = %q\ndata = %q\n[mail]\ndomain = %q\nsmarthost = %q\n[nats]\nurl = %q\nprefix = %q\n[database]\nurl = %q\n",
		c.HTTP, c.SMTP, c.BaseURL, c.Data, c.Mail.Domain, c.Mail.Smarthost, c.NATS.URL, c.NATS.Prefix, c.Database.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
