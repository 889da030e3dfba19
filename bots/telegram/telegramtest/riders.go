package telegramtest

import (
	"maps"
	"net/http"
	"strings"
	"time"
)

// chat is a group, supergroup or channel.
type chat struct {
	id      int64
	kind    string
	title   string
	members map[int64]bool // bots
	admins  map[int64]bool // bots
	refusal refusal        // of what bots write
	movedTo int64
}

// refusal is an error; none if code is 0.
type refusal struct {
	code        int
	description string
}

// Person is the number of somebody, who is made if need be.
func (s *Server) Person(name string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.person(name)
}

func (s *Server) person(name string) int64 {
	if s.people[name] == 0 {
		s.people[name] = 5_000_000 + int64(len(s.people))
	}
	return s.people[name]
}

func (s *Server) user(name string) map[string]any {
	return map[string]any{"id": s.person(name), "is_bot": false, "first_name": name, "username": name, "language_code": "de"}
}

// Know makes a bot known to people without a message of theirs.
func (s *Server) Know(username string, ids ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.named(username).known[id] = true
	}
}

// Say lets somebody write to a bot in private.
func (s *Server) Say(username, who, text string) {
	s.SayWith(username, who, map[string]any{"text": text})
}

// SayWith is Say with other fields of https://core.telegram.org/bots/api#message.
func (s *Server) SayWith(username, who string, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, id := s.named(username), s.person(who)
	b.known[id] = true
	from := s.user(who)
	s.message(b, map[string]any{"id": id, "type": "private", "first_name": who}, from, fields)
}

// SayIn lets somebody write in a group, with fields of a message. With privacy mode, a bot that is no admin sees commands and
// mentions only (https://core.telegram.org/bots/features#privacy-mode).
func (s *Server) SayIn(group int64, who string, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[group]
	text, _ := fields["text"].(string)
	for _, b := range s.bots {
		hears := b.readsAll || c.admins[b.id] || strings.HasPrefix(text, "/") ||
			strings.Contains(strings.ToLower(text), "@"+strings.ToLower(b.username))
		if c.members[b.id] && hears {
			s.message(b, c.json(), s.user(who), fields)
		}
	}
}

func (c *chat) json() map[string]any {
	return map[string]any{"id": c.id, "type": c.kind, "title": c.title}
}

// message queues a message. s.mu is held.
func (s *Server) message(b *bot, chat, from map[string]any, fields map[string]any) {
	s.ids++
	m := map[string]any{"message_id": s.ids, "date": time.Now().Unix(), "chat": chat, "from": from}
	maps.Copy(m, fields)
	s.queue(b, map[string]any{"message": m})
}

// Edit lets somebody change the message that a bot got last. Bots that did not ask for edited_message do not hear of it.
func (s *Server) Edit(username, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.named(username)
	last := maps.Clone(b.updates[len(b.updates)-1]["message"].(map[string]any))
	last["text"], last["edit_date"] = text, time.Now().Unix()
	s.queue(b, map[string]any{"edited_message": last})
}

// Queue queues an update as it is, except for its id.
func (s *Server) Queue(username string, update map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue(s.named(username), update)
}

func (s *Server) queue(b *bot, update map[string]any) {
	b.next++
	update["update_id"] = b.next
	b.updates = append(b.updates, update)
	close(b.news)
	b.news = make(chan struct{})
}

// Jump lets the numbers of updates go on from somewhere else, as after a week without any.
func (s *Server) Jump(username string, next int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.named(username).next = next
}

// Waiting is how many updates wait for a bot.
func (s *Server) Waiting(username string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.named(username).updates)
}

// AddChat makes a group, supergroup or channel with a bot in it, as a member or as an admin; the bot hears of it
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
	b := s.named(username)
	c.members[b.id], c.admins[b.id] = true, kind == "channel"
	status := "member"
	if kind == "channel" {
		status = "administrator"
	}
	s.became(b, c.json(), status)
	return c.id
}

// became queues my_chat_member. s.mu is held.
func (s *Server) became(b *bot, chat map[string]any, status string) {
	me := map[string]any{"id": b.id, "is_bot": true, "first_name": b.username, "username": b.username}
	now := map[string]any{"status": status, "user": me, "can_post_messages": true, "until_date": 0}
	s.queue(b, map[string]any{"my_chat_member": map[string]any{
		"chat": chat, "from": s.user("an admin"), "date": time.Now().Unix(),
		"old_chat_member": map[string]any{"status": "left", "user": me}, "new_chat_member": now,
	}})
}

// Kick removes a bot from a group or channel.
func (s *Server) Kick(username string, group int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, c := s.named(username), s.chats[group]
	delete(c.members, b.id)
	s.became(b, c.json(), "kicked")
}

// Silence takes the right to write from the bots in a group, or gives it back.
func (s *Server) Silence(group int64, silent bool) {
	if silent {
		s.Refuse(group, http.StatusBadRequest, "Bad Request: not enough rights to send text messages to the chat")
	} else {
		s.Refuse(group, 0, "")
	}
}

// Refuse makes messages to a group fail; with code 0 no longer.
func (s *Server) Refuse(group int64, code int, description string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chats[group].refusal = refusal{code, description}
}

// Upgrade makes a supergroup of a group and returns its number. The bots hear of it, unless quietly.
func (s *Server) Upgrade(group int64, quietly bool) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.chats[group]
	s.ids++
	c := &chat{id: -1_000_000_000_000 - s.ids, kind: "supergroup", title: old.title, members: old.members, admins: old.admins}
	s.chats[c.id], old.movedTo = c, c.id
	for _, b := range s.bots {
		if c.members[b.id] && !quietly {
			s.message(b, old.json(), s.user("an admin"), map[string]any{"migrate_to_chat_id": c.id})
			s.message(b, c.json(), s.user("an admin"), map[string]any{"migrate_from_chat_id": group})
		}
	}
	return c.id
}

// Restrict makes messages to somebody fail for a reason that the bot does not know.
func (s *Server) Restrict(who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restricted[s.person(who)] = true
}

// Block lets somebody block a bot, which hears of it unless quietly.
func (s *Server) Block(username, who string, quietly bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, id := s.named(username), s.person(who)
	b.blocked[id] = true
	if !quietly {
		s.became(b, map[string]any{"id": id, "type": "private", "first_name": who}, "kicked")
	}
}
