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

	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// TestABroadcastOnTelegramSurvivesKills kills the program three times during a broadcast: twice when Telegram has accepted a message and not
// answered yet, and once up to 40 ms later, when more may have been accepted.
func TestABroadcastOnTelegramSurvivesKills(t *testing.T) {
	t.Parallel()
	const people = 200
	mails, fake := harness.NewMailServer(t), telegramtest.New(t)
	c := harness.Config(t, mails)
	c.Networks = []config.Key{{Network: "telegram", Name: "api", Value: fake.URL}}
	p := harness.NewProcess(t, c)
	p.Start()
	admin := harness.NewBrowser(t, c.BaseURL)
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	admin.Post("/city/zuerich/bot/telegram/connect", "token", fake.AddBot("ZueriBot"))
	// got is how often each person was sent a text.
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
	testkit.Eventually(t, "everybody is welcomed", func() bool { return len(got("Willkommen")) == people })

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
	testkit.Eventually(t, "everybody has it", func() bool { return len(got("kontrolle u8")) == people })
	each := got("kontrolle u8")
	if most := slices.Max(slices.Collect(maps.Values(each))); most > 2 {
		t.Errorf("somebody got it %d times", most)
	}
	twice := 0
	for _, n := range each {
		twice += n - 1
	}
	// On a busy machine requests that were sent in time may arrive together. That the bot keeps to the limits after a kill is tested in
	// bots/telegram, by a clock of its own.
	t.Logf("%d messages too many after three kills, %d requests over the limits", twice, fake.Limits.Exceeded)
	if twice > 3 {
		t.Errorf("%d messages too many", twice)
	}
}
