package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestAReportSurvivesKillsAtAnyMoment sends reports by mail while the program is killed again and again, at random moments. A mail that the
// program did not accept is sent again, as any mail server would do.
func TestAReportSurvivesKillsAtAnyMoment(t *testing.T) {
	t.Parallel()
	mails, instance := harness.NewMailServer(t), mastodontest.New(t)
	c := harness.Config(t, mails)
	p := harness.NewProcess(t, c)
	p.Start()
	admin := harness.NewBrowser(t, c.BaseURL)
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	admin.ConnectMastodon(instance, "zuerich")
	harness.NewBrowser(t, c.BaseURL).Subscribe(mails, "zuerich", harness.ReaderAddress)

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
		taken := harness.TrySendMail(c.SMTP, "zuerich", text) == nil
		mention := instance.Mention("marta@elsewhere.example", fmt.Sprintf("@zuerich kontrolle tram %d", round), "public")
		<-killed
		p.Kill()
		p.Start()
		if !taken {
			testkit.Eventually(t, "the mail is taken", func() bool { return harness.TrySendMail(c.SMTP, "zuerich", text) == nil })
		}
		testkit.Eventually(t, "the mention is boosted", func() bool { return slices.Contains(instance.Boosts("zuerich"), mention) })
	}
	s := &fixture{t: t, mails: mails, instance: instance, admin: admin, visitor: harness.NewBrowser(t, c.BaseURL)}
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
			t.Errorf("%q is shown %d times on the page", text, n)
		}
	}
	ids := map[string]int{}
	for _, mail := range mails.MailsTo(harness.ReaderAddress, "kontrolle runde") {
		ids[mail.MessageID]++
	}
	if len(ids) != len(texts) {
		t.Errorf("%d reports became %d different mails", len(texts), len(ids))
	}
}

func TestControlCEndsTheProgramWithStatus0(t *testing.T) {
	t.Parallel()
	c := harness.Config(t, harness.NewMailServer(t))
	p := harness.NewProcess(t, c)
	p.Start()
	p.Signal(os.Interrupt)
	if err := p.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}
