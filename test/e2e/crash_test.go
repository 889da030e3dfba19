package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestAReportSurvivesKillsAtAnyMoment sends reports by mail while the program is killed repeatedly, at random moments. A mail that the
// program did not accept is sent again, as by any mail server.
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
	admin.ChooseBoosts("zuerich")
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
		accepted := harness.TrySendMail(c.SMTP, "zuerich", text) == nil
		mention := instance.Mention("marta@elsewhere.example", fmt.Sprintf("@zuerich kontrolle tram %d", round), "public")
		<-killed
		p.Kill()
		p.Start()
		if !accepted {
			testkit.Eventually(t, "the mail is accepted", func() bool { return harness.TrySendMail(c.SMTP, "zuerich", text) == nil })
		}
		testkit.Eventually(t, "the mention is boosted", func() bool { return slices.Contains(instance.Boosts("zuerich"), mention) })
	}
	s := &fixture{t: t, mails: mails, instance: instance, admin: admin, visitor: harness.NewBrowser(t, c.BaseURL)}
	for round, text := range texts {
		s.waitEverywhere(text)
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

// TestABroadcastOnTelegramSurvivesKills kills the program three times during a broadcast: twice when Telegram has accepted a message and not
// answered yet, and once up to 40 ms later, when more may have been accepted.
func TestABroadcastOnTelegramSurvivesKills(t *testing.T) {
	t.Parallel()
	const people, maxInFlight = 200, 8 // the latter as in bots/telegram
	mails, fake := harness.NewMailServer(t), telegramtest.New(t)
	c := harness.Config(t, mails)
	c.Networks = []config.Key{{Network: "telegram", Name: "api", Value: fake.URL}}
	p := harness.NewProcess(t, c)
	p.Start()
	admin := harness.NewBrowser(t, c.BaseURL)
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	admin.Post("/city/zuerich/bot/telegram/connect", "token", fake.AddBot("ZueriBot"))
	// got returns how many messages with a text were sent to each person.
	got := func(text string) map[int64]int {
		count := map[int64]int{}
		for _, sent := range fake.Sent() {
			if strings.Contains(sent.Text, text) {
				count[sent.Chat]++
			}
		}
		return count
	}
	for i := range people {
		fake.Say("ZueriBot", fmt.Sprint("rider ", i), "/start")
	}
	testkit.Eventually(t, "all subscribers get a welcome", func() bool { return len(got("Willkommen")) == people })

	fake.Limits = telegramtest.RealLimits()
	begin, killed := len(fake.Sent()), make(chan struct{}, 1)
	killAt := func(n int, later time.Duration) {
		fake.OnSent(func(sent int) {
			if sent == begin+n {
				<-time.After(later)
				p.Signal(os.Kill)
				killed <- struct{}{}
			}
		})
	}
	killAt(people/4, 0)
	if err := harness.TrySendMail(c.SMTP, "zuerich", "kontrolle u8"); err != nil {
		t.Fatal(err)
	}
	testkit.Next(t, killed)
	p.Kill()
	killAt(people/2, 0)
	p.Start()
	testkit.Next(t, killed)
	p.Kill()
	n, later := people*3/4+rand.IntN(people/5), time.Duration(rand.IntN(40))*time.Millisecond
	t.Logf("the third kill is %v after message %d was accepted", later, n)
	killAt(n, later)
	p.Start()
	testkit.Next(t, killed)
	p.Kill()
	p.Start()
	testkit.Eventually(t, "all subscribers get the report", func() bool { return len(got("kontrolle u8")) == people })
	each := got("kontrolle u8")
	if most := slices.Max(slices.Collect(maps.Values(each))); most > 2 {
		t.Errorf("somebody got it %d times", most)
	}
	twice := 0
	for _, n := range each {
		twice += n - 1
	}
	// On a busy machine requests that were sent in time may arrive together, and answers are slow, so that the bot has several messages in
	// flight when it is killed. bots/telegram tests the limits and the number of repeats exactly, with a fake clock.
	t.Logf("%d messages too many after three kills, %d requests over the limits", twice, fake.Limits.Exceeded)
	if twice > 3*maxInFlight {
		t.Errorf("%d messages too many", twice)
	}
}
