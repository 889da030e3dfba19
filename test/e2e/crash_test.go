package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/app"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit"
	. "linienfunk/test/harness"
)

func TestMain(m *testing.M) { Main(m) }

// TestAReportSurvivesKillsAtAnyMoment mails reports while the program is killed again and again, at moments that differ from run to
// run. A mail that the program did not take is sent again, as any mail server would.
func TestAReportSurvivesKillsAtAnyMoment(t *testing.T) {
	box, instance := NewMailServer(t), mastodontest.New(t)
	c := Config(t, box)
	p := NewProcess(t, c)
	p.Start()
	admin := NewBrowser(t, c.BaseURL)
	admin.Register(box, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	admin.ConnectMastodon(instance, "zuerich")
	NewBrowser(t, c.BaseURL).Subscribe(box, "zuerich", ReaderAddress)

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
			p.Signal(os.Kill)
		}()
		taken := TrySendMail(c.SMTP, "zuerich", text) == nil
		mention := instance.Mention("marta@elsewhere.example", fmt.Sprintf("@zuerich kontrolle tram %d", round), "public")
		<-killed
		p.Kill()
		p.Start()
		if !taken {
			testkit.Eventually(t, "the mail is taken", func() bool { return TrySendMail(c.SMTP, "zuerich", text) == nil })
		}
		testkit.Eventually(t, "the mention is boosted", func() bool { return slices.Contains(instance.Boosts("zuerich"), mention) })
	}
	s := &fixture{t: t, box: box, instance: instance, admin: admin, visitor: NewBrowser(t, c.BaseURL)}
	for round, text := range texts {
		s.everywhere(text)
		s.visitor.WaitForText("/c/zuerich", fmt.Sprintf("kontrolle tram %d", round))
	}
	if got := s.posts(); len(got) != len(texts) {
		t.Errorf("%d reports by mail were posted %d times: %q", len(texts), len(got), got)
	}
	if got := instance.Boosts("zuerich"); len(got) != len(texts) {
		t.Errorf("%d mentions were boosted %d times", len(texts), len(got))
	}
	page := s.visitor.Get("/c/zuerich")
	for _, text := range texts {
		if n := strings.Count(page, text); n != 1 {
			t.Errorf("%q stands %d times on the page", text, n)
		}
	}
	ids := map[string]int{}
	for _, mail := range box.MailsTo(ReaderAddress, "kontrolle runde") {
		ids[mail.MessageID]++
	}
	if len(ids) != len(texts) {
		t.Errorf("%d reports became %d different mails", len(texts), len(ids))
	}
}

func TestASecondProcessOnOneDirectoryIsToldSo(t *testing.T) {
	c := Config(t, NewMailServer(t))
	_, stop := Start(t, c)
	other := c
	other.HTTP, other.SMTP = FreePort(t), FreePort(t)
	if _, err := app.Open(t.Context(), other, io.Discard); err == nil || !strings.Contains(err.Error(), "another linienfunk is running on") {
		t.Errorf("got %v", err)
	}
	stop()
	p, err := app.Open(t.Context(), other, io.Discard)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnOccupiedPortIsNamedWithTheWayOut(t *testing.T) {
	for _, key := range []string{"http", "smtp"} {
		c := Config(t, NewMailServer(t))
		taken, other := FreePort(t), Config(t, NewMailServer(t))
		other.HTTP = taken
		if key == "http" {
			c.HTTP = taken
		} else {
			c.SMTP = taken
		}
		Start(t, other)
		_, err := app.Open(t.Context(), c, io.Discard)
		if err == nil || !strings.Contains(err.Error(), taken+" already") || !strings.Contains(err.Error(), "--"+key) {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

func TestControlCEndsTheProgramCleanly(t *testing.T) {
	c := Config(t, NewMailServer(t))
	p := NewProcess(t, c)
	p.Start()
	p.Signal(os.Interrupt)
	if err := p.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}
