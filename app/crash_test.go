package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
)

// asProgram makes the test binary the program itself, so that a test can kill it.
const asProgram = "LINIENFUNK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := Main(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// process is a program in a process of its own.
type process struct {
	t       testing.TB
	config  config.Config
	command *exec.Cmd
	output  bytes.Buffer
}

func newProcess(t testing.TB, c config.Config) *process {
	p := &process{t: t, config: c}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Log(p.output.String())
		}
	})
	return p
}

// start starts the program and returns when its pages answer.
func (p *process) start() {
	p.t.Helper()
	p.command = exec.Command(os.Args[0], "serve", "--config", os.DevNull)
	c := p.config
	p.command.Env = append(os.Environ(), asProgram+"=1", "LINIENFUNK_HTTP="+c.HTTP, "LINIENFUNK_SMTP="+c.SMTP, "LINIENFUNK_DATA="+c.Data,
		"LINIENFUNK_BASE_URL="+c.BaseURL, "LINIENFUNK_MAIL_DOMAIN="+c.Mail.Domain, "LINIENFUNK_MAIL_SMARTHOST="+c.Mail.Smarthost,
		"LINIENFUNK_OUTGOING_ALLOW_PRIVATE=true", "LINIENFUNK_NATS_URL="+c.NATS.URL, "LINIENFUNK_NATS_PREFIX="+c.NATS.Prefix,
		"LINIENFUNK_DATABASE_URL="+c.Database.URL)
	for _, key := range c.Networks {
		name := "LINIENFUNK_BOTS_" + strings.ToUpper(key.Network+"_"+key.Name)
		p.command.Env = append(p.command.Env, name+"="+key.Value)
	}
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	if err := p.command.Start(); err != nil {
		p.t.Fatal(err)
	}
	testkit.Eventually(p.t, "the program answers", func() bool {
		answer, err := http.Get(c.BaseURL + "/healthz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

// kill is kill -9.
func (p *process) kill() {
	if p.command != nil {
		p.command.Process.Kill()
		p.command.Wait()
		p.command = nil
	}
}

// TestAReportSurvivesKillsAtAnyMoment mails reports while the program is killed again and again, at moments that differ from run to
// run. A mail that the program did not take is sent again, as any mail server would.
func TestAReportSurvivesKillsAtAnyMoment(t *testing.T) {
	box, instance := newMailbox(t), mastodontest.New(t)
	c := testConfig(t, box)
	p := newProcess(t, c)
	p.start()
	admin := newBrowser(t, c.BaseURL)
	admin.register(box, "zuerich", "Zürich")
	admin.setLists("zuerich", "Zürich", "kontrolle", "")
	admin.connect(instance, "zuerich")
	newBrowser(t, c.BaseURL).subscribe(box, "zuerich", readerAddress)

	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	var texts []string
	for round := range 8 {
		text := fmt.Sprintf("kontrolle runde %d", round)
		texts = append(texts, text)
		killed := make(chan struct{})
		go func() {
			defer close(killed)
			<-time.After(time.Duration(moments.IntN(120)) * time.Millisecond)
			p.command.Process.Kill()
		}()
		taken := tryMail(c.SMTP, "zuerich", text) == nil
		mention := instance.Mention("marta@elsewhere.example", fmt.Sprintf("@zuerich kontrolle tram %d", round), "public")
		<-killed
		p.kill()
		p.start()
		if !taken {
			testkit.Eventually(t, "the mail is taken", func() bool { return tryMail(c.SMTP, "zuerich", text) == nil })
		}
		testkit.Eventually(t, "the mention is boosted", func() bool { return slices.Contains(instance.Boosts("zuerich"), mention) })
	}
	s := &stage{t: t, box: box, instance: instance, admin: admin, visitor: newBrowser(t, c.BaseURL)}
	for round, text := range texts {
		s.everywhere(text)
		s.visitor.sees("/c/zuerich", fmt.Sprintf("kontrolle tram %d", round))
	}
	if got := s.posts(); len(got) != len(texts) {
		t.Errorf("%d reports by mail were posted %d times: %q", len(texts), len(got), got)
	}
	if got := instance.Boosts("zuerich"); len(got) != len(texts) {
		t.Errorf("%d mentions were boosted %d times", len(texts), len(got))
	}
	page := s.visitor.get("/c/zuerich")
	for _, text := range texts {
		if n := strings.Count(page, text); n != 1 {
			t.Errorf("%q stands %d times on the page", text, n)
		}
	}
	ids := map[string]int{}
	for _, one := range box.to(readerAddress, "kontrolle runde") {
		ids[one.messageID]++
	}
	if len(ids) != len(texts) {
		t.Errorf("%d reports became %d different mails", len(texts), len(ids))
	}
}

func TestASecondProcessOnOneDirectoryIsToldSo(t *testing.T) {
	c := testConfig(t, newMailbox(t))
	_, stop := start(t, c)
	other := c
	other.HTTP, other.SMTP = freePort(t), freePort(t)
	if _, err := Open(t.Context(), other, io.Discard); err == nil || !strings.Contains(err.Error(), "another linienfunk is running on") {
		t.Errorf("got %v", err)
	}
	stop()
	p, err := Open(t.Context(), other, io.Discard)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnOccupiedPortIsNamedWithTheWayOut(t *testing.T) {
	for _, key := range []string{"http", "smtp"} {
		c := testConfig(t, newMailbox(t))
		taken, other := freePort(t), testConfig(t, newMailbox(t))
		other.HTTP = taken
		if key == "http" {
			c.HTTP = taken
		} else {
			c.SMTP = taken
		}
		start(t, other)
		_, err := Open(t.Context(), c, io.Discard)
		if err == nil || !strings.Contains(err.Error(), taken+" already") || !strings.Contains(err.Error(), "--"+key) {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

func TestControlCEndsTheProgramCleanly(t *testing.T) {
	c := testConfig(t, newMailbox(t))
	p := newProcess(t, c)
	p.start()
	if err := p.command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	err := p.command.Wait()
	p.command = nil
	var exit *exec.ExitError
	if errors.As(err, &exit) || err != nil {
		t.Errorf("ended with %v", err)
	}
}
