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
)

// client calls the Bot API for one bot. The library makes the calls, except getUpdates: its own loop moves the offset before
// the updates are stored.
type client struct {
	*tg.Bot
	http    *transport
	baseURL string // contains the token: never log it
	timeout time.Duration
}

// newClient makes a client for the Bot API at the URL api. Each call may take timeout.
func newClient(web *http.Client, api, token string, timeout time.Duration) (*client, error) {
	t := newTransport(web)
	library, err := tg.New(token, tg.WithSkipGetMe(), tg.WithServerURL(api), tg.WithHTTPClient(timeout, t),
		tg.WithErrorsHandler(func(error) {})) // it repeats the errors that calls return
	if err != nil {
		return nil, errors.New("make Telegram client") // err may contain the token
	}
	return &client{Bot: library, http: t, baseURL: api + "/bot" + token, timeout: timeout}, nil
}

// allowedUpdates are the kinds of updates to receive: messages, presses on buttons, and changes of the bot's membership in chats. Without edited
// messages an edit is not a second report.
func allowedUpdates() []string {
	return []string{models.AllowedUpdateMessage, models.AllowedUpdateCallbackQuery, models.AllowedUpdateMyChatMember}
}

// errWebhookSet is a conflict with a webhook, as opposed to one with another getUpdates call.
var errWebhookSet = fmt.Errorf("%w: a webhook is set", tg.ErrorConflict)

// getUpdates returns updates from offset on, which confirms those before, and waits up to wait for one
// (https://core.telegram.org/bots/api#getupdates). They are returned undecoded, so that one that cannot be decoded does not
// lose the others.
func (c *client) getUpdates(ctx context.Context, offset int64, limit int, wait time.Duration) ([]json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+c.timeout)
	defer cancel()
	body, err := json.Marshal(map[string]any{
		"offset": offset, "limit": limit, "timeout": int(wait / time.Second), "allowed_updates": allowedUpdates(),
	})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.baseURL+"/getUpdates", bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("make request") // err contains the URL
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var decoded updatesResponse
	if err := json.NewDecoder(response.Body).Decode(&decoded); err != nil {
		return nil, err
	}
	return decoded.Result, decoded.err()
}

type updatesResponse struct {
	OK          bool              `json:"ok"`
	Result      []json.RawMessage `json:"result"`
	Code        int               `json:"error_code"`
	Description string            `json:"description"`
	Parameters  struct {
		RetryAfter int `json:"retry_after"`
	} `json:"parameters"`
}

// err returns the error that the library's calls return for the same response.
func (r updatesResponse) err() error {
	switch {
	case r.OK:
		return nil
	case r.Code == http.StatusUnauthorized, r.Code == http.StatusNotFound:
		return tg.ErrorUnauthorized
	case r.Code == http.StatusConflict && strings.Contains(r.Description, "webhook"):
		return errWebhookSet
	case r.Code == http.StatusConflict:
		return tg.ErrorConflict
	case r.Code == http.StatusTooManyRequests:
		return &tg.TooManyRequestsError{RetryAfter: r.Parameters.RetryAfter}
	}
	return &errStatus{r.Code}
}

// sendText sends a plain text to a chat, without previews of its links, and returns the id of the message. A topic is one of a forum; 0 is the general one.
func (c *client) sendText(ctx context.Context, chat int64, topic int, text string) (message int, err error) {
	return c.sendWithButtons(ctx, chat, topic, text, nil)
}

// sendWithButtons is sendText with buttons below the text, unless they are nil.
func (c *client) sendWithButtons(ctx context.Context, chat int64, topic int, text string, buttons *keyboard) (message int, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	sent, err := c.SendMessage(ctx, &tg.SendMessageParams{
		ChatID: chat, MessageThreadID: topic, Text: text, LinkPreviewOptions: noPreview(), ReplyMarkup: markup(buttons),
	})
	if err != nil {
		return 0, err
	}
	return sent.ID, nil
}

// editText replaces the text and the buttons of a message.
func (c *client) editText(ctx context.Context, chat int64, message int, text string, buttons *keyboard) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.EditMessageText(ctx, &tg.EditMessageTextParams{
		ChatID: chat, MessageID: message, Text: text, LinkPreviewOptions: noPreview(), ReplyMarkup: markup(buttons),
	})
	return err
}

func noPreview() *models.LinkPreviewOptions {
	return &models.LinkPreviewOptions{IsDisabled: tg.True()}
}

func markup(buttons *keyboard) models.ReplyMarkup {
	if buttons == nil {
		return nil
	}
	return buttons
}

// editButtons replaces the buttons below a message; nil removes them (https://core.telegram.org/bots/api#editmessagereplymarkup).
func (c *client) editButtons(ctx context.Context, chat int64, message int, buttons *keyboard) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.EditMessageReplyMarkup(ctx, &tg.EditMessageReplyMarkupParams{ChatID: chat, MessageID: message, ReplyMarkup: markup(buttons)})
	return err
}

// maxToast is the maximum length of an answer to a press, in UTF-16 code units.
const maxToast = 200

// answerPress ends the waiting of a person's app after a press on a button, and shows a text there unless it is empty: for a moment, or until it is
// closed (https://core.telegram.org/bots/api#answercallbackquery).
func (c *client) answerPress(ctx context.Context, id, text string, alert bool) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.AnswerCallbackQuery(ctx, &tg.AnswerCallbackQueryParams{CallbackQueryID: id, Text: text, ShowAlert: alert})
	return err
}

// profile returns the bot's id and names (https://core.telegram.org/bots/api#getme).
func (c *client) profile(ctx context.Context) (*models.User, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	me, err := c.GetMe(ctx)
	if err == nil && (me.ID == 0 || me.Username == "" || !me.IsBot) {
		return nil, &errNotJSON{http.StatusOK} // JSON, but not Telegram's
	}
	return me, err
}

// leave leaves a group or channel.
func (c *client) leave(ctx context.Context, chat int64) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.LeaveChat(ctx, &tg.LeaveChatParams{ChatID: chat})
	return err
}

// setCommands sets the bot's menu in a kind of chats (https://core.telegram.org/bots/api#setmycommands).
func (c *client) setCommands(ctx context.Context, scope models.BotCommandScope, commands []models.BotCommand) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.SetMyCommands(ctx, &tg.SetMyCommandsParams{Commands: commands, Scope: scope})
	return err
}

// resetCommands removes the menu of one kind of chats: they see the one of a wider kind (https://core.telegram.org/bots/api#deletemycommands).
func (c *client) resetCommands(ctx context.Context, scope models.BotCommandScope) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	_, err := c.DeleteMyCommands(ctx, &tg.DeleteMyCommandsParams{Scope: scope})
	return err
}

// adminsOf returns the user ids of a group's admins (https://core.telegram.org/bots/api#getchatadministrators). A bot that is no admin may ask for
// them, but not for one member.
func (c *client) adminsOf(ctx context.Context, chat int64) (ids []int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	members, err := c.GetChatAdministrators(ctx, &tg.GetChatAdministratorsParams{ChatID: chat})
	for _, member := range members {
		switch {
		case member.Owner != nil && member.Owner.User != nil:
			ids = append(ids, member.Owner.User.ID)
		case member.Administrator != nil:
			ids = append(ids, member.Administrator.User.ID)
		}
	}
	return ids, err
}
