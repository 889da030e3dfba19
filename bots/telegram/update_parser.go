package telegram

import (
	"encoding/json"
	"errors"

	"github.com/go-telegram/bot/models"
)

// parseUpdate decodes an update. The library rejects an update that contains anything it does not know, such as a new kind of
// media in the message that a rider replies to; of those only the fields that a report or a press on a button needs are decoded. An error means that
// raw is not an update at all.
func parseUpdate(raw json.RawMessage) (*models.Update, error) {
	var u models.Update
	if json.Unmarshal(raw, &u) == nil && u.ID != 0 {
		return &u, nil
	}
	var minimal minimalUpdate
	if err := json.Unmarshal(raw, &minimal); err != nil && minimal.ID == 0 || minimal.ID == 0 {
		return nil, errors.New("an update without an id")
	}
	u = models.Update{ID: minimal.ID}
	if m := minimal.Message; m != nil && m.Forward == nil && m.Chat.ID != 0 {
		u.Message = &models.Message{
			ID: m.ID, Date: m.Date, Chat: m.Chat, From: m.From, SenderChat: m.Sender, Text: m.Text, Caption: m.Caption,
			IsAutomaticForward: m.Automatic, MessageThreadID: m.Thread, IsTopicMessage: m.InTopic,
		}
	}
	if q := minimal.Press; q != nil && q.ID != "" && q.Message.Chat.ID != 0 {
		m := models.Message{ID: q.Message.ID, Chat: q.Message.Chat}
		u.CallbackQuery = &models.CallbackQuery{ID: q.ID, From: q.From, Data: q.Data, Message: models.MaybeInaccessibleMessage{Message: &m}}
	}
	return &u, nil
}

// minimalUpdate has the fields that a report or a press on a button needs of https://core.telegram.org/bots/api#update.
type minimalUpdate struct {
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
		Thread    int             `json:"message_thread_id"`
		InTopic   bool            `json:"is_topic_message"`
		Forward   json.RawMessage `json:"forward_origin"`
	} `json:"message"`
	Press *struct {
		ID      string      `json:"id"`
		From    models.User `json:"from"`
		Data    string      `json:"data"`
		Message struct {
			ID   int         `json:"message_id"`
			Chat models.Chat `json:"chat"`
		} `json:"message"`
	} `json:"callback_query"`
}
