package site

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"linienfunk/db"
)

// A session ends after SessionIdle without a visit. The deadline is moved at most once in sessionStep, because each write waits
// for the disk.
const (
	SessionIdle = 30 * 24 * time.Hour
	sessionStep = 24 * time.Hour
)

// Keys of the values in a session.
const (
	keyAdmin    = "admin"    // uint: the admin's id
	keyPassword = "password" // fingerprint of the admin's password; a new password ends all sessions
	keyFlash    = "flash"    // see flash.go
	keySince    = "since"    // int64: when it began, in seconds since 1970
	keyBrowser  = "browser"  // see browserOf
)

func newSessions(database *db.DB, now func() time.Time, secure bool) *scs.SessionManager {
	s := scs.New()
	s.Store = &sessionStore{db: database, now: now}
	s.HashTokenInStore = true
	s.Lifetime = SessionIdle
	s.Cookie.Name = "session"
	s.Cookie.HttpOnly = true
	s.Cookie.SameSite = http.SameSiteLaxMode
	if secure {
		s.Cookie.Secure = true
		s.Cookie.Name = "__Host-session" // RFC 6265bis: other hosts of the domain cannot set it
	}
	return s
}

// LogIn starts a session for an admin, with a new token.
func (s *Site) LogIn(ctx context.Context, admin db.Admin) error {
	if err := s.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, keyAdmin, admin.ID)
	s.sessions.Put(ctx, keyPassword, fingerprint(admin))
	s.sessions.Put(ctx, keySince, s.Now().Unix())
	if v, ok := ctx.Value(visitKey{}).(visit); ok {
		s.sessions.Put(ctx, keyBrowser, v.browser)
	}
	s.sessions.SetDeadline(ctx, s.Now().Add(SessionIdle).UTC())
	return nil
}

// LogOut ends the session.
func (s *Site) LogOut(ctx context.Context) error { return s.sessions.Destroy(ctx) }

// current returns the admin of the session, nil if there is none. It destroys a session whose admin is gone or has a new
// password.
func (s *Site) current(ctx context.Context) (*db.Admin, error) {
	id, ok := s.sessions.Get(ctx, keyAdmin).(uint)
	if !ok {
		return nil, nil
	}
	admin, err := s.DB.AdminByID(ctx, id)
	if err != nil && err != db.ErrNotFound {
		return nil, err
	}
	if err != nil || fingerprint(admin) != s.sessions.GetString(ctx, keyPassword) {
		return nil, s.sessions.Destroy(ctx)
	}
	if s.sessions.Deadline(ctx).Before(s.Now().Add(SessionIdle - sessionStep)) {
		s.sessions.SetDeadline(ctx, s.Now().Add(SessionIdle).UTC())
	}
	s.noteVisit(ctx, admin)
	return &admin, nil
}

// noteVisit notes on which day an admin was here last, for others who run a city. A page does not fail because of it.
func (s *Site) noteVisit(ctx context.Context, admin db.Admin) {
	today := s.Now().UTC().Format(time.DateOnly)
	if admin.SeenOn == today {
		return
	}
	if err := s.DB.WithContext(ctx).Model(&db.Admin{}).Where("id = ?", admin.ID).Update("seen_on", today).Error; err != nil {
		s.Log.Warn("cannot note the day of a visit", "err", err)
	}
}

func fingerprint(admin db.Admin) string {
	sum := sha256.Sum256([]byte(admin.Password))
	return hex.EncodeToString(sum[:8])
}
