package email

import (
	"crypto/tls"
	"time"

	"blitiri.com.ar/go/spf"

	"linienfunk/bots"
)

// SetPace makes the bot look every d at a mailbox whose server has no IDLE, and try the connection every d where it has.
func (b *Bot) SetPace(d time.Duration) { b.fetcher.Timing.Poll, b.fetcher.Timing.Idle = d, d }

// SetTimeout is how long the server of a mailbox may take for anything.
func (b *Bot) SetTimeout(d time.Duration) { b.fetcher.Timing.Open, b.fetcher.Timing.Step = d, d }

// SetTLS is what is trusted at mailboxes.
func (b *Bot) SetTLS(config *tls.Config) { b.fetcher.TLS = config }

// SetDNS is where names are looked up.
func (b *Bot) SetDNS(dns spf.DNSResolver) { b.dns = dns }

// DistrustThisMachine makes clients on loopback like any others.
func (b *Bot) DistrustThisMachine() { b.relays = nil }

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
