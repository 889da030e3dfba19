package telegram

import (
	"context"
	"errors"
	"slices"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/report"
)

// SendPage sends the report to the next subscribers. Each delivery is recorded, so that after a crash only those subscribers may get
// the report twice whose message was in flight (Telegram has no idempotency keys): one, as long as Telegram responds within the
// interval between two messages.
func (b *Bot) SendPage(ctx context.Context, a bots.Account, r report.Report, at string) (string, int, error) {
	from, err := parseCursor(at)
	if err != nil {
		return "", 0, err
	}
	row, c, err := b.account(ctx, a.City)
	if errors.Is(err, kit.ErrNoAccount) {
		return "", 0, bots.Permanent("error-no-account", err)
	}
	if err != nil {
		return at, 0, err
	}
	if rest := b.resumePause(row); rest > 0 {
		return at, 0, bots.RetryAfter(rest, "error-too-many", errors.New("Telegram asked for a pause"))
	}
	p := newBroadcastPage(b, c, row, r)
	if err := p.load(ctx, from); err != nil {
		return at, 0, err
	}
	err = p.send(ctx)
	if slices.Contains(p.outcomes, queued) {
		b.wakeUp(a.City)
	}
	reached, delivered := p.progress(from)
	switch {
	case err != nil && reached == from:
		return at, 0, err
	case err != nil:
		return reached.String(), delivered, err
	case (from == (cursor{}) || from.refused) && p.rejected > 0 && p.rejected+p.unwanted == len(p.subscribers):
		if from.refused {
			return "", 0, errRejected()
		}
		return b.endRejected(ctx, a.City)
	case len(p.subscribers) == b.limits.pageSize:
		return reached.String(), delivered, nil
	case !from.groups:
		return cursor{groups: true}.String(), delivered, nil
	}
	return "", delivered, nil
}

// errRejected ends a broadcast whose text nobody may get.
func errRejected() error {
	return bots.Permanent("error-refused", errors.New("Telegram rejects the text"))
}

// endRejected ends a broadcast whose first page Telegram rejected for every subscriber, unless there are groups left to try.
func (b *Bot) endRejected(ctx context.Context, city string) (string, int, error) {
	groups, err := b.store.subscribersAfter(ctx, city, true, 0, 1)
	if err != nil {
		return "", 0, err
	}
	if len(groups) > 0 {
		return cursor{groups: true, refused: true}.String(), 0, nil
	}
	return "", 0, errRejected()
}
