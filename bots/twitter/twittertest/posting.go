package twittertest

import (
	"net/http"
	"regexp"
	"time"
	"unicode/utf8"
)

// trouble is the reason for refusing a post.
type trouble struct {
	status, code int
	detail       string
}

var joiner = regexp.MustCompile(`[\x{200D}\x{1F1E6}-\x{1F1FF}\x{E0020}-\x{E007F}]|https?://`)

// add publishes a post of a user, unless it is empty, too long, or a duplicate. The length is checked only if each character of
// the text counts as one.
func (s *Server) add(u *User, text string) (*Post, *trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == "" || !utf8.ValidString(text) {
		return nil, &trouble{http.StatusBadRequest, 38, "The text is missing."}
	}
	if utf8.RuneCountInString(text) > 280 && !joiner.MatchString(text) {
		return nil, &trouble{http.StatusForbidden, 186, "Your Tweet text is too long."}
	}
	for _, p := range s.posts {
		if p.author == u && p.Text == text && s.Now().Sub(p.At) < 24*time.Hour {
			return nil, &trouble{http.StatusForbidden, 187, "You are not allowed to create a Tweet with duplicate content."}
		}
	}
	s.charge(u, postPrice(text), "")
	return s.publish(u, text, s.Now(), nil), nil
}

// repeat retweets a post. again says that it was retweeted before.
func (s *Server) repeat(u *User, id string) (made *Post, again bool, t *trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	original := s.post(id)
	switch {
	case original == nil:
		return nil, false, &trouble{http.StatusNotFound, 144, "No status found with that ID."}
	case original.author.Protected:
		s.Complain("somebody tried to retweet a protected post")
		return nil, false, &trouble{http.StatusForbidden, 328, "Retweet is not permissible for this status."}
	}
	for _, p := range s.posts {
		if p.author == u && p.Original == original {
			return p, true, nil
		}
	}
	s.charge(u, pricePost, "")
	return s.publish(u, "", s.Now(), original), false, nil
}

// drop deletes a post of a user, or the retweet of a post; nil if there is none.
func (s *Server) drop(u *User, id string, retweet bool) *Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.posts {
		if p.author == u && (!retweet && p.ID == id || retweet && p.Original != nil && p.Original.ID == id) {
			s.charge(u, priceDeleted, "")
			s.remove(p.ID)
			return p
		}
	}
	return nil
}
