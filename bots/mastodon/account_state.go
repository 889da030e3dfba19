package mastodon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
)

// profile has the fields of our account that we use, from https://docs.joinmastodon.org/entities/Account/.
type accountInfo struct {
	ID        masto.ID `json:"id"`
	Acct      string   `json:"acct"`
	URL       string   `json:"url"`
	Bot       bool     `json:"bot"`
	Suspended bool     `json:"suspended"`
	Limited   bool     `json:"limited"`
	Moved     *struct {
		Acct string `json:"acct"`
	} `json:"moved"`
}

// errMoved says that an account has moved to another one: it cannot post any more.
var errMoved = errors.New("account has moved")

var errNoText = errors.New("instance accepts no posts without an image")

// verifyCredentials returns the profile of the account that the client speaks for
// (https://docs.joinmastodon.org/methods/accounts/#verify_credentials).
func (c *client) verifyCredentials(ctx context.Context) (accountInfo, error) {
	var me accountInfo
	err := c.do(ctx, "/api/v1/accounts/verify_credentials", nil, &me)
	if err == nil && (me.ID == "" || me.Acct == "") {
		err = errNoMastodon
	}
	return me, err
}

// refusalReason returns why the instance answers 401 or 403, as the id of a text; "" if the account works and the error was about
// something else: both a status that must not be boosted and a suspended account lead to a 403.
func (c *client) refusalReason(ctx context.Context, code int) string {
	say := "error-revoked"
	if code == http.StatusForbidden {
		me, err := c.verifyCredentials(ctx)
		switch refused := status(err); {
		case err == nil && me.Moved != nil:
			return "error-moved"
		case refused != http.StatusUnauthorized && refused != http.StatusForbidden:
			return "" // the account works, or the reason is unknown
		}
		say = disabledText(err)
	}
	if c.account == "" {
		return say
	}
	// The public profile of the account, without the token, which is no longer valid.
	open := &client{Client: c.Client, instance: c.instance}
	var seen accountInfo
	switch err := open.do(ctx, "/api/v1/accounts/"+url.PathEscape(c.account), nil, &seen); {
	case notFound(err), status(err) == http.StatusGone:
		return "error-account-gone"
	case err == nil && seen.Suspended:
		return "error-suspended"
	case err == nil && seen.Moved != nil:
		return "error-moved"
	}
	return say
}

// disabledText finds the reason in the messages of require_user! in app/controllers/api/base_controller.rb of Mastodon.
func disabledText(err error) string {
	var said *apiError
	if !errors.As(err, &said) {
		return "error-revoked"
	}
	switch {
	case strings.Contains(said.sentence, "disabled"):
		return "error-disabled"
	case strings.Contains(said.sentence, "confirmed e-mail"), strings.Contains(said.sentence, "pending approval"):
		return "error-unconfirmed"
	}
	return "error-revoked"
}

// checkAccount checks whether the account has moved, which revokes it, is flagged as a bot, and is limited by moderators. It updates row
// and the table, from where the settings page shows the latter two.
func (b *bot) checkAccount(ctx context.Context, row *Account, c *client) error {
	me, err := c.verifyCredentials(ctx)
	if err != nil {
		return c.explain(ctx, "verify credentials", err)
	}
	if me.Moved != nil {
		return bots.Revoked("error-moved", fmt.Errorf("verify credentials: %w", errMoved))
	}
	if me.Bot == row.IsBot && me.Limited == row.Limited {
		return nil
	}
	row.IsBot, row.Limited = me.Bot, me.Limited
	return b.Rows.Update(ctx, *row, map[string]any{"is_bot": me.Bot, "limited": me.Limited})
}

// longOutage is how long an instance may fail before we say that it may be closed.
const longOutage = 24 * time.Hour

// recordOutage records since when reading fails because of the instance, and explains the error differently after a long time. Retries go
// on: the instance may come back after days.
func (b *bot) recordOutage(ctx context.Context, row Account, err error) error {
	e := bots.AsError(err)
	switch e.Say {
	case "error-unreachable", "error-server", "error-not-json", "error-turned-away", "error-closed":
	default:
		return err
	}
	if row.FailingSince == nil {
		now := b.store.utc()
		row.FailingSince = &now
		if err := b.Rows.Update(ctx, row, map[string]any{"failing_since": now}); err != nil {
			return err
		}
	}
	if b.Core.Now().Sub(*row.FailingSince) < longOutage || e.Kind != bots.KindRetry || e.Say == "error-closed" {
		return err
	}
	return bots.Retry("error-long-gone", e.Err)
}
