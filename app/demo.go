package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"

	"linienfunk/bots/all"
	"linienfunk/internal/config"
	"linienfunk/settings"
)

// The demo's city and its admin, whose password changes at each start.
const (
	demoCity  = "demo"
	demoAdmin = "admin@demo.example"
)

// demoDefaults bind the demo to this machine and to a directory of its own.
func demoDefaults() config.Config {
	c := config.Default()
	c.HTTP, c.SMTP, c.Data, c.Log.Level = "localhost:8080", "localhost:2525", "./data-demo", "warn"
	c.Outgoing.AllowPrivate = true
	return c
}

// runDemo runs the program with a configured city and prints instructions.
func runDemo(ctx context.Context, c config.Config, stdout, stderr io.Writer) error {
	p, err := Open(ctx, c, stderr)
	if err != nil {
		return err
	}
	password, err := p.setUpDemo(ctx)
	if err != nil {
		return errors.Join(err, p.Close())
	}
	p.printInstructions(stdout, password)
	return errors.Join(p.Run(ctx), p.Close())
}

func (p *Program) setUpDemo(ctx context.Context) (password string, err error) {
	city := settings.Default(demoCity, "en")
	city.Title = "Demo City"
	city.About = "A city to try things out. Nothing here is real."
	city.Triggers = append(city.Triggers, settings.Default(demoCity, "de").Triggers...)
	password = rand.Text()[:16]
	if err := p.frontend.Accounts.SetUp(ctx, demoAdmin, password, demoCity, city); err != nil {
		return "", err
	}
	for _, plugin := range all.Plugins() {
		if plugin.Demo == nil {
			continue
		}
		if err := plugin.Demo(ctx, p.directory.Bot(plugin.Name), demoCity); err != nil {
			return "", fmt.Errorf("bot %s: %w", plugin.Name, err)
		}
	}
	return password, nil
}

func (p *Program) printInstructions(out io.Writer, password string) {
	_, port, _ := net.SplitHostPort(p.SMTPAddr())
	fmt.Fprintf(out, `Linienfunk is running with the city %q. Ctrl-C ends it.

A rider's mail to the city (paste this into another terminal):

  printf 'From: rider@example.org\r\nMessage-ID: <%%s@example.org>\r\nSubject: kontrolle u8 hermannplatz\r\n\r\n' $(date +%%s) | curl -sS smtp://localhost:%s --mail-from rider@example.org --mail-rcpt %s@%s --upload-file -

The city's page, where the report appears:   %s/c/%s
The city's settings and ledger:              %s/city/%s
  log in as %s with the password %s

The mail to the city's one subscriber, and all others that the program sends, are files in %s/outbox.
`, demoCity, port, demoCity, p.config.Mail.Domain, p.config.BaseURL, demoCity, p.config.BaseURL, demoCity, demoAdmin, password, p.config.Data)
}
