package mastodontest

import (
	"net/http"
	"slices"
	"strings"

	"linienfunk/bots/bottest/fake"
)

// list is a list of accounts that an account has made.
type list struct{ id, owner, title string }

// AddList makes a list of an account, and returns its id.
func (s *Server) AddList(acct, title string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := list{s.id(), s.accountNamed(acct).ID, title}
	s.lists = append(s.lists, made)
	return made.id
}

// RemoveList deletes a list.
func (s *Server) RemoveList(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists = slices.DeleteFunc(s.lists, func(l list) bool { return l.id == id })
}

// Narrow takes a scope from all tokens of an account, as if they were from before the program asked for it.
func (s *Server) Narrow(acct, scope string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	me := s.accountNamed(acct)
	for _, g := range s.tokens {
		if g.account == me {
			g.scope = strings.Join(slices.DeleteFunc(strings.Fields(g.scope), func(one string) bool { return one == scope }), " ")
		}
	}
}

// getLists follows https://docs.joinmastodon.org/methods/lists/#get. GoToSocial and Akkoma answer alike, with other members besides.
func (s *Server) getLists(w http.ResponseWriter, _ *http.Request, me *Account) {
	if s.NoLists {
		fail(w, http.StatusNotFound, "Record not found")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := []any{}
	for _, l := range s.lists {
		if l.owner == me.ID {
			answer = append(answer, map[string]any{"id": l.id, "title": l.title, "replies_policy": "list", "exclusive": false})
		}
	}
	fake.WriteJSON(w, http.StatusOK, answer)
}
