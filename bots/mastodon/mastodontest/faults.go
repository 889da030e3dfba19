package mastodontest

import (
	"net/http"
	"strings"
	"time"

	"linienfunk/bots/bottest"
)

// Closed is an instance that is being closed (SELF_DESTRUCT of Mastodon): it answers 410 to everything.
const Closed bottest.Fault = "closed"

// Starting is an instance of GoToSocial that starts: it answers 503 to everything, and asks for two minutes in both forms of Retry-After.
const Starting bottest.Fault = "starting"

// OutOfScope refuses a call as it is refused to a token from before its scope was asked for.
const OutOfScope bottest.Fault = "out of scope"

// Fail makes requests fail until Heal. Refuse concerns those that post or boost. Revoke ends the streams.
func (s *Server) Fail(f bottest.Fault) {
	s.Server.Fail(f)
	if f == bottest.Revoke {
		s.DropStreams()
	}
}

// failing answers as an instance does.
func (s *Server) failing(w http.ResponseWriter, r *http.Request, fault bottest.Fault) bool {
	posts := r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/api/v1/statuses")
	switch {
	case fault == bottest.TooMany:
		s.tooMany(w, r)
	case fault == bottest.Internal:
		fail(w, http.StatusInternalServerError, "Something went wrong")
	case fault == OutOfScope:
		fail(w, http.StatusForbidden, "This action is outside the authorized scopes")
	case fault == Starting:
		w.Header().Add("Retry-After", "120")
		w.Header().Add("Retry-After", s.Now().Add(2*time.Minute).UTC().Format(http.TimeFormat))
		fail(w, http.StatusServiceUnavailable, "Service Unavailable")
	case fault == Closed:
		fail(w, http.StatusGone, "Gone")
	case fault == bottest.Refuse && posts:
		fail(w, http.StatusUnprocessableEntity, "Validation failed: Text is refused")
	default:
		return false
	}
	return true
}
