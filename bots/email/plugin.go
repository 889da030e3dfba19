package email

import (
	"embed"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

//go:embed *.html locale.*.toml
var files embed.FS

// Plugin is the bot.
func Plugin() bots.Plugin {
	return bots.Plugin{
		New: New, Migrations: migrations(), Files: kit.Files(files), Demo: demo,
		Options: []bots.Option{
			{Name: "enabled", Kind: bots.Switch, Default: true},
			{Name: "hold_spam", Kind: bots.Switch, Default: true},
		},
		Config: []bots.ConfigKey{
			{Name: "lmtp", Help: "where a mail server before the program hands over mail by LMTP: host:port or unix:/path; empty for SMTP only"},
			{Name: "relays", Help: "addresses and networks of mail servers before the program that hand over by SMTP; this machine always is one"},
			{Name: "postmaster", Help: "your address for mail to postmaster@<mail.domain>, which every mail server must accept; empty: it is accepted, logged and discarded"},
			{Name: "greylist", Default: "off", Help: "on: who writes for the first time has to come again after a minute, which many robots do not; warnings come later"},
		},
		CheckConfig: func(values map[string]string) (string, error) {
			_, key, err := readConfig(values)
			return key, err
		},
		Limits: []string{
			"Per author and city ten reports at once, then four a minute; 10 MB and 50 recipients per mail.",
			"Attachments are not read.",
			"The author of a mail can be forged where the domain publishes neither SPF, DKIM nor DMARC.",
			"A mailbox that is read by IMAP is not changed: nothing is marked, moved or deleted.",
			"Retracting a report cancels its queued mails; sent mails stay.",
		},
	}
}
