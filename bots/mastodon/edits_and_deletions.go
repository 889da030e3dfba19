package mastodon

import (
	"context"
	"fmt"
	"slices"
	"time"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/report"
)

// What happens when a mention changes after it was posted, as long as it is fresh:
//
//   - Its author deletes it: the report is withdrawn, and the core retracts it from all networks, this one included.
//   - Its author edits it: the edited text is no new report and the censor does not judge it. A boost would show it, so the boost is
//     undone. A copy stays as it is.
//
// Streams and notifications announce some of these changes, but not all of them, and not on all servers. So once a minute the newest notifications
// are read again: those of deleted mentions are gone, and those of edited ones have the new text. What they show only causes a check of the
// mention itself, since notifications are also gone when they are dismissed, or when their author is muted.

const (
	// sweepPages is how many pages of notifications are read to compare them.
	sweepPages = 5
	// checksPerPoll is how many mentions are checked one by one before the next poll.
	checksPerPoll = 5
)

// checkMentions compares the fresh mentions with their notifications once a minute, and checks the suspicious ones, a few at each poll.
func (r *reader) checkMentions(ctx context.Context) error {
	city, _, err := r.bot.Core.Cities.City(ctx, r.account.City)
	if err != nil {
		return fmt.Errorf("look up city: %w", err)
	}
	if may, err := r.mayHavePosts(ctx, city.Freshness); err != nil || !may {
		return err
	}
	now := r.bot.Core.Now()
	fresh, err := r.bot.store.freshPosts(ctx, r.account, now.Add(-city.Freshness))
	if r.checking = len(fresh) > 0; !r.checking {
		r.noneFreshAt = now
	}
	if err != nil || len(fresh) == 0 {
		return err
	}
	due := slices.DeleteFunc(slices.Clone(fresh), func(p Post) bool { return now.Sub(p.LookedAt) < r.bot.timing.mentionCheck })
	if now.Sub(r.sweptAt) >= r.bot.timing.mentionCheck {
		r.sweptAt = now
		// A mention is as old as its post, or older by at most the time within which it could be sent.
		if due, err = r.sweep(ctx, fresh, fresh[0].CreatedAt.Add(-city.Freshness)); err != nil {
			return err
		}
	}
	slices.SortStableFunc(due, func(a, b Post) int { return a.LookedAt.Compare(b.LookedAt) })
	for _, post := range due[:min(len(due), checksPerPoll)] {
		if err := r.checkMention(ctx, post); err != nil {
			return err
		}
	}
	return nil
}

// mayHavePosts reports whether there may be posts whose mention is checked. A mention is posted while it is fresh, and its post is then fresh for as
// long again. One from before the start may still wait to be posted; on most accounts none does.
func (r *reader) mayHavePosts(ctx context.Context, fresh time.Duration) (bool, error) {
	now := r.bot.Core.Now()
	switch {
	case r.checking, now.Sub(r.mentionedAt) <= 2*fresh:
		return true, nil
	case now.Sub(r.startedAt) > 2*fresh, now.Sub(r.noneFreshAt) < r.bot.timing.restCheck:
		return false, nil
	}
	has, err := r.bot.recent.has(ctx, r.bot.store, r.account.City, fresh)
	if err == nil && !has {
		r.noneFreshAt = now
	}
	return has, err
}

// sweep compares mentions with the notifications since a time. It checks those that stand boosted with another text than was judged, notes
// that the others stand as they were, and returns those without a notification.
func (r *reader) sweep(ctx context.Context, fresh []Post, since time.Time) (missing []Post, err error) {
	shown := map[string]*masto.Status{}
	err = r.pager.newestPages(ctx, sweepPages, func(found page) (more bool) {
		more = true
		for _, n := range found.notifications {
			if n.Type == "mention" && n.Status != nil {
				shown[string(n.Status.ID)] = n.Status
				r.noteAuthor(n.Status)
			}
			more = more && n.CreatedAt.After(since)
		}
		return more && slices.ContainsFunc(fresh, func(p Post) bool { return shown[p.Source] == nil })
	})
	if err != nil {
		return nil, r.ifSerious(ctx, "compare mentions", err)
	}
	var unchanged []string
	for _, post := range fresh {
		switch now := shown[post.Source]; {
		case now == nil:
			missing = append(missing, post)
		case post.Boost && r.changed(post, now):
			if err := r.checkMention(ctx, post); err != nil {
				return nil, err
			}
		default:
			unchanged = append(unchanged, post.Source)
		}
	}
	return missing, r.bot.store.notePosts(ctx, r.account, unchanged)
}

// mentionDeleted checks a mention that was deleted, according to the stream.
func (r *reader) mentionDeleted(ctx context.Context, id masto.ID) error {
	post, found, err := r.bot.store.postOf(ctx, r.account, id)
	if err != nil || !found {
		return err
	}
	delete(r.authors, post.Source) // a block is not announced as a deletion
	return r.checkMention(ctx, post)
}

// mentionEdited compares a mention that was edited, according to a notification.
func (r *reader) mentionEdited(ctx context.Context, s *masto.Status) error {
	post, found, err := r.bot.store.postOf(ctx, r.account, s.ID)
	if err != nil || !found {
		return err
	}
	return r.compareMention(ctx, post, s)
}

func (r *reader) checkMention(ctx context.Context, post Post) error {
	if err := r.limit.Wait(ctx); err != nil {
		return err
	}
	now, err := r.client.GetStatus(ctx, masto.ID(post.Source))
	if notFound(err) {
		// If another program has replaced the instance, it does not find the account either.
		if _, err := r.client.verifyCredentials(ctx); err != nil {
			return r.retryLater(ctx, post, err)
		}
		blocked, err := r.isBlocked(ctx, post)
		switch {
		case err != nil:
			return r.retryLater(ctx, post, err)
		case blocked:
			return r.endChecks(ctx, post)
		}
		return r.withdraw(ctx, post)
	}
	if err != nil {
		return r.retryLater(ctx, post, err)
	}
	return r.compareMention(ctx, post, now)
}

// changed reports whether a mention has another text than the censor saw, or is no longer public.
func (r *reader) changed(post Post, now *masto.Status) bool {
	return r.bot.store.digest(statusText(r.account, now)) != post.Judged || !public(now.Visibility)
}

// compareMention undoes the boost of a mention that has changed.
func (r *reader) compareMention(ctx context.Context, post Post, now *masto.Status) error {
	if post.Boost && r.changed(post, now) {
		return r.undoBoost(ctx, post)
	}
	post.LookedAt = r.bot.store.utc()
	return r.bot.store.saveCheck(ctx, post)
}

// withdraw reports that a mention was deleted, and ends the checks of it.
func (r *reader) withdraw(ctx context.Context, post Post) error {
	if err := r.out(ctx, report.Report{ID: post.Source, Withdrawn: report.ByAuthor}); err != nil {
		return err
	}
	r.bot.Core.Log.Info("a mention was deleted; its report is withdrawn", "city", post.City)
	return r.endChecks(ctx, post)
}

// endChecks ends the checks of a mention.
func (r *reader) endChecks(ctx context.Context, post Post) error {
	post.Source = ""
	return r.bot.store.saveCheck(ctx, post)
}

// undoBoost undoes a boost. The mention is still checked: its author may delete it later.
func (r *reader) undoBoost(ctx context.Context, post Post) error {
	if _, err := r.client.Unreblog(ctx, masto.ID(post.Source)); err != nil && !notFound(err) {
		return r.retryLater(ctx, post, err)
	}
	r.bot.Core.Log.Info("a mention was edited; its boost was undone", "city", post.City)
	post.Boost, post.LookedAt = false, r.bot.store.utc()
	return r.bot.store.saveCheck(ctx, post)
}

// retryLater leaves a mention to the next check. It returns only errors that concern the whole account.
func (r *reader) retryLater(ctx context.Context, post Post, err error) error {
	if err := r.ifSerious(ctx, "check mention", err); err != nil {
		return err
	}
	post.LookedAt = r.bot.store.utc()
	return r.bot.store.saveCheck(ctx, post)
}

// ifSerious returns an error that concerns the whole account, explained, and logs others.
func (r *reader) ifSerious(ctx context.Context, what string, err error) error {
	err = r.client.explain(ctx, what, err)
	if kind := bots.AsError(err).Kind; kind == bots.KindRevoked || kind == bots.KindRetryAfter || ctx.Err() != nil {
		return err
	}
	r.bot.Core.Log.Debug("check of mentions failed; will retry", "city", r.account.City, "err", err)
	return nil
}
