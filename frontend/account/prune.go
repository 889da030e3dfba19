package account

import (
	"context"
	"errors"
	"fmt"

	"linienfunk/db"
)

// Prune deletes expired links and sessions. They contain addresses, and nothing else deletes those that are not used again.
func (p *Pages) Prune(ctx context.Context) error {
	var failed error
	for _, rows := range []any{&db.Token{}, &db.Session{}} {
		err := p.DB.WithContext(ctx).Where("expires_at <= ?", db.Time(p.Now())).Delete(rows).Error
		failed = errors.Join(failed, err)
	}
	if failed != nil {
		return fmt.Errorf("delete expired links and sessions: %w", failed)
	}
	return nil
}
