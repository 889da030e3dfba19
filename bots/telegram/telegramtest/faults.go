package telegramtest

import (
	"net/http"
	"net/http/httptest"

	"linienfunk/bots/bottest"
)

// Fail makes requests fail until Heal: Swallow and Refuse only sendMessage, all others every request.
func (s *Server) Fail(f bottest.Fault) { s.setFault(f, false) }

// FailWithoutRetryAfter is Fail(TooMany) with responses that lack retry_after.
func (s *Server) FailWithoutRetryAfter() { s.setFault(bottest.TooMany, true) }

// Heal ends the fault and drops the connections of requests that hang.
func (s *Server) Heal() {
	s.setFault("", false)
	s.Drop()
}

func (s *Server) setFault(f bottest.Fault, noRetryAfter bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.noRetryAfter = f, noRetryAfter
}

// Drop drops the connections of all requests in flight without a response.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.dropped)
	s.dropped = make(chan struct{})
}

// OnSent sets a function that is called after each message, before the response, with the number of messages so far.
func (s *Server) OnSent(f func(n int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onSent = f
}

func (s *Server) serveWithFault(w http.ResponseWriter, r *http.Request, method string, next func(http.ResponseWriter)) {
	s.mu.Lock()
	fault, noRetryAfter, dropped := s.fault, s.noRetryAfter, s.dropped
	s.mu.Unlock()
	if method != "sendMessage" && (fault == bottest.Swallow || fault == bottest.Refuse) {
		fault = ""
	}
	switch fault {
	case bottest.TooMany:
		// https://core.telegram.org/bots/api#responseparameters
		parameters := map[string]any{"retry_after": 7}
		if noRetryAfter {
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
		s.hang(r, dropped)
	case bottest.Swallow:
		next(httptest.NewRecorder())
		s.hang(r, dropped)
	default:
		next(w)
	}
}

// hang waits until the client gives up or the fault ends, and drops the connection.
func (s *Server) hang(r *http.Request, dropped chan struct{}) {
	select {
	case <-r.Context().Done():
	case <-dropped:
	case <-s.closed:
	}
	panic(http.ErrAbortHandler)
}
