package telegramtest

// Person returns the user id of a person, who is created if new.
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

// Introduce lets a bot write to people who have not written to it.
func (s *Server) Introduce(username string, ids ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.botNamed(username).known[id] = true
	}
}

// Say sends a private message to a bot.
func (s *Server) Say(username, who, text string) {
	s.SayWith(username, who, map[string]any{"text": text})
}

// SayWith is Say with any fields of https://core.telegram.org/bots/api#message.
func (s *Server) SayWith(username, who string, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, id := s.botNamed(username), s.person(who)
	b.known[id] = true
	from := s.user(who)
	s.queueMessage(b, map[string]any{"id": id, "type": "private", "first_name": who}, from, fields)
}

// Restrict makes messages to a person fail with an error that the bot does not know.
func (s *Server) Restrict(who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restricted[s.person(who)] = true
}

// Block makes a person block a bot. The bot gets an update, unless quietly.
func (s *Server) Block(username, who string, quietly bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, id := s.botNamed(username), s.person(who)
	b.blocked[id] = true
	if !quietly {
		s.queueMembership(b, map[string]any{"id": id, "type": "private", "first_name": who}, "member", "kicked")
	}
}

// Unblock makes a person unblock a bot, as on the desktop: the bot gets an update, but no /start.
func (s *Server) Unblock(username, who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, id := s.botNamed(username), s.person(who)
	delete(b.blocked, id)
	b.known[id] = true
	s.queueMembership(b, map[string]any{"id": id, "type": "private", "first_name": who}, "kicked", "member")
}
