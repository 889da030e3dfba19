package mastodon

import (
	"context"
	"fmt"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/report"
)

// What happens to a mention after it was spread, as long as it is fresh:
//
//   - It is deleted: the report is withdrawn, and the core takes it back from all networks, this one included.
//   - It is edited: that is no second report, and nobody judges the new text. A boost would show it all the same, so it is
//     taken back. A copy stays what was judged.
//
// Streams and notifications tell of some of this. What they say is a reason to look, no more; and because they do not tell of
// all of it, or are not there, each mention is looked at once a while anyway.

// watch looks at the mention that was not looked at for the longest time, if there is one that is due: one call at most.
func (r *reader) watch(ctx context.Context) error {
	city, _, err := r.bot.core.Cities.City(ctx, r.account.City)
	if err != nil {
		return fmt.Errorf("look up city: %w", err)
	}
	now := r.bot.core.Now()
	post, found, err := r.bot.store.watched(ctx, r.account, now.Add(-city.Freshness), now.Add(-r.bot.pace.watch))
	if err != nil || !found {
		return err
	}
	return r.look(ctx, post)
}

// deleted looks at a mention that a stream says to be gone.
func (r *reader) deleted(ctx context.Context, id masto.ID) error {
	post, found, err := r.bot.store.postOf(ctx, r.account, id)
	if err != nil || !found {
		return err
	}
	return r.look(ctx, post)
}

// edited looks at a mention that a notification says to be changed.
func (r *reader) edited(ctx context.Context, s *masto.Status) error {
	post, found, err := r.bot.store.postOf(ctx, r.account, s.ID)
	if err != nil || !found {
		return err
	}
	return r.compare(ctx, post, s)
}

func (r *reader) look(ctx context.Context, post Post) error {
	if err := r.limit.Wait(ctx); err != nil {
		return err
	}
	now, err := r.client.GetStatus(ctx, masto.ID(post.Source))
	if gone(err) {
		// Whatever may have taken the place of an instance knows no status, but no account either.
		if _, err := r.client.self(ctx); err != nil {
			return r.later(ctx, post, err)
		}
		return r.withdraw(ctx, post)
	}
	if err != nil {
		return r.later(ctx, post, err)
	}
	return r.compare(ctx, post, now)
}

// compare takes the boost of a mention back that no longer says what was judged, or that is for fewer people now.
func (r *reader) compare(ctx context.Context, post Post, now *masto.Status) error {
	changed := r.bot.store.digest(statusText(r.account, now)) != post.Judged || !public(now.Visibility)
	if post.Boost && changed {
		return r.unboost(ctx, post)
	}
	post.LookedAt = r.bot.store.utc()
	return r.bot.store.savePost(ctx, post)
}

// withdraw hands in that a mention is gone, and looks no longer.
func (r *reader) withdraw(ctx context.Context, post Post) error {
	if err := r.out(ctx, report.Report{ID: post.Source, Withdrawn: report.ByAuthor}); err != nil {
		return err
	}
	r.bot.core.Log.Info("a mention was deleted; its report is withdrawn", "city", post.City)
	post.Source = ""
	return r.bot.store.savePost(ctx, post)
}

// unboost takes a boost back, and looks no longer.
func (r *reader) unboost(ctx context.Context, post Post) error {
	if _, err := r.client.Unreblog(ctx, masto.ID(post.Source)); err != nil && !gone(err) {
		return r.later(ctx, post, err)
	}
	r.bot.core.Log.Info("a mention was edited; its boost was taken back", "city", post.City)
	post.Source = ""
	return r.bot.store.savePost(ctx, post)
}

// later leaves it to the next look. Only what concerns the whole account ends the reading.
func (r *reader) later(ctx context.Context, post Post, err error) error {
	err = r.client.explain(ctx, "look at mention", err)
	if kind := bots.AsError(err).Kind; kind == bots.KindRevoked || kind == bots.KindRetryAfter || ctx.Err() != nil {
		return err
	}
	r.bot.core.Log.Debug("cannot look at a mention that was spread; will try again", "city", post.City, "err", err)
	post.LookedAt = r.bot.store.utc()
	return r.bot.store.savePost(ctx, post)
}
