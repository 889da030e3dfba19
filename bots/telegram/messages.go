package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
	"linienfunk/report"
)

// inbox handles the updates of one bot.
type inbox struct {
	*Bot
	row  Account
	city bots.City
	out  bots.Out
}

// handle does what an update wants. After an error the same update has to be handled again; handling it twice does no harm.
func (b *Bot) handle(ctx context.Context, row Account, u *models.Update, out bots.Out) error {
	city, ok, err := b.core.Cities.City(ctx, row.City)
	if err != nil {
		return fmt.Errorf("look up city: %w", err)
	}
	if !ok {
		return errors.New("the city is gone")
	}
	in := inbox{b, row, city, out}
	switch m := u.Message; {
	case u.MyChatMember != nil:
		return in.member(ctx, u.MyChatMember)
	case m == nil:
		return nil
	case m.MigrateToChatID != 0:
		return b.store.migrate(ctx, row.City, m.Chat.ID, m.MigrateToChatID)
	case m.MigrateFromChatID != 0:
		return b.store.migrate(ctx, row.City, m.MigrateFromChatID, m.Chat.ID)
	case in.ignored(m):
		return nil
	}
	if own, err := in.ownChannel(ctx, u.Message); own || err != nil {
		return err
	}
	switch m := u.Message; {
	case m.Chat.Type == private:
		return in.inPrivate(ctx, m)
	case m.Chat.Type == group, m.Chat.Type == supergroup:
		return in.inGroup(ctx, m)
	}
	return nil
}

// ignored are messages of bots and of our own: also what a channel of ours passes on to its discussion group, and what
// somebody forwards from us. Admins who write as their group or as a channel have a bot as their sender, and the chat beside it
// (https://core.telegram.org/bots/api#message).
func (in inbox) ignored(m *models.Message) bool {
	if m.IsAutomaticForward || m.SenderChat == nil && (m.From == nil || m.From.IsBot) {
		return true
	}
	if m.From != nil && m.From.ID == in.row.BotID || m.ViaBot != nil && m.ViaBot.ID == in.row.BotID {
		return true
	}
	o := m.ForwardOrigin
	return o != nil && o.MessageOriginUser != nil && o.MessageOriginUser.SenderUser.ID == in.row.BotID
}

// ownChannel says whether a message was forwarded from a channel that carries our reports.
func (in inbox) ownChannel(ctx context.Context, m *models.Message) (bool, error) {
	if m.ForwardOrigin == nil || m.ForwardOrigin.MessageOriginChannel == nil {
		return false, nil
	}
	chat, _, err := in.store.known(ctx, in.row.City, m.ForwardOrigin.MessageOriginChannel.Chat.ID)
	return chat.Active, err
}

// inPrivate is a message to the bot alone.
func (in inbox) inPrivate(ctx context.Context, m *models.Message) error {
	if word, rest, _, ok := command(m.Text, in.row.Username); ok {
		return in.command(ctx, m, word, rest)
	}
	text := m.Text + m.Caption // there is one at most
	if err := in.report(ctx, m, text); err != nil {
		return err
	}
	switch {
	case hasFile(m):
		return in.answer(ctx, m, "files")
	case text != "" && in.city.Options.Text("thanks") != "":
		return in.answer(ctx, m, "thanks")
	}
	return nil
}

func (in inbox) command(ctx context.Context, m *models.Message, word, rest string) error {
	switch {
	case word == "start":
		if err := in.store.subscribe(ctx, in.row.City, m.Chat.ID); err != nil {
			return err
		}
		return in.answer(ctx, m, "welcome")
	case word == "stop":
		if err := in.store.forget(ctx, in.row.City, m.Chat.ID); err != nil {
			return err
		}
		return in.answer(ctx, m, "goodbye")
	case reports(word) && rest != "":
		return in.report(ctx, m, rest)
	}
	return in.answer(ctx, m, "help")
}

// reports says whether a command begins a report.
func reports(word string) bool { return word == "report" || word == "melden" }

// inGroup is a message in a group. Of groups that nobody confirmed it is no report; the first one makes the group known, should
// the bot have been there before it was connected.
func (in inbox) inGroup(ctx context.Context, m *models.Message) error {
	chat, known, err := in.store.known(ctx, in.row.City, m.Chat.ID)
	switch {
	case err != nil:
		return err
	case !known:
		return in.store.offer(ctx, in.row.City, m.Chat.ID, string(m.Chat.Type), m.Chat.Title)
	case !chat.Active:
		return nil
	}
	text := m.Text + m.Caption
	word, rest, named, ok := command(text, in.row.Username)
	switch {
	case ok && reports(word):
		return in.report(ctx, m, rest)
	case ok && named:
		return in.answer(ctx, m, "help")
	case len(text) > 0 && text[0] == '/': // for another bot
		return nil
	}
	text, mentioned := mention(text, in.row.Username)
	if mentioned || chat.AllReports || in.city.Options.On("group_all") {
		return in.report(ctx, m, text)
	}
	return nil
}

// report hands a text in. The chat is remembered, sealed beyond recognition, to leave a group out that has read the
// original.
func (in inbox) report(ctx context.Context, m *models.Message, text string) error {
	if text = report.Clean(text); text == "" {
		return nil
	}
	at := time.Unix(int64(m.Date), 0).UTC()
	r := report.Report{ID: in.reportID(m), Text: text, At: at, Private: m.Chat.Type == private}
	if !r.Private {
		r.Ref = in.store.person(in.row.City, m.Chat.ID)
	}
	author := m.Chat.ID // in a private chat the person's own number
	switch {
	case m.SenderChat != nil:
		author = m.SenderChat.ID
	case m.From != nil:
		author = m.From.ID
	}
	r.Author = in.author(author, at)
	return in.out(ctx, r)
}

// author is the pseudonym of a user or chat.
func (in inbox) author(id int64, at time.Time) string { return in.Bot.author(in.row.City, id, at) }

func (b *Bot) author(city string, id int64, at time.Time) string {
	return b.core.Author(city, strconv.FormatInt(id, 10), at)
}

// reportID names a message, and not its author. Numbers of messages are counted anew in each supergroup, and by each bot for
// all other chats.
func (in inbox) reportID(m *models.Message) string {
	return in.core.Box.Digest("telegram report", fmt.Sprintf("%d/%d/%d", in.row.BotID, m.Chat.ID, m.ID))[:32]
}

// member is a change of what the bot is in a chat: added, made admin, removed, blocked by a person
// (https://core.telegram.org/bots/api#chatmemberupdated).
func (in inbox) member(ctx context.Context, u *models.ChatMemberUpdated) error {
	status := u.NewChatMember
	gone := status.Type == models.ChatMemberTypeLeft || status.Type == models.ChatMemberTypeBanned
	switch string(u.Chat.Type) {
	case private:
		if gone {
			return in.store.forget(ctx, in.row.City, u.Chat.ID)
		}
		return nil // who unblocks the bot sends /start
	case channel:
		gone = gone || status.Administrator == nil || !status.Administrator.CanPostMessages
	case group, supergroup:
		gone = gone || status.Restricted != nil && !status.Restricted.IsMember
	default:
		return nil
	}
	if gone {
		return in.store.forget(ctx, in.row.City, u.Chat.ID)
	}
	return in.store.offer(ctx, in.row.City, u.Chat.ID, string(u.Chat.Type), u.Chat.Title)
}

// hasFile says whether a message has something other than text. Service messages, such as a pinned message, have not.
func hasFile(m *models.Message) bool {
	return m.Animation != nil || m.Audio != nil || m.Document != nil || m.PaidMedia != nil || len(m.Photo) > 0 ||
		m.Sticker != nil || m.Story != nil || m.Video != nil || m.VideoNote != nil || m.Voice != nil || m.Checklist != nil ||
		m.Contact != nil || m.Dice != nil || m.Game != nil || m.Poll != nil || m.Venue != nil || m.Location != nil
}
