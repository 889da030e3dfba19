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

// profile is what we want to know of our account, from https://docs.joinmastodon.org/entities/Account/.
type profile struct {
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

// errMoved says that an account has moved to another one, and takes no new posts.
var errMoved = errors.New("account has moved")

var errNoText = errors.New("instance takes no posts without an image")

// self returns the profile of the account that the client speaks for
// (https://docs.joinmastodon.org/methods/accounts/#verify_credentials).
func (c *client) self(ctx context.Context) (profile, error) {
	var me profile
	err := c.do(ctx, "/api/v1/accounts/verify_credentials", nil, &me)
	if err == nil && (me.ID == "" || me.Acct == "") {
		err = errNoMastodon
	}
	return me, err
}

// turnedAway says why the instance answers 401 or 403, as the id of a text; nothing if the account is well and the answer was about
// something else: a 403 is the answer to a status that must not be boosted as well as to a suspended account.
func (c *client) turnedAway(ctx context.Context, code int) string {
	say := "error-revoked"
	if code == http.StatusForbidden {
		me, err := c.self(ctx)
		switch refused := status(err); {
		case err == nil && me.Moved != nil:
			return "error-moved"
		case refused != http.StatusUnauthorized && refused != http.StatusForbidden:
			return "" // it works, or nobody knows
		}
		say = disabledText(err)
	}
	if c.account == "" {
		return say
	}
	// What everybody may know of the account. The token is not worth anything any more.
	open := &client{Client: c.Client, instance: c.instance}
	var seen profile
	switch err := open.do(ctx, "/api/v1/accounts/"+url.PathEscape(c.account), nil, &seen); {
	case gone(err), status(err) == http.StatusGone:
		return "error-account-gone"
	case err == nil && seen.Suspended:
		return "error-suspended"
	case err == nil && seen.Moved != nil:
		return "error-moved"
	}
	return say
}

// disabledText reads the reason in the sentences of require_user! in app/controllers/api/base_controller.rb of Mastodon.
func disabledText(err error) string {
	var said *answer
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

// lookAtSelf asks how the account is: whether it has moved, which ends it, whether it is flagged as a bot by now, and whether
// moderators have limited it. The settings page shows the latter two; row is brought up to date.
func (b *bot) lookAtSelf(ctx context.Context, row *Account, c *client) error {
	me, err := c.self(ctx)
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
	return b.accounts.Update(ctx, *row, map[string]any{"is_bot": me.Bot, "limited": me.Limited})
}

// longOutage is how long an instance may be away before we say that it may be gone for good.
const longOutage = 24 * time.Hour

// outage notes since when reading fails because of the instance, and says so when that is long ago. It changes nothing else:
// the instance may come back after days, and what is fresh then is read.
func (b *bot) outage(ctx context.Context, row Account, err error) error {
	e := bots.AsError(err)
	switch e.Say {
	case "error-unreachable", "error-server", "error-not-json", "error-turned-away", "error-closed":
	default:
		return err
	}
	if row.FailingSince == nil {
		now := b.store.utc()
		row.FailingSince = &now
		if err := b.accounts.Update(ctx, row, map[string]any{"failing_since": now}); err != nil {
			return err
		}
	}
	if b.core.Now().Sub(*row.FailingSince) < longOutage || e.Kind != bots.KindRetry || e.Say == "error-closed" {
		return err
	}
	return bots.Retry("error-long-gone", e.Err)
}
