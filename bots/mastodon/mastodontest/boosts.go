package mastodontest

import (
	"net/http"
	"slices"

	"linienfunk/bots/bottest/fake"
)

// reblog follows https://docs.joinmastodon.org/methods/statuses/#boost and app/services/reblog_service.rb: a second boost
// is answered with the first, and another account's private status cannot be boosted.
//
// GoToSocial made a second boost (internal/processing/status/boost.go, BoostCreate). Pixelfed answers with the original, and
// boosts only public statuses (statusShare in ApiV1Controller.php).
func (s *Server) reblog(w http.ResponseWriter, r *http.Request, me *Account) {
	s.parameters(r, "visibility")
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status(r.PathValue("id"))
	switch {
	case !visible(st, me), s.Dialect == Pixelfed && st.Visibility != "public":
		fail(w, http.StatusNotFound, "Record not found")
		return
	case st.Visibility == "direct" || st.Visibility == "private" && st.account != me:
		s.Complain("boost of a private status")
		fail(w, http.StatusForbidden, "This action is not allowed")
		return
	}
	boost := s.boostOf(me, st.ID)
	if boost == nil || s.Dialect == GoToSocial {
		visibility := r.FormValue("visibility")
		if visibility == "" {
			visibility = "public"
		}
		boost = &Status{ID: s.statusID(), Acct: me.Acct, account: me, Visibility: visibility, Boosts: st.ID, Original: st, at: s.Now()}
		boost.Pending = s.Dialect == GoToSocial && !slices.Contains(st.boostableBy(), "public") && !slices.Contains(st.boostableBy(), "me")
		s.statuses = append(s.statuses, boost)
	}
	if s.Dialect == Pixelfed {
		boost = st
	}
	fake.WriteJSON(w, http.StatusOK, s.statusJSON(boost, me))
}

// unreblog follows https://docs.joinmastodon.org/methods/statuses/#unreblog, with the id of the original. GoToSocial accepts that of the boost
// as well (BoostRemove in internal/processing/status/boost.go), Akkoma does not find it (unrepeat in lib/pleroma/web/common_api.ex).
func (s *Server) unreblog(w http.ResponseWriter, r *http.Request, me *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status(r.PathValue("id"))
	if st != nil && st.Boosts != "" && s.Dialect == GoToSocial {
		st = st.Original
	}
	if !visible(st, me) || st.Boosts != "" && s.Dialect == Akkoma {
		fail(w, http.StatusNotFound, "Record not found")
		return
	}
	if boost := s.boostOf(me, st.ID); boost != nil {
		s.remove(boost)
	}
	fake.WriteJSON(w, http.StatusOK, s.statusJSON(st, me))
}

func (s *Server) boostOf(who *Account, id string) *Status {
	for _, st := range s.statuses {
		if st.account == who && st.Boosts == id {
			return st
		}
	}
	return nil
}
