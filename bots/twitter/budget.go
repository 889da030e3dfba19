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

// Spending is what a city has spent in a month. It stays when the account is disconnected: another login is no new budget.
type Spending struct {
	City  string `gorm:"primaryKey;size:32"`
	Month string `gorm:"primaryKey;size:7"` // in UTC, as X counts: 2026-11
	Calls int64  `gorm:"not null"`
	Cost  amount `gorm:"not null"`
}

// budget is what a city may spend in a month.
type budget struct {
	calls int64
	money amount
}

// errBudget says that a call was not made, since it would have overrun the budget.
var errBudget = errors.New("the month's budget is spent")

// budgetOf is what a city has chosen.
func budgetOf(city bots.City) budget {
	return budget{calls: int64(city.Options.Number("calls")), money: amount(city.Options.Number("money")) * whole}
}

// forReading is nine tenths of a budget: looking for mentions goes on day and night, and would leave nothing for what riders
// report elsewhere.
func (l budget) forReading() budget {
	return budget{calls: l.calls - l.calls/10, money: l.money - l.money/10}
}

// month names the month of a time.
func month(at time.Time) string { return at.UTC().Format("2006-01") }

// untilNextMonth is how long the present month still lasts.
func untilNextMonth(now time.Time) time.Duration {
	now = now.UTC()
	return time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC).Sub(now)
}

// purse pays for one call.
type purse struct {
	store store
	city  string
	month string
	left  amount // of what was counted for the call, and may be given back
}

// pay counts one call, and the most that it may cost, or returns errBudget and counts nothing. It is called before the
// call is made: a crash in between counts too much, never too little.
func (b *bot) pay(ctx context.Context, city string, most amount) (*purse, error) {
	limit, err := b.limit(ctx, city)
	if err != nil {
		return nil, err
	}
	return b.payWithin(ctx, city, most, limit)
}

// payToRead is pay for reading, which leaves a part of the budget for posting.
func (b *bot) payToRead(ctx context.Context, city string, most amount) (*purse, error) {
	limit, err := b.limit(ctx, city)
	if err != nil {
		return nil, err
	}
	return b.payWithin(ctx, city, most, limit.forReading())
}

// limit is the budget of a city.
func (b *bot) limit(ctx context.Context, city string) (budget, error) {
	known, ok, err := b.core.Cities.City(ctx, city)
	if err != nil {
		return budget{}, fmt.Errorf("look up city: %w", err)
	}
	if !ok {
		return budget{}, kit.ErrNoAccount
	}
	return budgetOf(known), nil
}

// payAnyway counts a call that is made even if it overruns the budget: what must be taken back is taken back.
func (b *bot) payAnyway(ctx context.Context, city string, cost amount) (*purse, error) {
	return b.payWithin(ctx, city, cost, budget{calls: 1 << 60, money: 1 << 60})
}

func (b *bot) payWithin(ctx context.Context, city string, most amount, limit budget) (*purse, error) {
	p := &purse{store: b.store, city: city, month: month(b.core.Now()), left: most}
	done, err := p.add(ctx, 1, most, limit)
	if err != nil {
		return nil, err
	}
	if !done {
		return nil, errBudget
	}
	return p, nil
}

// add is one statement, so that calls made at the same time never overrun the budget together.
func (p *purse) add(ctx context.Context, calls int64, cost amount, limit budget) (bool, error) {
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

// settle corrects what was counted to what the call did cost. It works when ctx has ended, too.
func (p *purse) settle(ctx context.Context, cost amount) error {
	back := p.left - cost
	p.left = cost
	if back == 0 {
		return nil
	}
	err := p.store.db.WithContext(context.WithoutCancel(ctx)).Model(&Spending{}).
		Where("city = ? AND month = ?", p.city, p.month).Update("cost", gorm.Expr("cost - ?", back)).Error
	return wrap("settle call", err)
}

// spent is what a city has spent this month.
func (s store) spent(ctx context.Context, city string) (Spending, error) {
	row := Spending{City: city, Month: month(s.now())}
	err := s.db.WithContext(ctx).Where("city = ? AND month = ?", row.City, row.Month).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = nil
	}
	return row, wrap("read spending", err)
}

// bill remembers what X has charged for today: the same post, author or message costs once in a day of UTC, however often
// it is read (https://docs.x.com/x-api/getting-started/pricing#deduplication). After a restart it begins anew, and
// counts too much rather than too little.
type bill struct {
	day  string
	seen map[string]bool
}

// add returns how many of the names X had not charged for, and remembers them.
func (b *bill) add(now time.Time, kind string, names ...string) amount {
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
