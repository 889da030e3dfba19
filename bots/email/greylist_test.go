package email_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/foxcpp/go-mockdns"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/email"
	"linienfunk/mail/inbound"
)

// strangers is a plugin to which loopback is like any other network.
func strangers() bots.Plugin {
	return email.PluginWith(func(b *email.Bot) { b.SetDNS(&mockdns.Resolver{}); b.DistrustThisMachine() })
}

func greylist(w *bottest.World) { w.Core.Config["greylist"] = "on" }

func TestAStrangerHasToComeAgain(t *testing.T) {
	s := servePlugin(t, strangers(), greylist)
	c := s.hello()
	try := func(from, to, prefix string) {
		t.Helper()
		c.say("MAIL FROM:<"+from+">", "250")
		c.say("RCPT TO:<"+to+">", prefix)
		c.say("RSET", "250")
	}
	const grey = "450 4.7.1 Greylisted"
	try(marta, zuerich, grey)
	s.w.Advance(59 * time.Second)
	try(marta, zuerich, grey)
	s.w.Advance(2 * time.Second)
	try(marta, zuerich, "250")
	try(marta, "ghent@linienfunk.example", grey)
	try("other@rider.example", zuerich, grey)
	try("", zuerich, "250") // who checks an address
	try(marta, "berlin@linienfunk.example", "550 5.1.1")
	s.w.Advance(25 * time.Hour)
	try("other@rider.example", zuerich, grey) // too late
	try(marta, zuerich, "250")                // known
	s.w.Advance(29 * 24 * time.Hour)
	try(marta, zuerich, "250")
	s.w.Advance(29 * 24 * time.Hour)
	try(marta, zuerich, "250")
	s.w.Advance(31 * 24 * time.Hour)
	try(marta, zuerich, grey)
	var rows []inbound.Greylist
	if err := s.w.Core.DB.Find(&rows).Error; err != nil || len(rows) != 1 {
		t.Errorf("%d rows are kept, %v", len(rows), err)
	}
	for _, row := range rows {
		if strings.Contains(fmt.Sprintf("%+v", row), "rider") {
			t.Errorf("the row tells an address: %+v", row)
		}
	}
}

func TestServersOfOurOwnAreNeverPutOff(t *testing.T) {
	serve(t, greylist).hello().mail(marta, zuerich, letter("", "kontrolle"), "250")
	s := serveLMTP(t, greylist)
	if answers := s.lmtp().deliver(letter("", "kontrolle"), zuerich); !strings.HasPrefix(answers[0], "250") {
		t.Errorf("answers %q", answers)
	}
}

func TestWithoutADatabaseNobodyIsPutOff(t *testing.T) {
	s := servePlugin(t, strangers(), greylist)
	if err := s.w.Core.DB.Migrator().DropTable(&inbound.Greylist{}); err != nil {
		t.Fatal(err)
	}
	s.hello().mail(marta, zuerich, letter("", "kontrolle"), "250")
}

func TestOneNetworkCannotFloodTheCities(t *testing.T) {
	for name, c := range map[string]struct {
		plugin bots.Plugin
		last   string
	}{"a stranger": {strangers(), "450 4.7.1"}, "a server of our own": {email.Plugin(), "250"}} {
		t.Run(name, func(t *testing.T) {
			s := servePlugin(t, c.plugin)
			client := s.hello()
			send := func(number int, prefix string) {
				t.Helper()
				author := fmt.Sprintf("rider%d@rider.example", number)
				message := strings.Replace(letter("", "kontrolle"), "<1@", fmt.Sprintf("<%d@", number), 1)
				client.mail(author, zuerich, strings.Replace(message, marta, author, 1), prefix)
			}
			for i := range 60 {
				send(i, "250")
			}
			send(60, c.last)
			send(59, "250") // again
			s.w.Advance(3 * time.Second)
			send(60, "250")
		})
	}
}

func TestKeysOfTheConfigurationMustMakeSense(t *testing.T) {
	for key, value := range map[string]string{"lmtp": "24", "relays": "mx.example.org", "greylist": "yes"} {
		w := bottest.NewWorld(t, "email", email.Plugin())
		w.Core.Config[key] = value
		w.Mail.Listen = func() (net.Listener, error) { return nil, net.ErrClosed }
		if _, err := email.New(w.Core); err == nil || !strings.HasPrefix(err.Error(), key+": ") {
			t.Errorf("%s = %q: %v", key, value, err)
		}
	}
}
