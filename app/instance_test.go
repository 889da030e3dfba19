package app

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
)

func TestTheStatusOfTheInstanceCountsWhatWaitsAndWhatIsStored(t *testing.T) {
	t.Parallel()
	p := openBerlin(t, time.Now)
	answer := p.runAsOperator(t.Context(), socketCall{Name: "instance status", Lang: "en"})
	if want := "Version " + version() + ", on 1 running nodes; waiting: 0 reports for the censor, 0 deliveries, 0 mails; stored: "; !strings.HasPrefix(answer.Text, want) {
		t.Errorf("%+v", answer)
	}
	s := answer.Result.(commands.InstanceStatus)
	if s.Database < 100_000 || len(s.Streams) != 2 || s.Streams[0].Name != "SETTINGS" || len(s.Nodes) != 1 || !s.Nodes[0].Running || s.Nodes[0].Version != version() || len(s.Unread) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAnOperatorWithoutAnAccountIsNamedAtTheStart(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.HTTP, c.SMTP, c.Data, c.Log.Level, c.Operator = "localhost:0", "localhost:0", testkit.ShortDir(t), "warn", "ada@example.org, bo@example.org"
	c.BaseURL, c.Mail.Domain = "https://linienfunk.example", "linienfunk.example"
	start := func(use func(p *Program)) string {
		var out bytes.Buffer
		p, err := OpenWithClock(t.Context(), c, &out, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		log := out.String()
		use(p)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		return log
	}
	log := start(func(p *Program) {
		if err := p.db.Create(&db.Admin{Address: "ada@example.org", Confirmed: true, Lang: "en"}).Error; err != nil {
			t.Fatal(err)
		}
	})
	for _, address := range []string{"ada@example.org", "bo@example.org"} {
		if !strings.Contains(log, "has no account") || !strings.Contains(log, address) {
			t.Errorf("the log does not name %s: %s", address, log)
		}
	}
	if log = start(func(*Program) {}); strings.Contains(log, "ada@example.org") || !strings.Contains(log, "bo@example.org") {
		t.Errorf("once Ada has an account the log says: %s", log)
	}
}

func TestTheOperatorSeesWhatIsKnownWhileTheBrokerIsAway(t *testing.T) {
	t.Parallel()
	p := openBerlin(t, time.Now)
	p.bus.Close()
	answer := p.runAsOperator(t.Context(), socketCall{Name: "instance status", Lang: "en"})
	s, ok := answer.Result.(commands.InstanceStatus)
	if !ok || !slices.Equal(s.Unread, []string{"broker"}) || s.Database == 0 || len(s.Nodes) != 1 || !strings.Contains(answer.Text, "Could not be read: broker.") {
		t.Errorf("%+v", answer)
	}
	if list := p.runAsOperator(t.Context(), socketCall{Name: "city search", Lang: "en"}); !strings.Contains(list.Text, "berlin") {
		t.Errorf("%+v", list)
	}
}
