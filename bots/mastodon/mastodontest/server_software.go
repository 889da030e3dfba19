package mastodontest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Dialect is the software that the instance runs. Each difference from Mastodon names the source file or the page that it is taken from.
type Dialect string

// The dialects.
const (
	Mastodon   Dialect = ""
	GoToSocial Dialect = "gotosocial"
	Akkoma     Dialect = "akkoma"
	Pixelfed   Dialect = "pixelfed"
	// Ancient is a server that calls itself Mastodon, ignores min_id, and refuses types of notifications that it does not know.
	Ancient Dialect = "ancient"
)

// version is what the instance claims to run: docs/development/API/differences_in_mastoapi_responses.md of Pleroma, ApiV1Controller.php
// of Pixelfed; GoToSocial has its own numbers.
func (s *Server) version() string {
	switch s.Dialect {
	case GoToSocial:
		return "0.17.3 git-1a2b3c4"
	case Akkoma:
		return "2.7.2 (compatible; Akkoma 3.13.2)"
	case Pixelfed:
		return "3.5.3 (compatible; Pixelfed 0.12.4)"
	}
	return fmt.Sprintf("%d.0.0", s.Version)
}

// hasV2 reports whether there is /api/v2/instance.
func (s *Server) hasV2() bool { return s.Version >= 4 && s.Dialect != Akkoma }

// hasSSE reports whether there are server-sent events: not in GoToSocial (internal/api/client/streaming/stream.go has a WebSocket
// only), nor in Akkoma (the same), nor in Pixelfed (nothing at all).
func (s *Server) hasSSE() bool {
	return s.Streaming && (s.Dialect == Mastodon || s.Dialect == Ancient)
}

// scopes are those that the server knows. Pixelfed has no finer ones.
func (s *Server) scopes() []string {
	if s.Dialect == Pixelfed {
		return strings.Fields("read write follow push")
	}
	return knownScopes
}

// allows reports whether granted scopes include a needed one: "read" includes all of "read:...".
func allows(granted, scope string) bool {
	whole, _, _ := strings.Cut(scope, ":")
	for _, have := range strings.Fields(granted) {
		if have == scope || have == whole {
			return true
		}
	}
	return false
}

// noteID is how the server writes the id of a notification: GoToSocial has ULIDs.
func (s *Server) noteID(n int64) string {
	if s.Dialect == GoToSocial {
		return fmt.Sprintf("01%024d", n)
	}
	return strconv.FormatInt(n, 10)
}

// statusID returns a new id of a status: Akkoma has flake ids, 18 characters that ascend. s.mu is held.
func (s *Server) statusID() string {
	s.ids++
	if s.Dialect == Akkoma {
		return fmt.Sprintf("A%017d", s.ids)
	}
	return s.noteID(s.ids)
}

// number reads an id from a parameter. Pixelfed takes none below 1 (accountNotifications in ApiV1Controller.php).
func (s *Server) number(w http.ResponseWriter, r *http.Request, name string, fallback int64) (int64, bool) {
	value := r.URL.Query().Get(name)
	if value == "" {
		return fallback, true
	}
	if s.Dialect == GoToSocial && len(value) == 26 {
		value = value[2:]
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || s.Dialect == Pixelfed && n < 1 {
		s.Complain("%s %s: %s=%s", r.Method, r.URL.Path, name, value)
		fail(w, http.StatusUnprocessableEntity, "The "+name+" must be at least 1.")
		return 0, false
	}
	return n, true
}

// tooMany is a 429 as the dialect writes it. Akkoma gives no hint (render_throttled_error in lib/pleroma/web/plugs/rate_limiter.ex),
// GoToSocial a time in ISO 8601 and no Retry-After, Pixelfed a Unix timestamp, as Laravel does. All by their own clock, which Date shows.
func (s *Server) tooMany(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	switch s.Dialect {
	case Akkoma:
		s.replayable(w, r, http.StatusTooManyRequests, "Throttled")
		return
	case GoToSocial:
		w.Header().Set("X-Ratelimit-Limit", "300")
		w.Header().Set("X-Ratelimit-Remaining", "0")
		w.Header().Set("X-Ratelimit-Reset", stamp(s.Now().Add(7e9)))
	case Pixelfed:
		w.Header().Set("X-Ratelimit-Limit", "300")
		w.Header().Set("X-Ratelimit-Remaining", "0")
		w.Header().Set("X-Ratelimit-Reset", strconv.FormatInt(s.Now().Unix()+7, 10))
	default:
		// https://docs.joinmastodon.org/api/rate-limits/; proxies in front say Retry-After.
		w.Header().Set("X-RateLimit-Limit", "300")
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", stamp(s.Now().Add(7e9)))
		w.Header().Set("Retry-After", "7")
	}
	fail(w, http.StatusTooManyRequests, "Too many requests")
}

// replayable fails a request, and every later one with its Idempotency-Key in the same way: Pleroma keeps the answer to the
// first, whatever it was (cache_resposnse in lib/pleroma/web/plugs/idempotency_plug.ex).
func (s *Server) replayable(w http.ResponseWriter, r *http.Request, status int, text string) {
	if key := r.Header.Get("Idempotency-Key"); key != "" && r.Method == http.MethodPost {
		s.mu.Lock()
		s.refused[key] = status
		s.mu.Unlock()
	}
	fail(w, status, text)
}

// key is the Idempotency-Key that the server honours: GoToSocial knows none, and Pixelfed refuses the second request instead.
func (s *Server) key(r *http.Request) string {
	if s.Dialect == GoToSocial || s.Dialect == Pixelfed {
		return ""
	}
	return r.Header.Get("Idempotency-Key")
}
