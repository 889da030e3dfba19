package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
)

// batch is how many updates are asked for at once, the most that Telegram gives.
const batch = 100

// Recv sends the answers that wait, and meanwhile polls for updates, or looks after the webhook by which they come.
func (b *Bot) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	row, c, err := b.account(ctx, a.City)
	if errors.Is(err, errNoAccount) {
		return bots.Retry("error-no-account", err)
	}
	if err != nil {
		return err
	}
	b.paused(row)
	row = b.renamed(ctx, row, c)
	both, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		defer cancel()
		ended <- b.sendAnswers(both, row, c)
	}()
	calls := b.calls(a.City)
	if calls {
		err = b.keepHook(both, row, c)
		calls = !b.askInstead(a.City, err)
	}
	if !calls {
		err = b.poll(both, row, c, out)
	}
	cancel()
	if failed := <-ended; failed != nil && ctx.Err() == nil {
		return failed
	}
	return err
}

// renamed is the account as Telegram calls it now: commands in groups name the bot. What cannot be learned now is learned at the next
// start.
func (b *Bot) renamed(ctx context.Context, row Account, c *client) Account {
	me, err := c.me(ctx)
	if err != nil || me.ID != row.BotID {
		return row
	}
	now := describe(row, me)
	if now.Username == row.Username && now.Name == row.Name && now.ReadsAll == row.ReadsAll {
		return row
	}
	if err := b.store.describe(ctx, now); err != nil {
		b.core.Log.Warn("the bot's name is not stored", "city", row.City, "error", err)
	}
	return now
}

// poll asks for updates until ctx ends. Telegram keeps those that came by a webhook until now and were not taken.
func (b *Bot) poll(ctx context.Context, row Account, c *client, out bots.Out) error {
	if err := b.dropHook(ctx, c); err != nil {
		return err
	}
	for ctx.Err() == nil {
		found, err := c.updates(ctx, nextUpdate(row, b.core.Now()), batch, b.limits.poll)
		if errors.Is(err, errWebhook) {
			return bots.Retry("error-webhook-set", errors.New("read updates: another program has set a webhook"))
		}
		if err != nil {
			return explain("read updates", err)
		}
		for _, raw := range found {
			id, err := b.take(ctx, row, raw, out)
			if err != nil {
				return err
			}
			// Also when ctx ends just now: what is stored need not come again.
			if err := b.store.moveTo(context.WithoutCancel(ctx), row, id); err != nil {
				return err
			}
			row.Position, row.PositionAt = id, b.core.Now().Unix()
		}
	}
	return ctx.Err()
}

// quietWeek is a little less than the week without updates after which Telegram begins anywhere with their ids, also below the
// last one (https://core.telegram.org/bots/api#update). Then we ask for whatever is there. For the same reason the position
// follows the ids even where they go back.
const quietWeek = 6 * 24 * time.Hour

func nextUpdate(row Account, now time.Time) int64 {
	if row.Position == 0 || now.Sub(time.Unix(row.PositionAt, 0)) > quietWeek {
		return 0
	}
	return row.Position + 1
}

// take handles an update and returns its id.
func (b *Bot) take(ctx context.Context, row Account, raw json.RawMessage, out bots.Out) (int64, error) {
	u, err := parse(raw)
	if err != nil {
		return 0, bots.Retry("error-not-json", err)
	}
	return u.ID, b.handle(ctx, row, u, out)
}

// parse reads an update. The library refuses those that have something in them that it does not know, such as a new kind
// of media in the message that a rider answers to; then the little is read that a report needs. An error means that
// it is no update at all.
func parse(raw json.RawMessage) (*models.Update, error) {
	var u models.Update
	if json.Unmarshal(raw, &u) == nil && u.ID != 0 {
		return &u, nil
	}
	var little struct {
		ID      int64 `json:"update_id"`
		Message *struct {
			ID        int             `json:"message_id"`
			Date      int             `json:"date"`
			Chat      models.Chat     `json:"chat"`
			From      *models.User    `json:"from"`
			Sender    *models.Chat    `json:"sender_chat"`
			Text      string          `json:"text"`
			Caption   string          `json:"caption"`
			Automatic bool            `json:"is_automatic_forward"`
			Forward   json.RawMessage `json:"forward_origin"`
		} `json:"message"`
	}
	if err := json.Unmarshal(raw, &little); err != nil && little.ID == 0 || little.ID == 0 {
		return nil, errors.New("an update without an id")
	}
	u = models.Update{ID: little.ID}
	if m := little.Message; m != nil && m.Forward == nil && m.Chat.ID != 0 {
		u.Message = &models.Message{
			ID: m.ID, Date: m.Date, Chat: m.Chat, From: m.From, SenderChat: m.Sender, Text: m.Text, Caption: m.Caption,
			IsAutomaticForward: m.Automatic,
		}
	}
	return &u, nil
}

// calls says whether Telegram shall call us for a city.
func (b *Bot) calls(city string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.hooks && !b.unreached[city]
}

// askInstead says whether to ask Telegram from now on, because it does not get through to us.
func (b *Bot) askInstead(city string, err error) bool {
	if !b.mayAsk || err == nil || bots.AsError(err).Say != "error-webhook" {
		return false
	}
	b.core.Log.Warn("asking Telegram until the program starts again, since it does not get through to base_url", "city", city, "error", err)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unreached[city] = true
	return true
}

// dropHook removes a webhook, if there is one, without dropping what waits for it.
func (b *Bot) dropHook(ctx context.Context, c *client) error {
	ctx, cancel := context.WithTimeout(ctx, b.limits.call)
	defer cancel()
	_, err := c.DeleteWebhook(ctx, &tg.DeleteWebhookParams{})
	return explain("remove webhook", err)
}

// keepHook sets the webhook and looks after it until ctx ends.
func (b *Bot) keepHook(ctx context.Context, row Account, c *client) error {
	if row.Position != 0 {
		// Confirm what was read by polling, or it comes again. A webhook that is set already confirms by itself.
		_, err := c.updates(ctx, nextUpdate(row, b.core.Now()), 1, 0)
		if err != nil && !errors.Is(err, errWebhook) {
			return explain("confirm updates", err)
		}
	}
	if err := b.setHook(ctx, row, c); err != nil {
		return err
	}
	look := time.NewTicker(b.limits.look)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
		if err := b.checkHook(ctx, row, c); err != nil {
			return err
		}
	}
}

// setHook lets Telegram call one call at a time, which keeps the order
// (https://core.telegram.org/bots/api#setwebhook).
func (b *Bot) setHook(ctx context.Context, row Account, c *client) error {
	ctx, cancel := context.WithTimeout(ctx, b.limits.call)
	defer cancel()
	_, err := c.SetWebhook(ctx, &tg.SetWebhookParams{
		URL: b.hookAddress(row), SecretToken: b.hookSecret(row), MaxConnections: 1, AllowedUpdates: allowed(),
	})
	if errors.Is(err, tg.ErrorBadRequest) {
		return bots.Retry("error-webhook", errors.New("set webhook: Telegram refuses the address; is base_url public?"))
	}
	return explain("set webhook", err)
}

// hookTrouble is how long a failure of the webhook matters.
const hookTrouble = 2 * time.Minute

// checkHook returns an error when the webhook is another one by now, or when Telegram does not get through.
func (b *Bot) checkHook(ctx context.Context, row Account, c *client) error {
	ctx, cancel := context.WithTimeout(ctx, b.limits.call)
	defer cancel()
	info, err := c.GetWebhookInfo(ctx)
	if err != nil {
		return explain("look at webhook", err)
	}
	if info.URL != b.hookAddress(row) {
		return bots.Retry("error-webhook-set", errors.New("another program has changed the webhook"))
	}
	failed := b.core.Now().Sub(time.Unix(int64(info.LastErrorDate), 0)) < hookTrouble
	if failed && info.PendingUpdateCount > 0 {
		return bots.Retry("error-webhook", fmt.Errorf("Telegram cannot reach the webhook; %d updates wait", info.PendingUpdateCount))
	}
	return nil
}
