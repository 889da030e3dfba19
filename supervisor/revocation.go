package supervisor

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/report"
)

// stopRevoked is called by a worker that ends because its account is revoked.
func (s *Supervisor) stopRevoked(ctx context.Context, w *worker, say string) {
	ctx, cancel := outlive(ctx)
	defer cancel()
	k := key{w.account.City, w.member.Name}
	status := w.status()
	s.mu.Lock()
	if s.workers[k] != w { // the account has changed meanwhile
		s.mu.Unlock()
		return
	}
	delete(s.workers, k)
	s.stopping[k] = w
	s.revoked[k], s.revisions[k] = status, w.account.Revision
	left := s.queues[k].empty()
	delete(s.queues, k)
	s.mu.Unlock()

	if s.env.Revoked != nil {
		s.env.Revoked(ctx, w.account, status) // before it is stored: two notices are better than none
	}
	row := db.Revocation{City: k.city, Bot: k.bot, Revision: w.account.Revision, Detail: report.Cut(say, 500)}
	if err := s.env.DB.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		s.env.Log.Error("cannot store a revocation", "city", k.city, "bot", k.bot, "err", err)
	}
	s.mu.Lock()
	_, still := s.revoked[k]
	s.mu.Unlock()
	if !still { // cleared meanwhile
		s.deleteRevocation(ctx, k)
	}
	for _, o := range left {
		s.ending.add(o, db.Failed, say)
	}
}

// clearRevocations deletes the revocations of accounts that are gone or have a new revision.
func (s *Supervisor) clearRevocations(ctx context.Context, bot string, accounts map[string]bots.Account) {
	var over []key
	s.mu.Lock()
	for k := range s.revoked {
		if account, ok := accounts[k.city]; k.bot == bot && (!ok || account.Revision != s.revisions[k]) {
			over = append(over, k)
			delete(s.revoked, k)
			delete(s.revisions, k)
		}
	}
	s.mu.Unlock()
	for _, k := range over {
		s.deleteRevocation(ctx, k)
	}
}

func (s *Supervisor) deleteRevocation(ctx context.Context, k key) {
	err := s.env.DB.WithContext(ctx).Where("city = ? AND bot = ?", k.city, k.bot).Delete(&db.Revocation{}).Error
	if err != nil && ctx.Err() == nil {
		s.env.Log.Error("cannot delete a revocation", "city", k.city, "bot", k.bot, "err", err)
	}
}

func (s *Supervisor) loadRevocations(ctx context.Context) error {
	var rows []db.Revocation
	if err := s.env.DB.WithContext(ctx).Find(&rows).Error; err != nil {
		return fmt.Errorf("load revocations: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range rows {
		k := key{row.City, row.Bot}
		s.revoked[k] = Status{Bot: row.Bot, State: Revoked, Detail: row.Detail, Since: row.CreatedAt}
		s.revisions[k] = row.Revision
	}
	return nil
}
