package telegramtest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// chat is a group, supergroup or channel.
type chat struct {
	id      int64
	kind    string
	title   string
	members map[int64]bool // bots
	admins  map[int64]bool // bots
	leaders []string       // people who are admins
	refusal refusal        // of bots' messages
	movedTo int64
	topics  []int // of a forum, without the general topic
	silent  bool  // members may not write
}

// refusal is an error response; none if code is 0.
type refusal struct {
	code        int
	description string
}

// SayIn sends a message in a group. In privacy mode, a bot that is not an admin sees only commands and mentions
// (https://core.telegram.org/bots/features#privacy-mode).
func (s *Server) SayIn(group int64, who string, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[group]
	text, isText := fields["text"].(string)
	if !isText {
		text, _ = fields["caption"].(string)
	}
	for _, b := range s.bots {
		sees := b.readsAll || c.admins[b.id] || strings.HasPrefix(text, "/") ||
			strings.Contains(strings.ToLower(text), "@"+strings.ToLower(b.username))
		if c.members[b.id] && sees {
			s.queueMessage(b, c.json(), s.user(who), fields)
		}
	}
}

func (c *chat) json() map[string]any {
	return map[string]any{"id": c.id, "type": c.kind, "title": c.title}
}

// AddChat creates a group, supergroup or channel with a bot as member or (in a channel) admin, which gets an update
// (https://core.telegram.org/bots/api#chatmemberupdated).
func (s *Server) AddChat(username, kind, title string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids++
	c := &chat{id: -s.ids, kind: kind, title: title, members: map[int64]bool{}, admins: map[int64]bool{}}
	if kind != "group" {
		c.id = -1_000_000_000_000 - s.ids
	}
	s.chats[c.id] = c
	b := s.botNamed(username)
	c.members[b.id], c.admins[b.id] = true, kind == "channel"
	status := "member"
	if kind == "channel" {
		status = "administrator"
	}
	s.queueMembership(b, c.json(), "left", status)
	return c.id
}

// Kick removes a bot from a group or channel.
func (s *Server) Kick(username string, group int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, c := s.botNamed(username), s.chats[group]
	delete(c.members, b.id)
	s.queueMembership(b, c.json(), "member", "kicked")
}

// Promote makes a bot an admin of a group.
func (s *Server) Promote(username string, group int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, c := s.botNamed(username), s.chats[group]
	c.admins[b.id] = true
	s.queueMembership(b, c.json(), "member", "administrator")
}

// Mute takes the right to write from the bots in a group, or restores it.
func (s *Server) Mute(group int64, silent bool) {
	s.mu.Lock()
	s.chats[group].silent = silent
	s.mu.Unlock()
	if silent {
		s.Refuse(group, http.StatusBadRequest, "Bad Request: not enough rights to send text messages to the chat")
	} else {
		s.Refuse(group, 0, "")
	}
}

// Refuse makes messages to a group fail, until it is called with code 0.
func (s *Server) Refuse(group int64, code int, description string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chats[group].refusal = refusal{code, description}
}

// AddTopic makes a group a forum with one more topic and returns its message_thread_id.
func (s *Server) AddTopic(group int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids++
	s.chats[group].topics = append(s.chats[group].topics, int(s.ids))
	return int(s.ids)
}

// hasTopic reports whether a message to the topic is possible. s.mu is held.
func (s *Server) hasTopic(group int64, topic int) bool {
	c := s.chats[group]
	return c != nil && slices.Contains(c.topics, topic)
}

// Hold makes messages to a chat fail with a 429 that names that many seconds, as slow mode does, until it is called with 0.
func (s *Server) Hold(chat int64, seconds int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[chat] = seconds
}

// UpgradeGroup turns a group into a supergroup and returns its id. The bots get updates, unless quietly.
func (s *Server) UpgradeGroup(group int64, quietly bool) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.chats[group]
	s.ids++
	c := &chat{id: -1_000_000_000_000 - s.ids, kind: "supergroup", title: old.title, members: old.members, admins: old.admins}
	s.chats[c.id], old.movedTo = c, c.id
	for _, b := range s.bots {
		if c.members[b.id] && !quietly {
			s.queueMessage(b, old.json(), s.user("an admin"), map[string]any{"migrate_to_chat_id": c.id})
			s.queueMessage(b, c.json(), s.user("an admin"), map[string]any{"migrate_from_chat_id": group})
		}
	}
	return c.id
}

// Lead makes a person an admin of a group.
func (s *Server) Lead(group int64, who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chats[group].leaders = append(s.chats[group].leaders, who)
}

// getChatAdministrators follows https://core.telegram.org/bots/api#getchatadministrators, which lists no bots.
func (s *Server) getChatAdministrators(w http.ResponseWriter, _ *http.Request, b *bot, params map[string]string) {
	id, _ := strconv.ParseInt(params["chat_id"], 10, 64)
	s.mu.Lock()
	code, description, parameters := s.refusal(b, id)
	var members []any
	if code == 0 && id < 0 {
		for i, who := range s.chats[id].leaders {
			status := "administrator"
			if i == 0 {
				status = "creator"
			}
			members = append(members, map[string]any{"status": status, "user": s.user(who), "is_anonymous": false, "can_be_edited": false})
		}
	}
	s.mu.Unlock()
	if code != 0 {
		fail(w, code, description, parameters)
		return
	}
	succeed(w, members)
}

// Retitle changes the title of a group or channel. No update says so.
func (s *Server) Retitle(group int64, title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chats[group].title = title
}

// Vanish deletes a group or channel. The updates about it get lost.
func (s *Server) Vanish(group int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.chats, group)
}

// getChat follows https://core.telegram.org/bots/api#getchat.
func (s *Server) getChat(w http.ResponseWriter, _ *http.Request, b *bot, params map[string]string) {
	s.withOwnChat(w, b, params, func(c *chat) any {
		info := c.json()
		info["accent_color_id"], info["max_reaction_count"] = 3, 11
		if c.kind != "channel" {
			info["permissions"] = map[string]any{"can_send_messages": !c.silent, "can_send_polls": !c.silent}
		}
		if len(c.topics) > 0 {
			info["is_forum"] = true
		}
		return info
	})
}

// getChatMember follows https://core.telegram.org/bots/api#getchatmember. Bots ask for themselves only: for others they have to be admins.
func (s *Server) getChatMember(w http.ResponseWriter, _ *http.Request, b *bot, params map[string]string) {
	if params["user_id"] != strconv.FormatInt(b.id, 10) {
		s.complain("getChatMember for %s", params["user_id"])
	}
	s.withOwnChat(w, b, params, func(c *chat) any {
		me := map[string]any{"id": b.id, "is_bot": true, "first_name": b.username, "username": b.username}
		if !c.admins[b.id] {
			return map[string]any{"status": "member", "user": me}
		}
		return map[string]any{
			"status": "administrator", "user": me, "can_be_edited": false, "is_anonymous": false, "can_manage_chat": true, "can_delete_messages": true,
			"can_change_info": false, "can_post_messages": c.kind == "channel" && !c.silent, "can_invite_users": true,
		}
	})
}

// withOwnChat answers with what f says about a chat in which the bot is. s.mu is held meanwhile.
func (s *Server) withOwnChat(w http.ResponseWriter, b *bot, params map[string]string, f func(c *chat) any) {
	id, _ := strconv.ParseInt(params["chat_id"], 10, 64)
	s.mu.Lock()
	code, description, parameters := s.absence(b, id)
	var result any
	if code == 0 {
		result = f(s.chats[id])
	}
	s.mu.Unlock()
	if code != 0 {
		fail(w, code, description, parameters)
		return
	}
	succeed(w, result)
}
