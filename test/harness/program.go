// Package harness runs the whole program for tests: in this process or in one of its own, with a fake mail server, a browser for its
// pages, and an admin who registers cities.
package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/smtp"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/app"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
)

// Config is the configuration of a program on loopback with a data directory of its own, which sends its mail to a server.
func Config(t testing.TB, smarthost *MailServer) config.Config {
	t.Helper()
	c := config.Default()
	c.Data = filepath.Join(testkit.ShortDir(t), "data")
	c.HTTP, c.SMTP = FreePort(t), FreePort(t)
	c.BaseURL = "http://" + c.HTTP
	c.Mail.Domain = "linienfunk.example"
	c.Mail.Smarthost = "smtp://" + smarthost.Address
	c.Outgoing.AllowPrivate = true
	c.NATS.URL, c.NATS.Prefix = testkit.NATS(t)
	if url := testkit.DatabaseURL(t, t.TempDir()); strings.HasPrefix(url, "postgres") {
		c.Database.URL = url
	}
	return c
}

// Start runs a program in this process until the test ends or stop is called. No address and no report's text may be in its log.
func Start(t testing.TB, c config.Config) (p *app.Program, stop func()) {
	t.Helper()
	return StartWithClock(t, c, time.Now)
}

// StartWithClock is Start with another clock than the system's.
func StartWithClock(t testing.TB, c config.Config, now func() time.Time) (p *app.Program, stop func()) {
	t.Helper()
	log := &testkit.LogBuffer{}
	ctx, cancel := context.WithCancel(context.Background())
	p, err := app.OpenWithClock(ctx, c, io.MultiWriter(t.Output(), log), now)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := errors.Join(p.Run(ctx), p.Close()); err != nil {
			t.Errorf("the program ended with %v", err)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		for _, secret := range []string{RiderAddress, "hermannplatz", ReaderAddress} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("%q is in the log", secret)
			}
		}
	})
	t.Cleanup(stop)
	return p, stop
}

// Database opens a program's database beside the program, until the test ends.
func Database(t testing.TB, c config.Config) *db.DB {
	t.Helper()
	address := c.Database.URL
	if address == "" {
		address = filepath.Join(c.Data, "linienfunk.db")
	}
	d, err := db.Open(t.Context(), address, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// Count returns the number of rows in a table, prefix and name, for which a condition holds.
func Count(t testing.TB, d *db.DB, prefix, table string, where ...any) (count int64) {
	t.Helper()
	tables, err := d.Prefixed(prefix)
	if err != nil {
		t.Fatal(err)
	}
	query := tables.Table(prefix + table)
	if len(where) > 0 {
		query = query.Where(where[0], where[1:]...)
	}
	if err := query.Count(&count).Error; err != nil {
		t.Fatal(err)
	}
	return count
}

// Addresses of people.
const (
	RiderAddress  = "marta.rider@example.net" // SendMail sends from it
	ReaderAddress = "reader@example.net"
)

// SendMail sends a rider's mail with a text to a city. The same text to the same city is the same mail again.
func SendMail(t testing.TB, p *app.Program, city, text string) {
	t.Helper()
	if err := TrySendMail(p.SMTPAddr(), city, text); err != nil {
		t.Fatal(err)
	}
}

// TrySendMail is SendMail to a server that may refuse the mail or not run.
func TrySendMail(server, city, text string) error {
	body := fmt.Sprintf("From: Marta <%s>\r\nTo: %s@linienfunk.example\r\nSubject: \r\nMessage-ID: <%x@example.net>\r\n\r\n%s\r\n",
		RiderAddress, city, text, text)
	return smtp.SendMail(server, nil, RiderAddress, []string{city + "@linienfunk.example"}, []byte(body))
}
