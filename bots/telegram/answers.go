package telegram

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/go-telegram/bot/models"

	"linienfunk/bots/chat"
)

// answer is what the city's commands say to a person: the Text of a Reply, as JSON, sealed.
type answer struct {
	Text    string     `json:"text"`
	Refused bool       `json:"refused,omitempty"`
	Linked  bool       `json:"linked,omitempty"` // the person runs the city, and sees the commands of their role in the menu
	Role    chat.Role  `json:"role,omitempty"`
	Rows    [][]button `json:"rows,omitempty"` // of buttons; after a press those that stay
	Pressed bool       `json:"pressed,omitempty"`
}

// runData begins the data of a button that is a command; nothing follows once it was pressed.
const runData = "run:"

// refusedMark begins a message about what was not done.
const refusedMark = "⚠️ "

// buttonsInRow is how many buttons are beside each other: those of one report.
const buttonsInRow = 2

func newAnswer(a chat.Answer) answer {
	made := answer{Text: a.Text, Refused: a.Refused, Linked: a.Linked, Role: a.Role}
	var buttons []button
	for _, one := range a.Buttons {
		buttons = append(buttons, button{one.Label, runData + one.Command})
	}
	made.Rows = slices.Collect(slices.Chunk(buttons, buttonsInRow))
	return made
}

// keyboard returns the buttons; nil for none.
func (a answer) keyboard() *keyboard {
	if len(a.Rows) == 0 {
		return nil
	}
	return &keyboard{a.Rows}
}

// runCommand carries out the command in a private message, and queues the answer. It returns false if there is none. A message that somebody has only forwarded
// is none: another person has written it.
func (h updateHandler) runCommand(ctx context.Context, m *models.Message, text string) (a chat.Answer, isCommand bool, err error) {
	if m.ForwardOrigin != nil {
		return a, false, nil
	}
	return h.commands.Run(ctx, chat.Message{City: h.row.City, Person: personOf(m.Chat.ID), ID: h.reportID(m), Text: text})
}

// runInGroup carries out a command in a group that names our bot, and queues the answer, which all members read. It returns false if there is none for groups. Who writes as the group
// or a channel is not known. To whom it does not know, the bot answers only in a group that an admin of the city has confirmed.
func (h updateHandler) runInGroup(ctx context.Context, m *models.Message, c command, confirmed bool) (isCommand bool, err error) {
	if !c.addressed || m.SenderChat != nil || m.From == nil || m.ForwardOrigin != nil {
		return false, nil
	}
	at := placeOf(m)
	a, isCommand, err := h.commands.Run(ctx, chat.Message{City: h.row.City, Person: personOf(m.From.ID), Group: groupOf(at), ID: h.reportID(m), Text: "/" + c.name + " " + c.args})
	if err != nil || !isCommand || !a.Linked && !confirmed {
		return isCommand, err
	}
	return true, h.queueAnswer(ctx, Reply{City: h.row.City, Topic: at.topic}, m.Chat.ID, h.reportID(m), newAnswer(a))
}

// answerCommand queues what a command says. There is one key for a message: if it is handled again, it is not answered again.
func (h updateHandler) answerCommand(ctx context.Context, m *models.Message, a chat.Answer) error {
	return h.queueAnswer(ctx, Reply{City: h.row.City}, m.Chat.ID, h.reportID(m), newAnswer(a))
}

// pressCommand carries out the command of a button, in the name of whoever has pressed it. The answer appears at the top of the chat for a moment, or, if it was refused, until it is closed. What was done is marked
// below the message.
func (h updateHandler) pressCommand(ctx context.Context, q *models.CallbackQuery, command string) error {
	m := q.Message.Message
	said := answer{Pressed: true}
	if command != "" {
		a, isCommand, err := h.commands.Run(ctx, chat.Message{City: h.row.City, Person: personOf(q.From.ID), Group: groupOf(placeOf(m)), ID: "press " + q.ID, Text: command})
		if err != nil || !isCommand {
			return err
		}
		said = answer{Text: a.Text, Refused: a.Refused, Linked: a.Linked, Role: a.Role, Pressed: true, Rows: marked(m.ReplyMarkup, q.Data)}
	}
	return h.queueAnswer(ctx, Reply{City: h.row.City, Press: q.ID, Message: m.ID}, m.Chat.ID, "press "+q.ID, said)
}

// marked returns the buttons below a message after a press: the row with the button is a mark of what was done.
func marked(below *models.InlineKeyboardMarkup, data string) (rows [][]button) {
	if below == nil {
		return nil
	}
	for _, row := range below.InlineKeyboard {
		var kept []button
		for _, one := range row {
			if one.CallbackData == data {
				kept = []button{{"✓ " + strings.TrimPrefix(one.Text, "✓ "), runData}}
				break
			}
			kept = append(kept, button{one.Text, one.CallbackData})
		}
		rows = append(rows, kept)
	}
	return rows
}

// queueAnswer completes and stores an answer, once for each key, and wakes Recv. One who does not run the city has only one answer waiting, so that nobody can delay those of others.
func (b *Bot) queueAnswer(ctx context.Context, r Reply, chat int64, key string, a answer) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	key = b.store.toldKey(r.City, key)
	r.Kind, r.At, r.Group = commandAnswer, b.core.Now().Unix(), chat < 0
	if a.Linked {
		r.Kind += " " + key[:kindKey]
	}
	r.ChatHash, r.Chat = b.store.sealChat(r.City, chat)
	r.Text = b.core.Box.Seal(replyTextCell(r), text)
	if err := b.store.addOnce(ctx, r, key); err != nil {
		return err
	}
	b.wakeUp(r.City)
	return nil
}

// openAnswer returns the answer in a reply; false for a reply that is none.
func (b *Bot) openAnswer(r Reply) (a answer, ok bool) {
	if !r.isAnswer() {
		return a, false
	}
	plain, err := b.core.Box.Open(replyTextCell(r), r.Text)
	if err == nil {
		err = json.Unmarshal(plain, &a)
	}
	if err != nil {
		b.core.Log.Error("an answer to a command is lost: it cannot be decrypted", "city", r.City, "err", err)
	}
	return a, true
}

// moveAnswer stores an answer for the supergroup that its group has become.
func (b *Bot) moveAnswer(ctx context.Context, r Reply, from, to int64) error {
	plain, err := b.core.Box.Open(replyTextCell(r), r.Text)
	if err != nil {
		return err
	}
	if err := b.commands.Moved(ctx, r.City, groupOf(chatOf(models.Chat{ID: from})), groupOf(chatOf(models.Chat{ID: to}))); err != nil {
		return err
	}
	r.ID = 0
	r.ChatHash, r.Chat = b.store.sealChat(r.City, to)
	r.Text = b.core.Box.Seal(replyTextCell(r), plain)
	return b.store.addReply(ctx, r)
}

// sendAnswer sends an answer, or drops it. After an error it stays in the queue.
func (b *Bot) sendAnswer(ctx context.Context, row Account, c *client, r Reply, chat int64, a answer) error {
	if r.isTooOld(b.core.Now()) {
		return nil
	}
	text := a.Text
	if a.Refused {
		text = refusedMark + text
	}
	if a.Pressed {
		switch err := c.answerPress(ctx, r.Press, truncateTo(text, maxToast), a.Refused); {
		case err == nil && (a.Refused || a.Text == ""):
			return nil
		case err == nil:
			return b.sendReplyMessage(ctx, row, r, chat, func(ctx context.Context) error { return c.editButtons(ctx, chat, r.Message, a.keyboard()) })
		case !isRejected(err):
			return botError("answer press", err)
		}
		if a.Rows = nil; a.Text == "" { // rejected: it is too late for the press, not for the answer
			return nil
		}
	}
	if text == "" {
		return nil
	}
	if r.Group {
		text = suppressMentions(text)
	}
	err := b.sendReplyMessage(ctx, row, r, chat, func(ctx context.Context) error {
		_, err := c.sendWithButtons(ctx, chat, r.Topic, truncate(text), a.keyboard())
		return err
	})
	if err == nil && !r.Group {
		b.menus.update(ctx, b, c, r, chat, a.Role)
	}
	return err
}
