package telegram

import (
	"context"
	"errors"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/report"
)

// editPause is how long an edit waits for a group whose limit leaves room only for reports.
const editPause = 15 * time.Second

// Edit edits a report in the groups and channels that got it, and changes it where it still waits. A group that accepts nothing now is tried again
// later, and holds up no other.
func (b *Bot) Edit(ctx context.Context, a bots.Account, r report.Report, _ report.Receipt) error {
	row, c, err := b.account(ctx, a.City)
	if errors.Is(err, kit.ErrNoAccount) {
		return bots.Permanent("error-no-account", err)
	}
	if err != nil {
		return err
	}
	if rest := b.resumePause(row); rest > 0 {
		return bots.RetryAfter(rest, "error-too-many", errors.New("Telegram asked for a pause"))
	}
	city, _, err := b.core.Cities.City(ctx, a.City)
	if err != nil {
		return err
	}
	text, key := b.composed(city, r), b.reportKey(r.Key())
	if err := b.store.changeQueued(ctx, a.City, key, text); err != nil {
		return err
	}
	text = groupText(text)
	messages, err := b.store.sentMessages(ctx, a.City, key, text)
	if err != nil {
		return err
	}
	var later time.Duration
	for _, m := range messages {
		delay, err := b.editMessage(ctx, row, c, m, text)
		if err != nil {
			return err
		}
		if delay > 0 && (later == 0 || delay < later) {
			later = delay
		}
	}
	if later > 0 {
		return bots.RetryAfter(later, "error-too-many", errors.New("groups accept no edit now"))
	}
	return nil
}

// editMessage edits the message in one group. It returns how long to wait if the group accepts nothing now.
func (b *Bot) editMessage(ctx context.Context, row Account, c *client, m SentMessage, text string) (later time.Duration, err error) {
	group, err := b.store.group(ctx, m.City, m.Subscriber)
	if errors.Is(err, errNoGroup) {
		return 0, b.store.deleteSentMessage(ctx, m)
	}
	if err != nil {
		return 0, err
	}
	chat, err := b.store.openChat(group.City, group.ChatHash, group.Chat)
	if err != nil {
		return 0, err
	}
	limiter := b.rateLimiter(m.City)
	b.restoreGroup(group)
	if limiter.recentCount(group.ChatHash) >= b.limits.groupMessages/2 { // the rest is for reports
		return editPause, nil
	}
	if err := limiter.wait(ctx, group.ChatHash, true); errors.Is(err, errGroupBusy) {
		return max(limiter.groupDelay(group.ChatHash), time.Second), nil
	} else if err != nil {
		return 0, bots.Retry("error-slow", err)
	}
	err = c.editText(ctx, chat, m.Message, text, nil)
	ctx = context.WithoutCancel(ctx) // the message was edited even if ctx has ended
	switch {
	case err == nil, isUnchanged(err):
		limiter.accepted()
		return 0, errors.Join(b.store.setShown(ctx, m, text), b.store.update(ctx, group, map[string]any{"recent": limiter.history(group.ChatHash)}))
	case retryAfter(err) > 0:
		return retryAfter(err), b.tooMany(ctx, row, group.ChatHash, true, retryAfter(err))
	case isRejected(err), migratedTo(err) != 0: // deleted, or too old, or not ours to edit any more
		return 0, b.store.deleteSentMessage(ctx, m)
	}
	return 0, botError("edit message", err)
}

// isUnchanged reports whether Telegram rejects an edit because the message has that text already (https://github.com/TelegramBotAPI/errors).
func isUnchanged(err error) bool {
	return isRejected(err) && strings.Contains(strings.ToLower(err.Error()), "message is not modified")
}

// composed is the text of a report with what has become of it.
func (b *Bot) composed(city bots.City, r report.Report) string {
	if state := kit.State(b.core.Pages, city, r); state != "" {
		r.Text = truncateTo(r.Text, maxText-utf16Length("\n\n"+state))
	}
	return kit.TextWithState(b.core.Pages, city, r)
}

// groupText is a text as groups and channels get it.
func groupText(text string) string { return truncate(suppressMentions(text)) }
