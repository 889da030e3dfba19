package app

import (
	"context"
	"strings"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/account"
	"linienfunk/frontend/site"
	"linienfunk/internal/legal"
	"linienfunk/mail"
	"linienfunk/mail/inbound"
	"linienfunk/settings"
	"linienfunk/templates"
)

// openLegal reads the operator's imprint and so on, and says in the log what is missing of them.
func (p *Program) openLegal(context.Context) (err error) {
	if missing := p.config.MissingLegal(); len(missing) > 0 {
		p.log.Warn("nobody can register a city, since this is a public site without an imprint or a contact page: set the missing keys", "missing", strings.Join(missing, ", "))
	}
	days := func(d time.Duration) int { return int(d / (24 * time.Hour)) }
	mute := 0 // the longest that the command takes
	if command, ok := p.commands.Find("mute"); ok {
		param, _ := command.Param("days")
		mute = param.Max
	}
	p.legal, err = legal.Read(p.config.Legal.Files(), legal.Facts{
		Name: p.config.Legal.Name, Address: p.config.Legal.Address, RetentionHours: settings.Default("", "en").RetentionHours, MaxRetentionDays: settings.MaxRetention / 24,
		SessionDays: days(site.SessionIdle), LogDays: days(commands.ActsKept), FlagHours: int(commands.FlagsKept / time.Hour), MuteDays: mute,
		MailDays: days(mail.Lifetime), InvitationDays: days(commands.InviteLife), BounceDays: days(mail.BounceRetention), GreylistDays: days(inbound.GreyMemory),
		RegistrationHours: int(account.RegisterTime / time.Hour), NumbersMonths: db.NumbersMonths,
		SubscriptionHours: 48, // two of the networks have subscribers; the core knows neither
	}, templates.Languages)
	return err
}
