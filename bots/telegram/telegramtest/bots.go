package telegramtest

import "fmt"

// AddBot creates a bot and returns its token. For an existing bot it renews the token (BotFather's /revoke).
func (s *Server) AddBot(username string) (token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids++
	b := s.botNamed(username)
	if b == nil {
		b = &bot{id: s.ids, username: username, next: 700_000, polling: make(chan struct{}), news: make(chan struct{}),
			blocked: map[int64]bool{}, known: map[int64]bool{}, menu: map[string][]string{}}
	}
	delete(s.bots, b.token)
	b.token = fmt.Sprintf("%d:AAtest%d_abcdefghijklmnopqrstuvw-xyz", b.id, s.ids)
	s.bots[b.token] = b
	return b.token
}

// botNamed returns the bot with a user name, or nil. s.mu is held.
func (s *Server) botNamed(username string) *bot {
	for _, b := range s.bots {
		if b.username == username {
			return b
		}
	}
	return nil
}

// with calls f with the bot of that user name, while Server.mu is held.
func (s *Server) with(username string, f func(b *bot)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.botNamed(username))
}

// BotID returns a bot's user id.
func (s *Server) BotID(username string) (id int64) {
	s.with(username, func(b *bot) { id = b.id })
	return id
}

// Rename changes a bot's user name (Telegram does so on request, and for names that were bought).
func (s *Server) Rename(username, to string) { s.with(username, func(b *bot) { b.username = to }) }

// ReadAll switches a bot's privacy mode off (BotFather's /setprivacy).
func (s *Server) ReadAll(username string) { s.with(username, func(b *bot) { b.readsAll = true }) }
