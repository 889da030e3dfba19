package email

import (
	"embed"
	"strconv"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/internal/secret"
	"linienfunk/mail/inbound"
)

//go:embed *.html locale.*.toml
var files embed.FS

// providers are large ones whose servers have names in these domains.
const providers = "google.com=300, outlook.com=300, yahoo.com=300, gmx.net=300, web.de=300, t-online.de=300, me.com=300"

// Plugin is the bot.
func Plugin() bots.Plugin {
	return bots.Plugin{
		New: New, Migrations: migrations(), Files: kit.Files(files), Demo: demo,
		Sealed: []secret.Column{
			{Table: "email_mailboxes", Name: "password", Row: []string{"city"}},
			{Table: "email_subscribers", Name: "address", Row: []string{"city", "person"}, Between: "/"},
			{Table: "email_subscribers", Name: "interest", Row: []string{"city", "person"}, Between: "/"},
			{Table: "email_notices", Name: "content", Row: []string{"id"}},
		},
		Options: []bots.Option{
			{Name: "enabled", Kind: bots.Switch, Default: true},
			{Name: "hold_spam", Kind: bots.Switch, Default: true},
		},
		Config: []bots.ConfigKey{
			{Name: "lmtp", Help: "where a mail server before the program hands over mail by LMTP: host:port or unix:/path; empty for SMTP only"},
			{Name: "relays", Help: "addresses and networks of mail servers before the program that hand over by SMTP; this machine always is one"},
			{Name: "postmaster", Help: "your address for mail to postmaster@<mail.domain>, which every mail server must accept; empty: it is accepted, logged and discarded"},
			{Name: "greylist", Default: "off", Help: "on: who writes for the first time has to come again after a minute, which many robots do not; warnings come later"},
			{Name: "author_limit", Default: strconv.Itoa(inbound.DefaultAuthorPerMinute), Help: "mails a minute that one author may send to one city; two and a half times as many at once"},
			{Name: "network_limit", Default: strconv.Itoa(inbound.DefaultNetworkPerMinute), Help: "mails a minute that one network (IPv4 /24, IPv6 /64) may send to one city"},
			{Name: "network_limits", Default: providers, Help: "more mails a minute to one city for each network of providers, by network or by the domain of their servers' names: 203.0.113.0/24=300, example.org=300"},
		},
		CheckConfig: func(values map[string]string) (string, error) {
			_, key, err := readConfig(values)
			return key, err
		},
		Limits: []string{
			"Per author and city ten reports at once, then four a minute, unless the operator sets other limits; 10 MB and 50 recipients per mail.",
			"Attachments are not read.",
			"The author of a mail can be forged where the domain publishes neither SPF, DKIM nor DMARC.",
			"A mailbox that is read by IMAP is not changed: nothing is marked, moved or deleted.",
			"Retracting a report cancels its queued mails; sent mails stay.",
		},
	}
}
