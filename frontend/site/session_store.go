package site

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
)

// sessionStore stores sessions in the database, for package scs. Tokens arrive hashed (HashTokenInStore).
type sessionStore struct {
	db  *db.DB
	now func() time.Time
}

// FindCtx returns the session's data; false if there is no such session or it has expired.
func (s *sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var row db.Session
	err := s.db.WithContext(ctx).Where("token = ? AND expires_at > ?", token, db.Time(s.now())).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read session: %w", err)
	}
	return row.Data, true, nil
}

// CommitCtx writes a session. The admin's id is a column of its own, so that all sessions of an admin can be deleted.
func (s *sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	row := db.Session{Token: token, Data: data, ExpiresAt: db.Time(expiry)}
	row.AdminID, _ = values[keyAdmin].(uint)
	if err := s.db.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return nil
}

// DeleteCtx deletes a session. Expired sessions are deleted by account.Pages.Prune.
func (s *sessionStore) DeleteCtx(ctx context.Context, token string) error {
	err := s.db.WithContext(ctx).Where("token = ?", token).Delete(&db.Session{}).Error
	if err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

// scs.Store requires Find, Commit and Delete; scs calls the methods with a context if they exist.

// Find is FindCtx.
func (s *sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx.
func (s *sessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx.
func (s *sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
