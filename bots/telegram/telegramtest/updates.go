package telegramtest

import (
	"maps"
	"time"
)

// queueMessage queues a message update. s.mu is held.
func (s *Server) queueMessage(b *bot, chat, from map[string]any, fields map[string]any) {
	s.ids++
	m := map[string]any{"message_id": s.ids, "date": time.Now().Unix(), "chat": chat, "from": from}
	maps.Copy(m, fields)
	s.queueUpdate(b, map[string]any{"message": m})
}

// Edit changes the message that a bot got last, and queues an edited_message update.
func (s *Server) Edit(username, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.botNamed(username)
	last := maps.Clone(b.updates[len(b.updates)-1]["message"].(map[string]any))
	last["text"], last["edit_date"] = text, time.Now().Unix()
	s.queueUpdate(b, map[string]any{"edited_message": last})
}

// Queue queues an update with the next id.
func (s *Server) Queue(username string, update map[string]any) {
	s.with(username, func(b *bot) { s.queueUpdate(b, update) })
}

func (s *Server) queueUpdate(b *bot, update map[string]any) {
	b.next++
	update["update_id"] = b.next
	b.updates = append(b.updates, update)
	close(b.news)
	b.news = make(chan struct{})
}

// queueMembership queues a my_chat_member update. s.mu is held.
func (s *Server) queueMembership(b *bot, chat map[string]any, before, status string) {
	me := map[string]any{"id": b.id, "is_bot": true, "first_name": b.username, "username": b.username}
	now := map[string]any{"status": status, "user": me, "can_post_messages": true, "until_date": 0}
	s.queueUpdate(b, map[string]any{"my_chat_member": map[string]any{
		"chat": chat, "from": s.user("an admin"), "date": time.Now().Unix(),
		"old_chat_member": map[string]any{"status": before, "user": me, "until_date": 0}, "new_chat_member": now,
	}})
}

// SetNextUpdate makes update ids continue behind next, as after a week without updates.
func (s *Server) SetNextUpdate(username string, next int64) {
	s.with(username, func(b *bot) { b.next = next })
}

// PendingUpdates returns the number of queued updates of a bot.
func (s *Server) PendingUpdates(username string) (count int) {
	s.with(username, func(b *bot) { count = len(b.updates) })
	return count
}
