package email

import (
	"crypto/tls"

	"linienfunk/bots"
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
