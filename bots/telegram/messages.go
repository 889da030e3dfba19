package telegram

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
	"linienfunk/report"
)

// updateHandler handles the updates of one city's bot.
type updateHandler struct {
	*Bot
	row  Account
	city bots.City
	out  bots.Out
}

// message handles a message in any kind of chat.
func (h updateHandler) message(ctx context.Context, m *models.Message) error {
	if h.isOwn(m) {
		return nil
	}
	if own, err := h.isFromOwnChannel(ctx, m); own || err != nil {
		return err
	}
	switch string(m.Chat.Type) {
	case private:
		return h.privateMessage(ctx, m)
	case group, supergroup:
		return h.groupMessage(ctx, m)
	}
	return nil
}

// isOwn reports whether a message is by a bot, a forwarded message of this bot, or a channel's post that Telegram copied to its
// discussion group. Admins who write as their group or as a channel have a bot as sender, and the chat in sender_chat
// (https://core.telegram.org/bots/api#message).
func (h updateHandler) isOwn(m *models.Message) bool {
	if m.IsAutomaticForward || m.SenderChat == nil && (m.From == nil || m.From.IsBot) {
		return true
	}
	if m.From != nil && m.From.ID == h.row.BotID || m.ViaBot != nil && m.ViaBot.ID == h.row.BotID {
		return true
	}
	o := m.ForwardOrigin
	return o != nil && o.MessageOriginUser != nil && o.MessageOriginUser.SenderUser.ID == h.row.BotID
}

// isFromOwnChannel reports whether a message was forwarded from a channel that gets our reports.
func (h updateHandler) isFromOwnChannel(ctx context.Context, m *models.Message) (bool, error) {
	if m.ForwardOrigin == nil || m.ForwardOrigin.MessageOriginChannel == nil {
		return false, nil
	}
	chat, _, err := h.store.findChat(ctx, h.row.City, m.ForwardOrigin.MessageOriginChannel.Chat.ID)
	return chat.Active, err
}

// privateMessage handles a message to the bot alone: a command, or a report.
func (h updateHandler) privateMessage(ctx context.Context, m *models.Message) error {
	text := m.Text + m.Caption // a message has one of them at most
	c, isCommand := parseCommand(text, h.row.Username)
	switch {
	case isCommand && c.isReport() && (c.args != "" || hasAttachment(m)):
		text = c.args
	case isCommand:
		return h.privateCommand(ctx, m, c)
	default:
		text, _ = cutMentions(text, h.row.Username)
		if a, runs, err := h.runCommand(ctx, m, text); err != nil {
			return err
		} else if runs {
			return h.answerCommand(ctx, m, a)
		}
	}
	if err := h.report(ctx, m, text); err != nil {
		return err
	}
	switch {
	case hasAttachment(m):
		return h.reply(ctx, placeOf(m), "files")
	case text != "" && h.city.Active && h.city.Options.Text("thanks") != "":
		return h.reply(ctx, placeOf(m), "thanks")
	}
	return nil
}

func (h updateHandler) privateCommand(ctx context.Context, m *models.Message, c command) error {
	switch {
	case c.name == "start":
		person := personOf(m.Chat.ID)
		wants, _, err := h.Interest(ctx, h.row.City, person)
		if err != nil {
			return err
		}
		if _, err := h.SetInterest(ctx, h.row.City, person, wants); err != nil {
			return err
		}
		if !wants.IsZero() { // the welcome promises everything
			return h.reply(ctx, placeOf(m), choiceShown)
		}
		return h.reply(ctx, placeOf(m), "welcome")
	case c.name == "stop":
		if err := h.Unsubscribe(ctx, h.row.City, personOf(m.Chat.ID)); err != nil {
			return err
		}
		return h.reply(ctx, placeOf(m), "goodbye")
	case c.isChoice():
		return h.choose(ctx, m, c)
	}
	a, runs, err := h.runCommand(ctx, m, "/"+c.name+" "+c.args)
	switch {
	case err != nil:
		return err
	case runs && (a.Linked || !c.isHelp()): // to riders, the bot itself says what it can do
		return h.answerCommand(ctx, m, a)
	}
	return h.reply(ctx, placeOf(m), "help")
}

// groupMessage handles a message in a group. In a group that no admin of the city has confirmed, no message is a report. A message
// in an unknown group adds it for confirmation: the bot may have been there before it was connected.
func (h updateHandler) groupMessage(ctx context.Context, m *models.Message) error {
	chat, known, err := h.store.findChat(ctx, h.row.City, m.Chat.ID)
	if err != nil {
		return err
	}
	text := m.Text + m.Caption
	c, isCommand := parseCommand(text, h.row.Username)
	if isCommand {
		if runs, err := h.runInGroup(ctx, m, c, chat.Active); err != nil || runs {
			return err
		}
	}
	switch {
	case !known:
		return h.store.addGroup(ctx, h.row.City, m.Chat.ID, string(m.Chat.Type), m.Chat.Title)
	case !chat.Active:
		return nil
	}
	switch {
	case isCommand && c.isReport():
		return h.report(ctx, m, c.args)
	case isCommand && c.addressed && c.isChoice():
		return h.chooseForGroup(ctx, m, c)
	case isCommand && c.addressed:
		return h.reply(ctx, placeOf(m), "help")
	case strings.HasPrefix(text, "/"): // for another bot
		return nil
	}
	text, mentioned := cutMentions(text, h.row.Username)
	if mentioned || chat.AllReports || h.city.Options.On("group_all") {
		return h.report(ctx, m, text)
	}
	return nil
}

// report hands in a text, unless it is empty. Ref is the hash of the group where riders have read the original, so that the
// broadcast leaves that group out.
func (h updateHandler) report(ctx context.Context, m *models.Message, text string) error {
	if text = report.Clean(text); text == "" {
		return nil
	}
	at := time.Unix(int64(m.Date), 0).UTC()
	r := report.Report{ID: h.reportID(m), Text: text, At: at, Private: m.Chat.Type == private}
	if !r.Private {
		r.Ref = h.store.chatHash(h.row.City, m.Chat.ID)
	}
	author := m.Chat.ID // in a private chat the user's own id
	switch {
	case m.SenderChat != nil:
		author = m.SenderChat.ID
	case m.From != nil:
		author = m.From.ID
	}
	r.Author = h.author(h.row.City, author, at)
	return h.out(ctx, r)
}

// reportID identifies a message without telling its author. Message ids are unique within a supergroup, and per bot in all
// other chats.
func (h updateHandler) reportID(m *models.Message) string {
	return h.core.Box.Digest("telegram report", fmt.Sprintf("%d/%d/%d", h.row.BotID, m.Chat.ID, m.ID))[:32]
}

// place is where a reply goes.
type place struct {
	chat  models.Chat
	topic int // of a forum
}

func chatOf(chat models.Chat) place { return place{chat: chat} }

// placeOf returns the chat of a message, or its topic of a forum. Telegram also numbers threads of replies outside of forums, and
// accepts no messages to those numbers (https://core.telegram.org/bots/api#message, is_topic_message).
func placeOf(m *models.Message) place {
	to := place{chat: m.Chat}
	if m.IsTopicMessage {
		to.topic = m.MessageThreadID
	}
	return to
}

// reply queues a text and wakes Recv, on whichever node that runs. A message that waited at Telegram during a downtime gets a reply
// as well.
func (h updateHandler) reply(ctx context.Context, to place, kind string) error {
	return h.replyWith(ctx, to, kind, "")
}

// replyWith is reply; some kinds have a text of their own.
func (h updateHandler) replyWith(ctx context.Context, to place, kind, text string) error {
	r := Reply{Kind: kind}
	if text != "" {
		r.Text = []byte(text)
	}
	return h.queueReply(ctx, to, r)
}

// queueReply completes and stores a reply, whose Text is not sealed yet.
func (h updateHandler) queueReply(ctx context.Context, to place, r Reply) error {
	r.City, r.Topic, r.Group, r.At = h.row.City, to.topic, to.chat.Type != private, h.core.Now().Unix()
	r.ChatHash, r.Chat = h.store.sealChat(r.City, to.chat.ID)
	store := h.store.addReply
	if r.Kind == choiceShown || r.Kind == choiceMistake {
		store = h.store.replaceReply
	}
	if r.Text != nil {
		r.Text = h.core.Box.Seal(replyTextCell(r), r.Text)
	}
	if err := store(ctx, r); err != nil {
		return err
	}
	h.wakeUp(r.City)
	return nil
}

// hasAttachment reports whether a message contains anything other than text. Service messages, such as that of a pinned message, do
// not.
func hasAttachment(m *models.Message) bool {
	return m.Animation != nil || m.Audio != nil || m.Document != nil || m.PaidMedia != nil || len(m.Photo) > 0 ||
		m.Sticker != nil || m.Story != nil || m.Video != nil || m.VideoNote != nil || m.Voice != nil || m.Checklist != nil ||
		m.Contact != nil || m.Dice != nil || m.Game != nil || m.Poll != nil || m.Venue != nil || m.Location != nil
}
