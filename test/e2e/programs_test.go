package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// foreign is a program of zuerich that is connected and has not subscribed.
type foreign struct {
	t    *testing.T
	conn *nats.Conn
}

// delivered is a message that it got.
type delivered struct {
	Type, ID, Text, Network, Yours string
	People                         int
	Ended                          time.Time
}

// withPort is the configuration of a program with a port for programs.
func withPort(t *testing.T, mails *harness.MailServer) config.Config {
	t.Helper()
	c := harness.Config(t, mails)
	c.NATS = config.Default().NATS
	c.NATS.Listen = harness.FreePort(t)
	return c
}

func connectForeign(t *testing.T, admin *harness.Browser, c config.Config) foreign {
	t.Helper()
	page := admin.Post("/city/zuerich/bot/external/connect", "name", "forum")
	password := regexp.MustCompile(`<code id="external-password">([^<]+)</code>`).FindStringSubmatch(page)
	if password == nil {
		t.Fatalf("no password on the page:\n%s", page)
	}
	conn, err := nats.Connect("nats://"+c.NATS.Listen, nats.UserInfo("zuerich.forum", password[1]), nats.CustomInboxPrefix("_INBOX.zuerich.forum"), nats.Timeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return foreign{t, conn}
}

// subscribe lets the program take what comes, from now on.
func (f foreign) subscribe() <-chan delivered {
	f.t.Helper()
	got := make(chan delivered, 100)
	_, err := f.conn.Subscribe("report.out.zuerich.forum", func(m *nats.Msg) {
		var d delivered
		if err := json.Unmarshal(m.Data, &d); err != nil {
			f.t.Error(err)
		}
		got <- d
		_ = m.Respond([]byte(`{"taken":true}`))
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return got
}

// handIn sends a message until it is stored.
func (f foreign) handIn(message string) {
	f.t.Helper()
	testkit.Eventually(f.t, "the message is stored", func() bool {
		m, err := f.conn.Request("report.in.zuerich.forum", []byte(message), 10*time.Second)
		return err == nil && string(m.Data) == `{"stored":true}`
	})
}

func TestReportsWaitForAProgramAndExpire(t *testing.T) {
	t.Parallel()
	mails, clock := harness.NewMailServer(t), &testkit.Clock{}
	c := withPort(t, mails)
	program, _ := harness.StartWithClock(t, c, clock.Now)
	admin := harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	f := connectForeign(t, admin, c)
	harness.SendMail(t, program, "zuerich", "kontrolle vor einer stunde")
	admin.WaitForText("/city/zuerich", "Reports that wait for it: 1.")
	admin.WaitForText("/city/zuerich/ledger", "kontrolle vor einer stunde")
	clock.Advance(time.Hour)
	admin.WaitForText("/city/zuerich", "Nothing waits for it.")
	for _, text := range []string{"kontrolle eins", "kontrolle zwei"} {
		harness.SendMail(t, program, "zuerich", text)
		admin.WaitForText("/city/zuerich/ledger", text)
	}
	admin.WaitForText("/city/zuerich", "Reports that wait for it: 2.")
	got := f.subscribe()
	for _, want := range []string{"kontrolle eins", "kontrolle zwei"} {
		if d := testkit.Next(t, got); d.Type != "report" || d.Text != want || d.Network != "email" {
			t.Errorf("got %+v, want %q", d, want)
		}
	}
	admin.WaitForText("/city/zuerich", "Nothing waits for it.")
}

func TestAProgramIsToldHowManyReportTheSameAndWhatIsWithdrawn(t *testing.T) {
	t.Parallel()
	mails, instance := harness.NewMailServer(t), mastodontest.New(t)
	c := withPort(t, mails)
	program, _ := harness.Start(t, c)
	admin := harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "@line\n@stop", "")
	admin.ConnectMastodon(instance, "zuerich")
	admin.SetNetwork("zuerich", "U8: Wittenau, Osloer Straße, Hermannplatz, Hermannstraße\nM10: Hauptbahnhof, Warschauer Straße", "")
	f := connectForeign(t, admin, c)
	got := f.subscribe()
	f.handIn(fmt.Sprintf(`{"type":"report","id":"post-1","text":"Kontrolle U8 Hermannplatz","at":%q,"author":"marta"}`, time.Now().UTC().Format(time.RFC3339)))
	first := testkit.Next(t, got)
	if first.Type != "report" || first.Yours != "post-1" {
		t.Fatalf("got %+v", first)
	}
	posts := func() (texts []string) {
		for _, status := range instance.Timeline("zuerich") {
			texts = append(texts, status.Text)
		}
		return texts
	}
	testkit.Eventually(t, "it is posted", func() bool { return len(posts()) == 1 })
	harness.SendMail(t, program, "zuerich", "u8 hermannplatz 2 kontrolleure")
	if d := testkit.Next(t, got); d.Type != "edit" || d.ID != first.ID || d.People != 2 {
		t.Errorf("got %+v", d)
	}
	if err := harness.TrySendMail(program.SMTPAddr(), "zuerich", "sind weg hermannplatz"); err != nil {
		t.Fatal(err)
	}
	if d := testkit.Next(t, got); d.Type != "edit" || d.ID != first.ID || d.Ended.IsZero() {
		t.Errorf("got %+v", d)
	}
	f.handIn(fmt.Sprintf(`{"type":"report","id":"post-2","text":"M10 Hauptbahnhof Kontrolle","at":%q}`, time.Now().UTC().Format(time.RFC3339)))
	second := testkit.Next(t, got)
	testkit.Eventually(t, "it is posted", func() bool { return len(posts()) == 2 })
	f.handIn(`{"type":"withdrawal","id":"post-2"}`)
	if d := testkit.Next(t, got); d.Type != "withdrawal" || d.ID != second.ID {
		t.Errorf("got %+v", d)
	}
	testkit.Eventually(t, "the post is deleted", func() bool { return len(posts()) == 1 && !strings.Contains(posts()[0], "M10") })
}

func TestWithoutAPortThePageSaysThatProgramsCannotConnect(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c := withPort(t, mails)
	c.NATS.Listen = ""
	program, _ := harness.Start(t, c)
	admin := harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.WaitForText("/city/zuerich", "has not switched on connections of programs")
}
