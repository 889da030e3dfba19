package telegramtest

import (
	"net/http"
	"net/http/httptest"
	"time"

	"linienfunk/bots/bottest"
)

// Fail makes requests fail until Heal. Swallow and Refuse concern sendMessage, all others every request.
func (s *Server) Fail(f bottest.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// FailBare is Fail(TooMany) without a word on how long to wait.
func (s *Server) FailBare() {
	s.Fail(bottest.TooMany)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bare = true
}

// Heal ends the fault. Requests that hang are dropped.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.bare = "", false
	close(s.healed)
	s.healed = make(chan struct{})
}

// OnSent calls f with the number of messages so far, each time that one was sent and before it is answered.
func (s *Server) OnSent(f func(n int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = f
}

func (s *Server) faulty(w http.ResponseWriter, r *http.Request, method string, next func(http.ResponseWriter)) {
	s.mu.Lock()
	fault, bare, healed := s.fault, s.bare, s.healed
	s.mu.Unlock()
	if method != "sendMessage" && (fault == bottest.Swallow || fault == bottest.Refuse) {
		fault = ""
	}
	switch fault {
	case bottest.TooMany:
		// https://core.telegram.org/bots/api#responseparameters
		parameters := map[string]any{"retry_after": 7}
		if bare {
			parameters = nil
		}
		fail(w, http.StatusTooManyRequests, "Too Many Requests: retry after 7", parameters)
	case bottest.Internal:
		fail(w, http.StatusInternalServerError, "Internal Server Error", nil)
	case bottest.HTML:
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<html>\r\n<head><title>Be right back</title></head>\r\n</html>"))
	case bottest.Truncate:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "4000")
		w.Write([]byte(`{"ok":true,"result":{"message_id":`))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case bottest.Refuse:
		fail(w, http.StatusBadRequest, "Bad Request: message is not acceptable", nil)
	case bottest.Revoke:
		fail(w, http.StatusUnauthorized, "Unauthorized", nil)
	case bottest.Hang:
		s.hang(r, healed)
	case bottest.Swallow:
		next(httptest.NewRecorder())
		s.hang(r, healed)
	default:
		next(w)
	}
}

// hang waits until the client gives up or the fault is over, and drops the connection.
func (s *Server) hang(r *http.Request, healed chan struct{}) {
	select {
	case <-r.Context().Done():
	case <-healed:
	case <-s.closed:
	}
	panic(http.ErrAbortHandler)
}

// Limits are what Telegram allows (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this). They are
// taken to the letter here: within any second, within any minute.
type Limits struct {
	PerSecond int           // messages of one bot within a second
	Chat      time.Duration // between two messages to one chat
	Group     int           // messages to one group within a minute

	Over int // requests that were too many

	all   map[*bot][]time.Time
	chats map[int64][]time.Time
}

// RealLimits are Telegram's.
func RealLimits() *Limits {
	return &Limits{PerSecond: 30, Chat: time.Second, Group: 20, all: map[*bot][]time.Time{}, chats: map[int64][]time.Time{}}
}

// allow counts a message. s.mu is held.
func (l *Limits) allow(b *bot, chat int64, now time.Time) bool {
	if l == nil {
		return true
	}
	within := func(times []time.Time, d time.Duration) int {
		count := 0
		for i := len(times) - 1; i >= 0 && now.Sub(times[i]) < d; i-- {
			count++
		}
		return count
	}
	over := within(l.all[b], time.Second) >= l.PerSecond || within(l.chats[chat], l.Chat) >= 1 ||
		chat < 0 && within(l.chats[chat], time.Minute) >= l.Group
	if over {
		l.Over++
		return false
	}
	l.all[b] = append(l.all[b], now)
	l.chats[chat] = append(l.chats[chat], now)
	return true
}

// Drop drops the connections of all requests under way, without an answer.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.healed)
	s.healed = make(chan struct{})
}
