package mastodontest

import "slices"

// Mention lets an account of this or another instance write a status and returns its id. The text must name whom it
// mentions: "@zuerich kontrolle u8". A visibility is public, unlisted, private or direct.
func (s *Server) Mention(from, text, visibility string) string {
	return s.Write(Status{Acct: from, Text: text, Visibility: visibility})
}

// MentionLate is Mention whose notifications have their ids now, but can be seen only when appear is called, as it happens
// to transactions that overlap. No stream tells of them.
func (s *Server) MentionLate(from, text, visibility string) (appear func()) {
	var late []*notification
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = &late
	s.publish(&Status{account: s.accountNamed(from), Text: text, Visibility: visibility})
	s.late = nil
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.notes = append(s.notes, late...)
	}
}

// ReverseNotifications reverses the order of the ids of all notifications, as it happens when an instance processes many statuses at once.
func (s *Server) ReverseNotifications() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, j := 0, len(s.notes)-1; i < j; i, j = i+1, j-1 {
		s.notes[i].id, s.notes[j].id = s.notes[j].id, s.notes[i].id
	}
}

// Write publishes a status that has an author, a text, a visibility, and maybe a spoiler.
func (s *Server) Write(st Status) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	st.account = s.accountNamed(st.Acct)
	return s.publish(&st).ID
}

// Delete deletes a status as its author would.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status(id)
	if st == nil {
		return
	}
	s.remove(st)
	for stream, who := range s.streams {
		if slices.Contains(st.mentions, who) {
			select {
			case stream <- event{"delete", id}:
			default:
			}
		}
	}
}

// Edit changes the text of a status as its author would. Mastodon notifies the accounts that boosted it
// (https://docs.joinmastodon.org/entities/Notification/#type, update), but not those that it mentions.
func (s *Server) Edit(id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status(id)
	st.Text, st.mentions, st.edited = text, nil, s.Now()
	st.content = s.format(st)
	if s.Dialect != Mastodon {
		return
	}
	for _, boost := range s.statuses {
		if boost.Boosts == id {
			s.notify(boost.account, "update", st)
		}
	}
}

// Timeline lists what an account posted and boosted, oldest first.
func (s *Server) Timeline(acct string) []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.accountNamed(acct)
	var all []Status
	for _, st := range s.statuses {
		if st.account == who {
			all = append(all, *st)
		}
	}
	return all
}

// Boosts lists the ids of the statuses that an account has boosted.
func (s *Server) Boosts(acct string) []string {
	var ids []string
	for _, st := range s.Timeline(acct) {
		if st.Boosts != "" {
			ids = append(ids, st.Boosts)
		}
	}
	return ids
}

// Mentioned counts how often an account has been mentioned.
func (s *Server) Mentioned(acct string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, n := range s.notes {
		if n.to == s.accountNamed(acct) && n.kind == "mention" {
			count++
		}
	}
	return count
}
