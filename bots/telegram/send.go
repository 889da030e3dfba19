package telegram

import (
	"context"
	"errors"
	"strconv"

	"linienfunk/bots"
	"linienfunk/report"
)

// cursor is where a broadcast is: people first, then groups and channels, which may have to wait longer. It is written as
// "p12" or "g3": behind the subscriber of that ID.
type cursor struct {
	groups bool
	after  uint64
}

func (c cursor) String() string {
	if c.groups {
		return "g" + strconv.FormatUint(c.after, 10)
	}
	return "p" + strconv.FormatUint(c.after, 10)
}

func parseCursor(text string) (cursor, error) {
	if text == "" {
		return cursor{}, nil
	}
	after, err := strconv.ParseUint(text[1:], 10, 64)
	if err != nil || text[0] != 'p' && text[0] != 'g' {
		return cursor{}, bots.Permanent("error-refused", errors.New("not a cursor"))
	}
	return cursor{groups: text[0] == 'g', after: after}, nil
}

// SendPage sends the report to the next subscribers. Who has it is noted one by one, so that after a crash only those
// may get it twice whose answer from Telegram was under way (Telegram knows no idempotency keys): one, as long as Telegram
// answers within the gap between two messages.
func (b *Bot) SendPage(ctx context.Context, a bots.Account, r report.Report, at string) (string, int, error) {
	from, err := parseCursor(at)
	if err != nil {
		return "", 0, err
	}
	row, c, err := b.account(ctx, a.City)
	if errors.Is(err, errNoAccount) {
		return "", 0, bots.Permanent("error-no-account", err)
	}
	if err != nil {
		return at, 0, err
	}
	if left := b.paused(row); left > 0 {
		return at, 0, bots.RetryAfter(left, "error-too-many", errors.New("Telegram asked for a pause"))
	}
	p := &page{
		bot: b, client: c, row: row, report: r, key: b.core.Box.Digest("telegram delivery", r.Key())[:32],
		answered: make(chan struct{}, 1),
	}
	if err := p.load(ctx, from); err != nil {
		return at, 0, err
	}
	err = p.run(ctx)
	reached, served := p.reached(from)
	switch {
	case err != nil && reached == from:
		return at, 0, err
	case err != nil:
		return reached.String(), served, err
	case from == (cursor{}) && p.refused > 0 && p.refused == len(p.subscribers):
		return b.refusedByAll(ctx, a.City)
	case len(p.subscribers) == b.limits.page:
		return reached.String(), served, nil
	case !from.groups:
		return cursor{groups: true}.String(), served, nil
	}
	return "", served, nil
}

// refusedByAll ends a broadcast whose first page nobody could be sent, unless there are groups to try.
func (b *Bot) refusedByAll(ctx context.Context, city string) (string, int, error) {
	groups, err := b.store.page(ctx, city, true, 0, 1)
	if err != nil {
		return "", 0, err
	}
	if len(groups) > 0 {
		return cursor{groups: true}.String(), 0, nil
	}
	return "", 0, bots.Permanent("error-refused", errors.New("Telegram refuses the text"))
}
