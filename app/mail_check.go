package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"linienfunk/internal/config"
	"linienfunk/mail"
)

// mailCheckTime limits all DNS queries together.
const mailCheckTime = time.Minute

// mailCheck prints which DNS records the cities' mail needs, and their state. It returns an error if one is missing or wrong.
func mailCheck(ctx context.Context, settings config.Config, resolver mail.Resolver, out io.Writer) error {
	if domain := settings.Mail.Domain; domain == "localhost" || net.ParseIP(domain) != nil {
		return errors.New("mail.domain is not set: it is the domain of the cities' addresses, such as example.org, whose DNS records are to be checked")
	}
	ctx, cancel := context.WithTimeout(ctx, mailCheckTime)
	defer cancel()
	findings, err := checkRecords(ctx, settings, resolver)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Mail of %s, delivery: %s\n\n", settings.Mail.Domain, settings.Mail.DeliveryMode())
	for _, f := range findings {
		fmt.Fprintf(out, "%-7s %-8s %s\n", f.Name, f.State, f.Say)
		if f.Record != "" {
			fmt.Fprintf(out, "%16s %s\n", "", f.Record)
		}
	}
	return mail.Incomplete(findings)
}

func checkRecords(ctx context.Context, settings config.Config, resolver mail.Resolver) ([]mail.Finding, error) {
	c := mailConfig(settings)
	c.Resolver = resolver
	return mail.Check(ctx, c)
}

// pageCheckTime is how long the page of the operator waits for the DNS.
const pageCheckTime = 20 * time.Second

// checkMail is the check for the command "instance mailcheck".
func (p *Program) checkMail(ctx context.Context) ([]mail.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, pageCheckTime)
	defer cancel()
	return checkRecords(ctx, p.config, net.DefaultResolver)
}
