package e2e

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/app"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// pair are two nodes, or one program in both places, with a city in Mastodon and Telegram and a subscriber by mail.
type pair struct {
	t           *testing.T
	mails       *harness.MailServer
	instance    *mastodontest.Server
	chats       *telegramtest.Server
	here, there config.Config
	admin       *harness.Browser // on here
	key         string
}

func newPair(t *testing.T, nodes int) *pair {
	t.Helper()
	p := &pair{t: t, mails: harness.NewMailServer(t), instance: mastodontest.New(t), chats: telegramtest.New(t)}
	p.here = harness.Config(t, p.mails)
	if nodes == 2 && (p.here.NATS.URL == "" || p.here.Database.URL == "") {
		t.Skip("nodes share LINIENFUNK_TEST_POSTGRES and LINIENFUNK_TEST_NATS")
	}
	p.here.Networks = []config.Key{{Network: "telegram", Name: "api", Value: p.chats.URL}}
	p.there = p.here
	harness.NewProcess(t, p.here).Start()
	if nodes == 2 {
		p.there = secondNode(t, p.here)
		p.there.BaseURL = p.here.BaseURL
		harness.NewProcess(t, p.there).Start()
	}
	p.admin = harness.NewBrowser(t, "http://"+p.here.HTTP)
	p.admin.Register(p.mails, "zuerich", "Zürich")
	p.admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	p.admin.ConnectMastodon(p.instance, "zuerich")
	p.admin.Post("/city/zuerich/bot/telegram/connect", "token", p.chats.AddBot("ZueriBot"))
	p.chats.Say("ZueriBot", "jan", "/start")
	harness.NewBrowser(t, "http://"+p.here.HTTP).Subscribe(p.mails, "zuerich", harness.ReaderAddress)
	p.key = apiKey(t, p.admin, "http://"+p.here.HTTP, "zuerich")
	p.sends("kontrolle davor")
	p.everywhere("kontrolle davor")
	return p
}

// sends hands a mail in at the other node.
func (p *pair) sends(text string) {
	p.t.Helper()
	if err := harness.TrySendMail(p.there.SMTP, "zuerich", text); err != nil {
		p.t.Fatal(err)
	}
}

// arrived counts how often a text has reached Mastodon, the subscriber by mail, and the one on Telegram.
func (p *pair) arrived(text string) (counts [3]int) {
	for _, status := range p.instance.Timeline("zuerich") {
		counts[0] += strings.Count(status.Text, text)
	}
	counts[1] = len(p.mails.MailsTo(harness.ReaderAddress, text))
	for _, sent := range p.chats.Sent() {
		if sent.Chat == p.chats.Person("jan") && strings.Contains(sent.Text, text) {
			counts[2]++
		}
	}
	return counts
}

func (p *pair) everywhere(text string) {
	p.t.Helper()
	testkit.Eventually(p.t, text+" is everywhere", func() bool {
		counts := p.arrived(text)
		return counts[0] > 0 && counts[1] > 0 && counts[2] > 0
	})
}

// operator runs a command of the operator's command line beside the first node.
func (p *pair) operator(args ...string) {
	p.t.Helper()
	var out bytes.Buffer
	if err := app.Main(p.t.Context(), append(args, "--data", p.here.Data), nil, &out, &out); err != nil {
		p.t.Fatalf("%v\n%s", err, out.String())
	}
}

// mailed waits until a mail to the city is answered by the other node with a text.
func (p *pair) mailed(city, answer string) {
	p.t.Helper()
	var err error
	p.t.Cleanup(func() {
		if p.t.Failed() {
			p.t.Logf("mail was answered with %v", err)
		}
	})
	testkit.Eventually(p.t, "mail is answered with "+answer, func() bool {
		err = harness.TrySendMail(p.there.SMTP, city, "kontrolle danach")
		return err != nil && strings.Contains(err.Error(), answer)
	})
}

// stream opens the city's events on the other node, and returns a channel that is closed once they end.
func (p *pair) stream() (ended chan struct{}) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "http://"+p.there.HTTP+"/api/v1/cities/zuerich/events", http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("X-Api-Key", p.key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode != http.StatusOK {
		p.t.Fatal(answer, err)
	}
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		defer answer.Body.Close()
		_, _ = io.Copy(io.Discard, answer.Body)
	}()
	return ended
}

func TestASuspensionStopsACityAndItsEndLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for name, nodes := range map[string]int{"one program": 1, "another node": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, nodes)
			visitor := harness.NewBrowser(t, "http://"+p.there.HTTP)
			p.operator("city", "suspend", "It names riders", "--city", "zuerich")
			p.mailed("zuerich", "4.2.1 The operator of this server has suspended this city")
			visitor.WaitForText("/c/zuerich", "was suspended by the operator")
			p.admin.On("http://"+p.there.HTTP).WaitForText("/city/zuerich", "It names riders")
			p.admin.WaitForText("/city/zuerich", "It names riders")
			testkit.Eventually(t, "the bots stop", func() bool { return p.instance.Streams() == 0 })
			p.mails.WaitForMail(t, "admin-zuerich@example.net", "It names riders")
			p.admin.Post("/city/zuerich/commands/resume") // changes nothing
			p.mailed("zuerich", "4.2.1 The operator of this server has suspended this city")
			p.instance.Mention("marta@elsewhere.example", "@zuerich kontrolle waehrend der sperre", "public")

			p.operator("city", "reinstate", "--city", "zuerich")
			testkit.Eventually(t, "mail is taken again", func() bool { return harness.TrySendMail(p.there.SMTP, "zuerich", "kontrolle danach") == nil })
			p.sends("kontrolle danach") // the sender tries it again, as it has got no answer
			p.everywhere("kontrolle danach")
			p.everywhere("kontrolle waehrend der sperre")
			p.mails.WaitForMail(t, "admin-zuerich@example.net", "has ended the suspension")
			visitor.WaitForText("/c/zuerich", "kontrolle danach")
			if page := visitor.Get("/c/zuerich"); strings.Contains(page, "suspended") {
				t.Errorf("the page says that it is suspended:\n%s", page)
			}
			for _, text := range []string{"kontrolle davor", "kontrolle danach", "kontrolle waehrend der sperre"} {
				if counts := p.arrived(text); counts != [3]int{1, 1, 1} {
					t.Errorf("%s arrived %d times", text, counts)
				}
			}
			for _, text := range []string{"It names riders", "has ended the suspension"} {
				if told := len(p.mails.MailsTo("admin-zuerich@example.net", text)); told != 1 {
					t.Errorf("the owner is told %d times: %s", told, text)
				}
			}
		})
	}
}

func TestACityThatOneNodeDeletesEndsOnTheOther(t *testing.T) {
	t.Parallel()
	p := newPair(t, 2)
	there := p.admin.On("http://" + p.there.HTTP)
	there.WaitForText("/c/zuerich", "kontrolle davor") // now in the node's memory
	stream := p.stream()
	kept := filepath.Join(p.there.Data, "settings-zuerich-20260102T030405Z-1.json")
	if err := os.WriteFile(kept, []byte("zuerich"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.admin.Post("/city/zuerich/end/delete", "name", "zuerich")
	p.mailed("zuerich", "4.2.1 This city is resting")
	testkit.Eventually(t, "the bots stop", func() bool { return p.instance.Streams() == 0 })
	err := harness.Database(t, p.here).Model(&db.EndedCity{}).Where("name = 'zuerich'").Update("ends_at", db.Time(time.Now().Add(-time.Second))).Error
	if err != nil {
		t.Fatal(err)
	}

	p.mailed("zuerich", "5.1.1 This city has ended its service")
	testkit.Next(t, stream)
	for _, node := range []config.Config{p.there, p.here} {
		for path, want := range map[string]int{"/c/zuerich": http.StatusGone, "/c/zuerich/feed.atom": http.StatusNotFound, "/city/zuerich": http.StatusNotFound} {
			var got int
			testkit.Eventually(t, path+" has ended", func() bool {
				answer, err := p.admin.Client.Get("http://" + node.HTTP + path)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
				got = answer.StatusCode
				return got == want
			})
		}
	}
	testkit.Eventually(t, "the file is gone", func() bool { _, err := os.Stat(kept); return os.IsNotExist(err) })
	testkit.Eventually(t, "the subscribers are told", func() bool { return p.arrived("den Dienst auf Linienfunk beendet")[1] == 1 })
	if told := p.arrived("den Dienst auf Linienfunk beendet"); told != [3]int{0, 1, 1} {
		t.Errorf("told: %d", told)
	}
	if tokens := p.instance.Tokens("zuerich"); tokens != 0 {
		t.Errorf("%d tokens are left at Mastodon", tokens)
	}
}
