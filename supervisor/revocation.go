package supervisor

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/report"
)

// halt is called by a process that ends because its account is revoked.
func (s *Supervisor) halt(ctx context.Context, p *process, say string) {
	ctx, cancel := linger(ctx)
	defer cancel()
	k := key{p.account.City, p.member.Name}
	status := p.status()
	s.mu.Lock()
	if s.processes[k] != p { // changed meanwhile
		s.mu.Unlock()
		return
	}
	delete(s.processes, k)
	s.leaving[k] = p
	s.halted[k], s.revisions[k] = status, p.account.Revision
	left := s.boxes[k].empty()
	delete(s.boxes, k)
	s.mu.Unlock()

	if s.env.Revoked != nil {
		s.env.Revoked(ctx, p.account, status) // before it is remembered: told twice is better than never
	}
	row := db.Revocation{City: k.city, Bot: k.bot, Revision: p.account.Revision, Detail: report.Cut(say, 500)}
	if err := s.env.DB.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		s.env.Log.Error("cannot remember a revocation", "city", k.city, "bot", k.bot, "err", err)
	}
	s.mu.Lock()
	_, still := s.halted[k]
	s.mu.Unlock()
	if !still { // pardoned meanwhile
		s.forgetRevocation(ctx, k)
	}
	for _, msg := range left {
		s.discard(ctx, msg, db.Failed, say)
	}
}

// pardon forgets the revocations of accounts that are gone or have new credentials.
func (s *Supervisor) pardon(ctx context.Context, bot string, accounts map[string]bots.Account) {
	var over []key
	s.mu.Lock()
	for k := range s.halted {
		if account, ok := accounts[k.city]; k.bot == bot && (!ok || account.Revision != s.revisions[k]) {
			over = append(over, k)
			delete(s.halted, k)
			delete(s.revisions, k)
		}
	}
	s.mu.Unlock()
	for _, k := range over {
		s.forgetRevocation(ctx, k)
	}
}

func (s *Supervisor) forgetRevocation(ctx context.Context, k key) {
	err := s.env.DB.WithContext(ctx).Where("city = ? AND bot = ?", k.city, k.bot).Delete(&db.Revocation{}).Error
	if err != nil && ctx.Err() == nil {
		s.env.Log.Error("cannot forget a revocation", "city", k.city, "bot", k.bot, "err", err)
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
		s.halted[k] = Status{Bot: row.Bot, State: Halted, Detail: row.Detail, Since: row.CreatedAt}
		s.revisions[k] = row.Revision
	}
	return nil
}
