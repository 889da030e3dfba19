package mastodon

import (
	"context"
	"fmt"

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
// Streams and notifications announce some of these changes. An announcement only causes a check of the mention. Since not all changes
// are announced, and not by all servers, each mention is also checked from time to time.

// checkNextMention checks the mention that was checked longest ago, if one is due: one call at most.
func (r *reader) checkNextMention(ctx context.Context) error {
	city, _, err := r.bot.Core.Cities.City(ctx, r.account.City)
	if err != nil {
		return fmt.Errorf("look up city: %w", err)
	}
	now := r.bot.Core.Now()
	post, found, err := r.bot.store.nextToCheck(ctx, r.account, now.Add(-city.Freshness), now.Add(-r.bot.timing.mentionCheck))
	if err != nil || !found {
		return err
	}
	return r.checkMention(ctx, post)
}

// mentionDeleted checks a mention that was deleted, according to the stream.
func (r *reader) mentionDeleted(ctx context.Context, id masto.ID) error {
	post, found, err := r.bot.store.postOf(ctx, r.account, id)
	if err != nil || !found {
		return err
	}
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
		return r.withdraw(ctx, post)
	}
	if err != nil {
		return r.retryLater(ctx, post, err)
	}
	return r.compareMention(ctx, post, now)
}

// compareMention undoes the boost of a mention that has another text than the censor saw, or that is no longer public.
func (r *reader) compareMention(ctx context.Context, post Post, now *masto.Status) error {
	changed := r.bot.store.digest(statusText(r.account, now)) != post.Judged || !public(now.Visibility)
	if post.Boost && changed {
		return r.undoBoost(ctx, post)
	}
	post.LookedAt = r.bot.store.utc()
	return r.bot.store.savePost(ctx, post)
}

// withdraw reports that a mention was deleted, and ends the checks of it.
func (r *reader) withdraw(ctx context.Context, post Post) error {
	if err := r.out(ctx, report.Report{ID: post.Source, Withdrawn: report.ByAuthor}); err != nil {
		return err
	}
	r.bot.Core.Log.Info("a mention was deleted; its report is withdrawn", "city", post.City)
	post.Source = ""
	return r.bot.store.savePost(ctx, post)
}

// undoBoost undoes a boost, and ends the checks of the mention.
func (r *reader) undoBoost(ctx context.Context, post Post) error {
	if _, err := r.client.Unreblog(ctx, masto.ID(post.Source)); err != nil && !notFound(err) {
		return r.retryLater(ctx, post, err)
	}
	r.bot.Core.Log.Info("a mention was edited; its boost was undone", "city", post.City)
	post.Source = ""
	return r.bot.store.savePost(ctx, post)
}

// retryLater leaves a mention to the next check. It returns only errors that concern the whole account.
func (r *reader) retryLater(ctx context.Context, post Post, err error) error {
	err = r.client.explain(ctx, "check mention", err)
	if kind := bots.AsError(err).Kind; kind == bots.KindRevoked || kind == bots.KindRetryAfter || ctx.Err() != nil {
		return err
	}
	r.bot.Core.Log.Debug("check of a mention failed; will retry", "city", post.City, "err", err)
	post.LookedAt = r.bot.store.utc()
	return r.bot.store.savePost(ctx, post)
}
