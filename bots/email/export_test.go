package email

import (
	"context"
	"crypto/tls"

	"linienfunk/bots"
	"linienfunk/mail/inbound"
)

// SetTLS sets the TLS configuration for mailboxes.
func (b *Bot) SetTLS(config *tls.Config) { b.fetcher.TLS = config }

// PluginWith is Plugin with a change to each bot that it makes.
func PluginWith(change func(*Bot)) bots.Plugin {
	plugin := Plugin()
	make := plugin.New
	plugin.New = func(core bots.Core) (bots.Bot, error) {
		made, err := make(core)
		if err == nil {
			change(made.(*Bot))
		}
		return made, err
	}
	return plugin
}

// SetProven makes all mails those of their authors, or none.
func (b *Bot) SetProven(proven bool) {
	b.proven = func(context.Context, *inbound.Mail) bool { return proven }
}
