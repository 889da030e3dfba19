package frontend

import (
	"strings"
	"testing"
	"time"

	"linienfunk/db"
)

func TestWhatIsInALinkCannotBeReadInTheDatabase(t *testing.T) {
	s := newSite(t, nil)
	s.visitor().register()
	var token db.Token
	check(t, s.DB.Take(&token).Error)
	for _, word := range []string{"ada", "argon2id", "berlin", "{"} {
		if strings.Contains(token.Data, word) {
			t.Errorf("the link's data says %q", word)
		}
	}
	check(t, s.DB.Model(&db.Token{}).Where("hash = ?", token.Hash).Update("hash", tokenHash("MOVED")).Error)
	s.visitor().get("/confirm/MOVED").want(500)
}

func TestExpiredLinksAndSessionsGoWithoutAVisitor(t *testing.T) {
	s := newSite(t, nil)
	s.admin("cy@example.org", "ghent")
	s.visitor().register()
	s.visitorAs("cy@example.org")
	rows := func() (tokens, sessions int64) {
		check(t, s.DB.Model(&db.Token{}).Count(&tokens).Error)
		check(t, s.DB.Model(&db.Session{}).Count(&sessions).Error)
		return tokens, sessions
	}
	for _, step := range []struct {
		after            time.Duration
		tokens, sessions int64
	}{{23 * time.Hour, 1, 1}, {2 * time.Hour, 0, 1}, {30 * 24 * time.Hour, 0, 0}} {
		s.advance(step.after)
		check(t, s.Prune(t.Context()))
		if tokens, sessions := rows(); tokens != step.tokens || sessions != step.sessions {
			t.Errorf("%d links and %d sessions, want %d and %d", tokens, sessions, step.tokens, step.sessions)
		}
	}
}
