package twitter

import (
	"context"
	"regexp"
	"time"

	"github.com/dghubble/oauth1"
	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/bots/importing"
	"linienfunk/bots/kit"
	"linienfunk/db"
)

var _ importing.Network = (*bot)(nil)

// tokenForm is the form of an access token, which begins with the id of its account.
var tokenForm = regexp.MustCompile(`^([0-9]{1,20})-[A-Za-z0-9]+$`)

// oldAccount is what an older program has stored of a city's account.
type oldAccount struct {
	token, secret, handle      string
	enabled                    bool
	position, messagesPosition string
}

// Import implements importing.Network. Tokens belong to the application that asked for them.
func (b *bot) Import(ctx context.Context, tx *gorm.DB, city string, old importing.City) (r importing.Result, err error) {
	var all []oldAccount
	if old.Program == importing.Kibicara {
		all, err = kibicaraAccounts(ctx, old)
	} else {
		all, err = ticketfreiAccounts(ctx, old)
	}
	if err != nil || len(all) == 0 {
		return r, err
	}
	if len(all) > 1 {
		r.Lose("further accounts on X (%d): a city has one here, and the newest one that is switched on comes along", len(all)-1)
	}
	one := all[0]
	match := tokenForm.FindStringSubmatch(one.token)
	switch {
	case match == nil || one.secret == "":
		r.Lose("the account on X: it has no valid token; connect it on the city's page of settings")
		return r, nil
	case !old.SameApplication:
		r.Lose("the account on X: its token is of the application in the old program's configuration. Connect it on the city's page of settings, or configure the old consumer_key and " +
			"consumer_secret here and add --same-application")
		return r, nil
	case !b.operator.complete():
		r.Lose("the account on X: --same-application needs bots.%s.consumer_key and consumer_secret in the configuration", b.Core.Name)
		return r, nil
	}
	handle := db.In(ctx, b.Core.DB, tx)
	var taken int64
	if err := handle.Model(&Account{}).Where("user_id = ?", match[1]).Count(&taken).Error; err != nil {
		return r, wrap("look for account", err)
	}
	if taken > 0 {
		r.Lose("the account on X: another city has connected it")
		return r, nil
	}
	keys, err := marshalKeys(oauth1.NewToken(one.token, one.secret))
	if err != nil {
		return r, err
	}
	row := Account{Base: kit.Base{City: city}, UserID: match[1], Handle: one.handle, Position: one.position, MessagePosition: one.messagesPosition, Since: b.store.utc()}
	if row.Position != "" {
		row.Since = time.Unix(0, 0).UTC() // the position says what is new, also what was written while no program ran
	}
	rows := b.Rows
	rows.DB = handle
	if err := rows.Connect(ctx, row, keys); err != nil {
		return r, err
	}
	r.Bring(1, "accounts on X")
	if !one.enabled {
		r.Options = bots.Options{kit.Enabled: false}
		r.Lose("the account on X was switched off, and stays so until it is switched on in the settings")
	}
	return r, nil
}

func ticketfreiAccounts(ctx context.Context, old importing.City) (all []oldAccount, err error) {
	position, err := newestOf(ctx, old, "tweet_id", "SELECT * FROM seen_tweets WHERE user_id = ?")
	if err != nil {
		return nil, err
	}
	messages, err := newestOf(ctx, old, "message_id", "SELECT * FROM seen_dms WHERE user_id = ?")
	if err != nil {
		return nil, err
	}
	err = old.Each(ctx, func(row importing.Row) error {
		all = append(all, oldAccount{token: row.Text("client_id"), secret: row.Text("client_secret"), enabled: row.On("active"), position: position, messagesPosition: messages})
		return nil
	}, "SELECT * FROM twitter_accounts WHERE user_id = ? ORDER BY active DESC, id DESC", old.ID)
	return all, err
}

// newestOf returns the highest id, empty if there is none. Ticketfrei begins with a row 0.
func newestOf(ctx context.Context, old importing.City, column, query string) (newest string, err error) {
	err = old.Each(ctx, func(row importing.Row) error {
		if id := numeric(row.Text(column)); compareIDs(id, newest) > 0 {
			newest = id
		}
		return nil
	}, query, old.ID)
	return newest, err
}

var digits = regexp.MustCompile(`^[1-9][0-9]{0,30}$`)

// numeric returns an id, empty for what is none.
func numeric(id string) string {
	if !digits.MatchString(id) {
		return ""
	}
	return id
}

func kibicaraAccounts(ctx context.Context, old importing.City) (all []oldAccount, err error) {
	err = old.Each(ctx, func(row importing.Row) error {
		all = append(all, oldAccount{
			token: row.Text("access_token"), secret: row.Text("access_token_secret"), handle: row.Text("username"), enabled: row.On("enabled") && row.On("verified"),
			position: numeric(row.Text("mentions_since_id")), messagesPosition: numeric(row.Text("dms_since_id")),
		})
		return nil
	}, "SELECT * FROM twitterbots WHERE hood = ? ORDER BY enabled DESC, id DESC", old.ID)
	return all, err
}

// nameImported asks X for the name of an account that was imported without one.
func (b *bot) nameImported(ctx context.Context, row Account, api apiClient) (Account, apiClient, error) {
	if row.Handle != "" {
		return row, api, nil
	}
	if _, err := b.reserveUnlimited(ctx, row.City, b.operator.price.user); err != nil {
		return row, api, err
	}
	me, err := api.me(ctx)
	if err != nil {
		return row, api, b.explain(ctx, reading, err)
	}
	if err := b.Rows.Renew(ctx, row, map[string]any{"handle": me.handle}); err != nil {
		return row, api, err
	}
	b.Core.Changed(row.City)
	return b.account(ctx, row.City)
}
