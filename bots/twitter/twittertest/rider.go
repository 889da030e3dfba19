package twittertest

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Write lets a user write a post and returns its id. It mentions the users that it names: "@zuerich kontrolle u8".
func (s *Server) Write(from, text string) string { return s.WriteAt(from, text, time.Time{}) }

// WriteAt is Write in the past.
func (s *Server) WriteAt(from, text string, at time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.IsZero() {
		at = s.Now()
	} else {
		s.lastID = 0
	}
	return s.publish(s.user(from), text, at, nil).ID
}

// Answer lets a user reply to a post. X puts the names of its author and of those that it mentions before the text.
func (s *Server) Answer(from, to, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	answered := s.post(to)
	names := "@" + answered.author.Handle + " "
	for _, found := range mentioned.FindAllStringSubmatch(answered.Text, -1) {
		names += "@" + found[1] + " "
	}
	p := s.publish(s.user(from), names+text, s.Now(), nil)
	p.Answers = to
	return p.ID
}

// Quote lets a user quote a post. X puts its address, with its author's name, behind the text.
func (s *Server) Quote(from, quoted, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.publish(s.user(from), text+" https://twitter.com/"+s.post(quoted).author.Handle+"/status/"+quoted, s.Now(), nil)
	p.Quotes = quoted
	return p.ID
}

// Edit gives a post a new version, with a new id.
func (s *Server) Edit(id, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.post(id)
	s.remove(id)
	p := s.publish(old.author, text, s.Now(), nil)
	p.Edits = append(slices.Clone(old.Edits), p.ID)
	return p.ID
}

// Tell lets a user send another one a direct message.
func (s *Server) Tell(from, to, text string) string { return s.TellAt(from, to, text, time.Time{}) }

// TellAt is Tell in the past.
func (s *Server) TellAt(from, to, text string, at time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.IsZero() {
		at = s.Now()
	}
	m := &message{id: s.id(at), from: s.user(from), to: s.user(to), text: text, at: at}
	s.messages = append(s.messages, m)
	return m.id
}

// Retweet lets a user retweet a post.
func (s *Server) Retweet(from, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publish(s.user(from), "", s.Now(), s.post(id))
}

// Protect makes a user's posts visible to followers only.
func (s *Server) Protect(handle string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user(handle).Protected = true
}

// Rename gives a user another name.
func (s *Server) Rename(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user(from).Handle = to
}

// Delete deletes a post as its author would.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(id)
}

// Timeline lists what a user posted and retweeted, oldest first.
func (s *Server) Timeline(handle string) []Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Post
	for _, p := range s.posts {
		if p.author == s.user(handle) {
			all = append(all, *p)
		}
	}
	return all
}

// publish adds a post. s.mu is held.
func (s *Server) publish(author *User, text string, at time.Time, original *Post) *Post {
	p := &Post{ID: s.id(at), Text: text, At: at.UTC(), Original: original, author: author}
	p.Edits = []string{p.ID}
	s.posts = append(s.posts, p)
	return p
}

// post finds a post. s.mu is held.
func (s *Server) post(id string) *Post {
	for _, p := range s.posts {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// remove deletes a post and its retweets. s.mu is held.
func (s *Server) remove(id string) {
	s.posts = slices.DeleteFunc(s.posts, func(p *Post) bool { return p.ID == id || p.Original != nil && p.Original.ID == id })
}

var mentioned = regexp.MustCompile(`(?:^|[^A-Za-z0-9_!#$%&*@＠])[@＠]([A-Za-z0-9_]{1,20})`)

// mentions reports whether a post mentions a user.
func (p *Post) mentions(u *User) bool {
	text := p.Text
	if p.Original != nil {
		text = p.Original.Text
	}
	for _, found := range mentioned.FindAllStringSubmatch(text, -1) {
		if strings.EqualFold(found[1], u.Handle) {
			return true
		}
	}
	return false
}

// mentionsOf are the posts that mention a user, newest first. s.mu is held.
func (s *Server) mentionsOf(u *User) []*Post {
	var found []*Post
	for _, p := range s.posts {
		if p.mentions(u) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *Post) int { return strings.Compare(pad(b.ID), pad(a.ID)) })
	return found
}

// messagesOf are the direct messages to and from a user, newest first. s.mu is held.
func (s *Server) messagesOf(u *User) []*message {
	var found []*message
	for _, m := range s.messages {
		if m.from == u || m.to == u {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(a, b *message) int { return strings.Compare(pad(b.id), pad(a.id)) })
	return found
}

// messagePage returns the page of a user's messages behind the token, at most size of them and none from before since, and the token of
// the next page if there is one. s.mu is held.
func (s *Server) messagePage(u *User, token string, size int, since time.Time) (page []*message, next string) {
	last := ""
	for _, m := range s.messagesOf(u) {
		if token != "" && pad(m.id) >= pad(strings.TrimPrefix(token, "page")) {
			continue
		}
		if m.at.Before(since) {
			break
		}
		if len(page) == min(size, s.PageSize) {
			return page, "page" + last
		}
		last = m.id
		page = append(page, m)
	}
	return page, ""
}

// pad makes ids comparable as texts.
func pad(id string) string { return strings.Repeat("0", 20-len(id)) + id }
