package frontend

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"linienfunk/db"
)

// Sessions end when nobody used them for sessionIdle. What a visit adds is written at most once in sessionStep, since
// every write waits for the disk.
const (
	sessionIdle = 30 * 24 * time.Hour
	sessionStep = 24 * time.Hour
)

// The values of a session.
const (
	keyAdmin    = "admin"    // uint: who is logged in
	keyPassword = "password" // fingerprint of the admin's password, so that a new one ends all sessions
	keyFlash    = "flash"    // see flash.go
)

func newSessions(database *db.DB, now func() time.Time, secure bool) *scs.SessionManager {
	s := scs.New()
	s.Store = &sessionStore{db: database, now: now}
	s.HashTokenInStore = true
	s.Lifetime = sessionIdle
	s.Cookie.Name = "session"
	s.Cookie.HttpOnly = true
	s.Cookie.SameSite = http.SameSiteLaxMode
	if secure {
		s.Cookie.Secure = true
		s.Cookie.Name = "__Host-session" // RFC 6265bis: no neighbour under the same domain can set it
	}
	return s
}

// start logs an admin in, under a new token.
func (f *Frontend) start(ctx context.Context, admin db.Admin) error {
	if err := f.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := f.sessions.RenewToken(ctx); err != nil {
		return err
	}
	f.sessions.Put(ctx, keyAdmin, admin.ID)
	f.sessions.Put(ctx, keyPassword, fingerprint(admin))
	f.sessions.SetDeadline(ctx, f.Now().Add(sessionIdle).UTC())
	return nil
}

// current returns who is logged in, nil if nobody is. A session that is no longer good is destroyed.
func (f *Frontend) current(ctx context.Context) (*db.Admin, error) {
	id, ok := f.sessions.Get(ctx, keyAdmin).(uint)
	if !ok {
		return nil, nil
	}
	admin, err := f.DB.AdminByID(ctx, id)
	if err != nil && err != db.ErrNotFound {
		return nil, err
	}
	if err != nil || fingerprint(admin) != f.sessions.GetString(ctx, keyPassword) {
		return nil, f.sessions.Destroy(ctx)
	}
	if f.sessions.Deadline(ctx).Before(f.Now().Add(sessionIdle - sessionStep)) {
		f.sessions.SetDeadline(ctx, f.Now().Add(sessionIdle).UTC())
	}
	return &admin, nil
}

func fingerprint(admin db.Admin) string {
	sum := sha256.Sum256([]byte(admin.Password))
	return hex.EncodeToString(sum[:8])
}
