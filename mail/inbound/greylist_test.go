package inbound_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/foxcpp/go-mockdns"

	"linienfunk/internal/limits"
	"linienfunk/internal/testkit"
	"linienfunk/mail/inbound"
)

// greylist switches greylisting on.
func greylist(s *server) {
	handle, err := testkit.DB(s.t, s.clock.Now).Prefixed("test_")
	if err != nil {
		s.t.Fatal(err)
	}
	if err := handle.AutoMigrate(&inbound.Greylist{}); err != nil {
		s.t.Fatal(err)
	}
	digest := func(triplet string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(triplet))) }
	s.Greylist = &inbound.Greylisting{DB: handle, Digest: digest, Now: s.clock.Now, Log: s.Log}
}

func TestAnUnknownClientIsGreylisted(t *testing.T) {
	t.Parallel()
	s := serve(t, distrust, greylist)
	c := s.hello()
	try := func(from, to, prefix string) {
		t.Helper()
		c.Say("MAIL FROM:<"+from+">", "250")
		c.Say("RCPT TO:<"+to+">", prefix)
		c.Say("RSET", "250")
	}
	const grey = "450 4.7.1 Greylisted"
	try(marta, zuerich, grey)
	s.clock.Advance(59 * time.Second)
	try(marta, zuerich, grey)
	s.clock.Advance(2 * time.Second)
	try(marta, zuerich, "250")
	try(marta, ghent, grey)
	try("other@rider.example", zuerich, grey)
	try("", zuerich, "250") // a server checks an address
	try(marta, "berlin@linienfunk.example", "550 5.1.1")
	s.clock.Advance(25 * time.Hour)
	try("other@rider.example", zuerich, grey) // too late
	try(marta, zuerich, "250")                // known
	s.clock.Advance(29 * 24 * time.Hour)
	try(marta, zuerich, "250")
	s.clock.Advance(29 * 24 * time.Hour)
	try(marta, zuerich, "250")
	s.clock.Advance(31 * 24 * time.Hour)
	try(marta, zuerich, grey)
	var rows []inbound.Greylist
	if err := s.Greylist.DB.Find(&rows).Error; err != nil || len(rows) != 1 {
		t.Errorf("%d rows are kept, %v", len(rows), err)
	}
	for _, row := range rows {
		if strings.Contains(fmt.Sprintf("%+v", row), "rider") {
			t.Errorf("the row has an address: %+v", row)
		}
	}
}

func TestRelaysAreNeverGreylisted(t *testing.T) {
	t.Parallel()
	serve(t, greylist).hello().Mail(marta, zuerich, rawMail("", "kontrolle"), "250")
	serveLMTP(t, greylist).hello().Mail(marta, zuerich, rawMail("", "kontrolle"), "250")
}

func TestWithoutADatabaseNoClientIsGreylisted(t *testing.T) {
	t.Parallel()
	s := serve(t, distrust, greylist)
	if err := s.Greylist.DB.Migrator().DropTable(&inbound.Greylist{}); err != nil {
		t.Fatal(err)
	}
	s.hello().Mail(marta, zuerich, rawMail("", "kontrolle"), "250")
}

// sendAs sends one mail of an author of its own for each number, and returns how many are taken.
func (s *server) sendAs(from, to int, recipient string) (taken int) {
	s.t.Helper()
	client := s.hello()
	for n := from; n < to; n++ {
		author := fmt.Sprintf("rider%d@rider.example", n)
		message := strings.Replace(rawMail("", "kontrolle"), "<1@", fmt.Sprintf("<%d@", n), 1)
		client.Envelope(author, recipient)
		client.Data(strings.Replace(message, marta, author, 1))
		if reply := client.Want(""); strings.HasPrefix(reply, "250") {
			taken++
		} else if !strings.HasPrefix(reply, "450 4.7.1") {
			s.t.Fatalf("mail %d: %s", n, reply)
		}
	}
	return taken
}

func TestTheMailsOfANetworkToEachRecipientAreLimited(t *testing.T) {
	t.Parallel()
	s := serve(t, distrust)
	if n := s.sendAs(0, 65, zuerich); n != 60 {
		t.Errorf("%d mails to one city are taken", n)
	}
	if n := s.sendAs(0, 65, ghent); n != 60 {
		t.Errorf("%d mails to another city", n)
	}
	s.clock.Advance(10 * time.Second)
	if n := s.sendAs(100, 120, zuerich); n != 10 {
		t.Errorf("%d ten seconds later", n)
	}
}

func TestANetworkThatTheOperatorNamesMaySendMore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		extras string
		zones  map[string]mockdns.Zone
		want   int
	}{
		"by its network":   {"127.0.0.0/8=20", nil, 80},
		"another network":  {"192.0.2.0/24=20", nil, 60},
		"by its name":      {"big.example=20", map[string]mockdns.Zone{"1.0.0.127.in-addr.arpa.": {PTR: []string{"mx.Big.example."}}, "mx.big.example.": {A: []string{"127.0.0.1"}}}, 80},
		"by a forged name": {"big.example=20", map[string]mockdns.Zone{"1.0.0.127.in-addr.arpa.": {PTR: []string{"mx.big.example."}}, "mx.big.example.": {A: []string{"192.0.2.1"}}}, 60},
		"without a name":   {"big.example=20", nil, 60},
		"by another name":  {"big.example=20", map[string]mockdns.Zone{"1.0.0.127.in-addr.arpa.": {PTR: []string{"notbig.example."}}, "notbig.example.": {A: []string{"127.0.0.1"}}}, 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, distrust, func(s *server) {
				s.DNS = &mockdns.Resolver{Zones: test.zones}
				extras, err := limits.ParseExtras(limits.NewGroup(s.clock.Now), "extras", test.extras)
				if err != nil {
					t.Fatal(err)
				}
				s.Limits = inbound.NewLimits(limits.NewGroup(s.clock.Now), inbound.DefaultAuthorPerMinute, inbound.DefaultNetworkPerMinute, extras)
			})
			if n := s.sendAs(0, 85, zuerich); n != test.want {
				t.Errorf("%d mails are taken, want %d", n, test.want)
			}
		})
	}
}

func TestTheMailsOfANetworkAreLimitedUnlessItIsARelay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*server)
		last    string
	}{"a stranger": {distrust, "450 4.7.1"}, "a relay": {func(*server) {}, "250"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.prepare)
			client := s.hello()
			send := func(number int, prefix string) {
				t.Helper()
				author := fmt.Sprintf("rider%d@rider.example", number)
				message := strings.Replace(rawMail("", "kontrolle"), "<1@", fmt.Sprintf("<%d@", number), 1)
				client.Mail(author, zuerich, strings.Replace(message, marta, author, 1), prefix)
			}
			for i := range 60 {
				send(i, "250")
			}
			send(60, c.last)
			send(59, "250") // again
			s.clock.Advance(time.Second)
			send(60, "250")
		})
	}
}
