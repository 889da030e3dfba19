// Package twitter connects cities with X, which was Twitter: mentions of the city's account are reports, and so are direct
// messages where the account's access has them; reports are retweeted or posted as copies.
//
// The bot uses one of two versions of the API (api.go): version 2, with a few JSON calls of our own, or version 1.1 through
// go-twitter, for other servers that have that. Calls are signed with OAuth 1.0a, with the keys of the operator's
// application and those of the city's account.
//
// X charges for calls. Each city has a budget for the month (budget.go): a call is counted before it is made, and is not
// made if it would exceed the budget.
package twitter

import (
	"context"
	"embed"
	"fmt"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/internal/secret"
)

//go:embed *.html locale.*.toml
var files embed.FS

// Plugin is this network.
func Plugin() bots.Plugin {
	return bots.Plugin{
		New: New, Migrations: migrations(), Options: options(), Config: configKeys(), CheckConfig: checkConfig, Files: kit.Files(files),
		Sealed: []secret.Column{
			{Table: "twitter_accounts", Name: "keys", Row: []string{"city"}},
			{Table: "twitter_logins", Name: "secret", Row: []string{"token"}},
		},
		Limits: []string{
			"280 weighted characters: 23 for a link, two for an emoji and for most Asian letters.",
			"X charges for reading and posting; a city's budget for the month stops both before it is exceeded.",
			"A report arrives at the next poll; mentions that X indexes late may be missed.",
			"X does not say which accounts are bots: only those of this program are recognised.",
			"An account's lists are not listed as places: X charges for reading them, and cities use none.",
			"Needs the operator's application keys.",
		},
	}
}

// The budgets that a city can choose. A poll every 15 seconds is 178,560 calls in a month of 31 days, and one for direct
// messages every 75 seconds 35,712 more.
const (
	defaultCalls, maxCalls = 250_000, 5_000_000
	defaultMoney, maxMoney = 5, 100_000 // in the currency of the prices
)

func options() []bots.Option {
	return []bots.Option{
		{Name: "enabled", Kind: bots.Switch, Default: true},
		{Name: "repost", Kind: bots.Choice, Default: "retweet", Choices: []string{"retweet", "copy"}},
		{Name: "links", Kind: bots.Switch, Default: false},
		{Name: "messages", Kind: bots.Switch, Default: true},
		{Name: "money", Kind: bots.Number, Default: defaultMoney, Max: maxMoney},
		{Name: "calls", Kind: bots.Number, Default: defaultCalls, Max: maxCalls},
	}
}

// bot implements bots.Receiver, bots.Sender, bots.Retracter and bots.Public.
type bot struct {
	kit.Bot[Account, Login, *Account, *Login]
	store    store
	operator operator
	timing   timing
}

// timing has the bot's intervals and time limits. Tests shorten them.
type timing struct {
	call    time.Duration // limit for a call with its whole response
	poll    time.Duration // between polls for mentions
	message time.Duration // between polls for direct messages
	denied  time.Duration // before a call is repeated that the access level did not allow
}

// New makes the bot.
func New(core bots.Core) (bots.Bot, error) {
	operator, key, err := readConfig(core.Config)
	if err != nil {
		return nil, fmt.Errorf("bots.%s.%s: %w", core.Name, key, err)
	}
	b := &bot{
		Bot:      kit.NewBot[Account, Login](core, kit.Sealing{Account: "keys", Login: "secret", Purpose: "twitter login"}, loginTime),
		store:    store{db: core.DB, box: core.Box, now: core.Now},
		operator: operator,
		// X allows 15 calls for direct messages in 15 minutes (https://docs.x.com/x-api/fundamentals/rate-limits).
		timing: timing{call: 30 * time.Second, poll: operator.poll, message: max(operator.poll, 75*time.Second), denied: time.Hour},
	}
	b.Pages = b.newPages()
	return b, nil
}

// Accounts lists the accounts that are switched on, of active cities; none while the operator has given no keys.
func (b *bot) Accounts(ctx context.Context) ([]bots.Account, error) {
	if !b.operator.complete() {
		return nil, nil
	}
	accounts, err := b.Bot.Accounts(ctx)
	for i, a := range accounts {
		limit, err := b.limit(ctx, a.City)
		if err != nil {
			return nil, err
		}
		// With the budget in the revision, one that is raised ends the pause at once.
		accounts[i].Revision = fmt.Sprintf("%s-%d-%d", a.Revision, limit.calls, limit.money)
	}
	return accounts, err
}
