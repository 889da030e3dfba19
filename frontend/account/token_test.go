package account_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
)

func TestTheDataOfALinkIsSealedInTheDatabase(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	register(s.Visitor())
	var token db.Token
	frontendtest.Check(t, s.Site.DB.Take(&token).Error)
	for _, word := range []string{"ada", "argon2id", "berlin", "{"} {
		if strings.Contains(token.Data, word) {
			t.Errorf("the link's data says %q", word)
		}
	}
	frontendtest.Check(t, s.Site.DB.Model(&db.Token{}).Where("hash = ?", token.Hash).Update("hash", fmt.Sprintf("%x", sha256.Sum256([]byte("MOVED")))).Error)
	s.Visitor().Get("/confirm/MOVED").Want(500)
}

func TestPruneDeletesExpiredLinksAndSessions(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("cy@example.org", "ghent")
	register(s.Visitor())
	s.VisitorAs("cy@example.org")
	rows := func() (tokens, sessions int64) {
		frontendtest.Check(t, s.Site.DB.Model(&db.Token{}).Count(&tokens).Error)
		frontendtest.Check(t, s.Site.DB.Model(&db.Session{}).Count(&sessions).Error)
		return tokens, sessions
	}
	for _, step := range []struct {
		after            time.Duration
		tokens, sessions int64
	}{{23 * time.Hour, 1, 1}, {2 * time.Hour, 0, 1}, {30 * 24 * time.Hour, 0, 0}} {
		s.Advance(step.after)
		frontendtest.Check(t, s.Accounts.Prune(t.Context()))
		if tokens, sessions := rows(); tokens != step.tokens || sessions != step.sessions {
			t.Errorf("%d links and %d sessions, want %d and %d", tokens, sessions, step.tokens, step.sessions)
		}
	}
}
