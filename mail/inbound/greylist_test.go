package inbound_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

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

func TestTheMailsOfANetworkAreLimited(t *testing.T) {
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
			s.clock.Advance(3 * time.Second)
			send(60, "250")
		})
	}
}
