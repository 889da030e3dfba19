package mastodontest

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"linienfunk/bots/bottest/fake"
)

// Account is an account, of this instance or of another one.
type Account struct {
	ID   string
	Acct string // without a host if it is local
	Bot  bool
	Made time.Time // zero for long ago

	// Changes by moderators or the account itself; see Change.
	Moved                        string // where to, as name@host
	Suspended, Limited, Disabled bool
	// Muted is whether the accounts of this instance have muted it: they get no notifications of what it writes.
	Muted bool
	// Blocked is whether the accounts of this instance have blocked it, Blocks the other direction: they do not see what it writes.
	Blocked, Blocks bool
}

// cutOff reports whether there is a block in either direction.
func (a *Account) cutOff() bool { return a.Blocked || a.Blocks }

// relationships follows https://docs.joinmastodon.org/methods/accounts/#relationships.
func (s *Server) relationships(w http.ResponseWriter, r *http.Request, _ *Account) {
	s.parameters(r, "id[]")
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := []any{}
	for _, a := range s.accounts {
		if slices.Contains(r.URL.Query()["id[]"], a.ID) {
			answer = append(answer, map[string]any{"id": a.ID, "blocking": a.Blocked, "blocked_by": a.Blocks, "muting": a.Muted})
		}
	}
	fake.WriteJSON(w, http.StatusOK, answer)
}

// Change changes an account as its owner or the instance's moderators do.
func (s *Server) Change(acct string, change func(*Account)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.accountNamed(acct))
}

// SetBot flags an account as automated.
func (s *Server) SetBot(acct string, is bool) { s.Change(acct, func(a *Account) { a.Bot = is }) }

// profile is the address of an account's page.
func (s *Server) profile(a *Account) string {
	if host := a.host(); host != "" {
		return "https://" + host + "/@" + a.username()
	}
	return s.URL + "/@" + a.Acct
}

// accountJSON follows https://docs.joinmastodon.org/entities/Account/. The last three are left out where they do not apply.
func (s *Server) accountJSON(a *Account) map[string]any {
	answer := map[string]any{
		"id": a.ID, "username": a.username(), "acct": a.Acct, "display_name": a.username(), "bot": a.Bot, "locked": false,
		"url": s.profile(a), "uri": s.profile(a), "created_at": stamp(cmp.Or(a.Made, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))), "note": "", "fields": []any{}, "emojis": []any{},
	}
	if a.Moved != "" {
		answer["moved"] = s.accountJSON(&Account{ID: "0", Acct: a.Moved})
	}
	if a.Suspended {
		answer["suspended"] = true
	}
	if a.Limited {
		answer["limited"] = true
	}
	return answer
}

// verifyCredentials follows https://docs.joinmastodon.org/methods/accounts/#verify_credentials.
func (s *Server) verifyCredentials(w http.ResponseWriter, _ *http.Request, me *Account) {
	s.mu.Lock()
	answer := s.accountJSON(me)
	s.mu.Unlock()
	fake.WriteJSON(w, http.StatusOK, answer)
}

// account follows https://docs.joinmastodon.org/methods/accounts/#get, which needs no token.
func (s *Server) account(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.accounts, func(a *Account) bool { return a.ID == r.PathValue("id") })
	if at < 0 {
		fail(w, http.StatusNotFound, "Record not found")
		return
	}
	fake.WriteJSON(w, http.StatusOK, s.accountJSON(s.accounts[at]))
}

// accountStatuses follows https://docs.joinmastodon.org/methods/accounts/#statuses, for the account's own.
func (s *Server) accountStatuses(w http.ResponseWriter, r *http.Request, me *Account) {
	s.parameters(r, "limit", "exclude_reblogs")
	limit, ok := s.number(w, r, "limit", 20)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.PathValue("id") != me.ID {
		fail(w, http.StatusNotFound, "Record not found")
		return
	}
	page := []any{}
	for _, st := range slices.Backward(s.statuses) {
		if st.account == me && len(page) < int(min(limit, 40)) && !(st.Boosts != "" && r.FormValue("exclude_reblogs") == "true") {
			page = append(page, s.statusJSON(st, me))
		}
	}
	fake.WriteJSON(w, http.StatusOK, page)
}

// barred answers a call that the account may not make, and says whether it did.
func (s *Server) barred(w http.ResponseWriter, r *http.Request, a *Account) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case a.Suspended, a.Disabled:
		// require_user! in app/controllers/api/base_controller.rb of Mastodon.
		fail(w, http.StatusForbidden, "Your login is currently disabled")
	case s.Dialect == GoToSocial && a.Moved != "" && r.Method == http.MethodPost:
		// ForbiddenAfterMove in internal/api/util of GoToSocial.
		fail(w, http.StatusForbidden, "your account has Moved or is currently Moving; you cannot take create or update type actions")
	default:
		return false
	}
	return true
}
