package email

import (
	"crypto/tls"
	"time"

	"blitiri.com.ar/go/spf"

	"linienfunk/bots"
)

// SetPace makes the bot look every d at a mailbox whose server has no IDLE, and try the connection every d where it has.
func (b *Bot) SetPace(d time.Duration) { b.pace.poll, b.pace.idle = d, d }

// SetPatience is how long a mailbox's server may take for anything.
func (b *Bot) SetPatience(d time.Duration) { b.pace.open, b.pace.step = d, d }

// SetTLS is what is trusted at mailboxes.
func (b *Bot) SetTLS(config *tls.Config) { b.tls = config }

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
