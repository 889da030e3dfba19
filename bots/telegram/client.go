package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
)

// client speaks to Telegram for one bot. The library makes the calls, except getUpdates: its own loop moves the offset
// before anybody has stored the updates.
type client struct {
	*tg.Bot
	http  *transport
	base  string // with the token: never to be shown
	calls time.Duration
}

func (b *Bot) client(token string) (*client, error) {
	t := newTransport(b.core.HTTP, b.core.UserAgent)
	made, err := tg.New(token, tg.WithSkipGetMe(), tg.WithServerURL(b.api), tg.WithHTTPClient(b.limits.call, t),
		tg.WithErrorsHandler(func(error) {})) // what it would log, the calls return
	if err != nil {
		return nil, errors.New("make client of Telegram") // err may show the token
	}
	return &client{Bot: made, http: t, base: b.api + "/bot" + token, calls: b.limits.call}, nil
}

// account returns the row of a city and a client that speaks for its bot.
func (b *Bot) account(ctx context.Context, city string) (Account, *client, error) {
	row, token, err := b.store.account(ctx, city)
	if err != nil {
		return row, nil, err
	}
	c, err := b.client(token)
	return row, c, err
}

// allowed are the kinds of updates that we want: messages, and what becomes of the bot in chats. Edited messages are
// none of them, so that an edit is no second report.
func allowed() []string {
	return []string{models.AllowedUpdateMessage, models.AllowedUpdateMyChatMember}
}

// errWebhook is a 409 because a webhook is set, as opposed to somebody else asking for updates.
var errWebhook = fmt.Errorf("%w: a webhook is set", tg.ErrorConflict)

// updates asks for the updates from offset on, which confirms all before it, and waits up to wait for one
// (https://core.telegram.org/bots/api#getupdates). They come one by one, so that one that we cannot read hides no other.
func (c *client) updates(ctx context.Context, offset int64, limit int, wait time.Duration) ([]json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+c.calls)
	defer cancel()
	body, err := json.Marshal(map[string]any{
		"offset": offset, "limit": limit, "timeout": int(wait / time.Second), "allowed_updates": allowed(),
	})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/getUpdates", bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("make request") // err shows the address
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		OK          bool              `json:"ok"`
		Result      []json.RawMessage `json:"result"`
		Code        int               `json:"error_code"`
		Description string            `json:"description"`
		Parameters  struct {
			RetryAfter int `json:"retry_after"`
		} `json:"parameters"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if answer.OK {
		return answer.Result, nil
	}
	switch answer.Code {
	case http.StatusUnauthorized, http.StatusNotFound:
		return nil, tg.ErrorUnauthorized
	case http.StatusConflict:
		if strings.Contains(answer.Description, "webhook") {
			return nil, errWebhook
		}
		return nil, tg.ErrorConflict
	case http.StatusTooManyRequests:
		return nil, &tg.TooManyRequestsError{RetryAfter: answer.Parameters.RetryAfter}
	}
	return nil, &errStatus{answer.Code}
}

// say sends a text to a chat, as it is and without previews of links in it.
func (c *client) say(ctx context.Context, chat int64, text string) error {
	ctx, cancel := context.WithTimeout(ctx, c.calls)
	defer cancel()
	_, err := c.SendMessage(ctx, &tg.SendMessageParams{
		ChatID: chat, Text: text, LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: tg.True()},
	})
	return err
}

// me describes the bot.
func (c *client) me(ctx context.Context) (*models.User, error) {
	ctx, cancel := context.WithTimeout(ctx, c.calls)
	defer cancel()
	me, err := c.GetMe(ctx)
	if err == nil && (me.ID == 0 || me.Username == "" || !me.IsBot) {
		return nil, &errNotJSON{http.StatusOK} // JSON, but not of Telegram
	}
	return me, err
}

// defaultPause is for a 429 that does not say how long.
const defaultPause = 30 * time.Second

// retryAfter is the pause that err asks for, 0 if it asks for none.
func retryAfter(err error) time.Duration {
	var tooMany *tg.TooManyRequestsError
	if !errors.As(err, &tooMany) {
		return 0
	}
	if tooMany.RetryAfter <= 0 {
		return defaultPause
	}
	return time.Duration(tooMany.RetryAfter) * time.Second
}

// explain turns the error of a call into one that tells the core what to do. Of Telegram's own words nothing is kept: they may
// repeat what we sent.
func explain(what string, err error) error {
	var notJSON *errNotJSON
	var status *errStatus
	said := func(short string) error { return fmt.Errorf("%s: Telegram answers: %s", what, short) }
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return bots.Retry("error-unreachable", fmt.Errorf("%s: %w", what, bare(err)))
	case retryAfter(err) > 0:
		return bots.RetryAfter(retryAfter(err), "error-too-many", said("too many requests"))
	case errors.Is(err, tg.ErrorUnauthorized), errors.Is(err, tg.ErrorNotFound):
		return bots.Revoked("error-revoked", said("no such token"))
	case errors.Is(err, tg.ErrorConflict):
		return bots.Retry("error-conflict", said("somebody else reads this bot's messages"))
	case errors.As(err, &status):
		return bots.Retry("error-server", fmt.Errorf("%s: %w", what, status))
	case errors.As(err, &notJSON):
		return bots.Retry("error-not-json", fmt.Errorf("%s: %w", what, notJSON))
	case isSyntax(err):
		return bots.Retry("error-not-json", fmt.Errorf("%s: the answer is no JSON, or broken off", what))
	case errors.Is(err, tg.ErrorForbidden):
		return bots.Permanent("error-refused", said("forbidden"))
	case errors.Is(err, tg.ErrorBadRequest):
		return bots.Permanent("error-refused", said("bad request"))
	}
	return bots.Retry("error-unreachable", fmt.Errorf("%s: %w", what, bare(err)))
}

// bare is the innermost error: what the library wraps around it may hold an answer of Telegram's.
func bare(err error) error {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}

func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind)
}
