package twitter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

// Spending is the spending of a city in a month. It stays when the account is disconnected: a new login gives no new budget.
type Spending struct {
	City  string `gorm:"primaryKey;size:32"`
	Month string `gorm:"primaryKey;size:7"` // in UTC, as X counts: 2026-11
	Calls int64  `gorm:"not null"`
	Cost  amount `gorm:"not null"`
}

// budget is a city's limit of spending in a month.
type budget struct {
	calls int64
	money amount
}

// errBudget says that a call was not made because it could exceed the budget.
var errBudget = errors.New("the month's budget is spent")

// budgetOf returns the budget that a city has chosen.
func budgetOf(city bots.City) budget {
	return budget{calls: int64(city.Options.Number("calls")), money: amount(city.Options.Number("money")) * oneUnit}
}

// forReading is nine tenths of a budget. Polling never stops; the rest is for posting reports from other
// networks.
func (l budget) forReading() budget {
	return budget{calls: l.calls - l.calls/10, money: l.money - l.money/10}
}

// month names the month of a time.
func month(at time.Time) string { return at.UTC().Format("2006-01") }

// untilNextMonth is the time until the end of the month.
func untilNextMonth(now time.Time) time.Duration {
	now = now.UTC()
	return time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC).Sub(now)
}

// reservation is a part of the budget that is reserved for one call.
type reservation struct {
	store store
	city  string
	month string
	left  amount // counted for the call
}

// reserve counts one call and its maximum cost, or returns errBudget and counts nothing. It is called before the call is made: after a
// crash in between, too much is counted, never too little.
func (b *bot) reserve(ctx context.Context, city string, most amount) (*reservation, error) {
	limit, err := b.limit(ctx, city)
	if err != nil {
		return nil, err
	}
	return b.reserveWithin(ctx, city, most, limit)
}

// reserveForReading is reserve for reading, which leaves a part of the budget for posting.
func (b *bot) reserveForReading(ctx context.Context, city string, most amount) (*reservation, error) {
	limit, err := b.limit(ctx, city)
	if err != nil {
		return nil, err
	}
	return b.reserveWithin(ctx, city, most, limit.forReading())
}

// limit returns the budget of a city.
func (b *bot) limit(ctx context.Context, city string) (budget, error) {
	known, ok, err := b.Core.Cities.City(ctx, city)
	if err != nil {
		return budget{}, fmt.Errorf("look up city: %w", err)
	}
	if !ok {
		return budget{}, kit.ErrNoAccount
	}
	return budgetOf(known), nil
}

// reserveUnlimited counts a call that is made even if it exceeds the budget, such as retracting a report.
func (b *bot) reserveUnlimited(ctx context.Context, city string, cost amount) (*reservation, error) {
	return b.reserveWithin(ctx, city, cost, budget{calls: 1 << 60, money: 1 << 60})
}

func (b *bot) reserveWithin(ctx context.Context, city string, most amount, limit budget) (*reservation, error) {
	p := &reservation{store: b.store, city: city, month: month(b.Core.Now()), left: most}
	done, err := p.add(ctx, 1, most, limit)
	if err != nil {
		return nil, err
	}
	if !done {
		return nil, errBudget
	}
	return p, nil
}

// add is one SQL statement, so that concurrent calls do not exceed the budget together.
func (p *reservation) add(ctx context.Context, calls int64, cost amount, limit budget) (bool, error) {
	tx := p.store.db.WithContext(ctx)
	first := Spending{City: p.city, Month: p.month}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&first).Error; err != nil {
		return false, fmt.Errorf("count call: %w", err)
	}
	done := tx.Model(&Spending{}).
		Where("city = ? AND month = ? AND calls + ? <= ? AND cost + ? <= ?", p.city, p.month, calls, limit.calls, cost, limit.money).
		Updates(map[string]any{"calls": gorm.Expr("calls + ?", calls), "cost": gorm.Expr("cost + ?", cost)})
	return done.RowsAffected == 1, wrap("count call", done.Error)
}

// commit replaces the maximum cost by the real cost, even if ctx has ended.
func (p *reservation) commit(ctx context.Context, cost amount) error {
	back := p.left - cost
	p.left = cost
	if back == 0 {
		return nil
	}
	err := p.store.db.WithContext(context.WithoutCancel(ctx)).Model(&Spending{}).
		Where("city = ? AND month = ?", p.city, p.month).Update("cost", gorm.Expr("cost - ?", back)).Error
	return wrap("correct cost", err)
}

// spent returns the spending of a city this month.
func (s store) spent(ctx context.Context, city string) (Spending, error) {
	row := Spending{City: city, Month: month(s.now())}
	err := s.db.WithContext(ctx).Where("city = ? AND month = ?", row.City, row.Month).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = nil
	}
	return row, wrap("read spending", err)
}

// dailyCharges records the charges of today: the same post, author or message costs once in a day of UTC, however often
// it is read (https://docs.x.com/x-api/getting-started/pricing#deduplication). After a restart it is empty, so that too much may be
// counted, but not too little.
type dailyCharges struct {
	day  string
	seen map[string]bool
}

// add returns how many of the names are not charged yet, and records them.
func (b *dailyCharges) add(now time.Time, kind string, names ...string) amount {
	if day := now.UTC().Format(time.DateOnly); day != b.day {
		b.day, b.seen = day, map[string]bool{}
	}
	count := amount(0)
	for _, name := range names {
		if !b.seen[kind+name] {
			b.seen[kind+name] = true
			count++
		}
	}
	return count
}
