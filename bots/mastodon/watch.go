package mastodon

import (
	"context"
	"fmt"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
)

// What happens to a mention after it was spread, as long as it is fresh:
//
//   - It is deleted: a boost of it vanishes by itself; a copy is deleted.
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
		return r.withdraw(ctx, post, !post.Boost, "its mention was deleted")
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
		return r.withdraw(ctx, post, true, "its mention was edited")
	}
	post.LookedAt = r.bot.store.utc()
	return r.bot.store.savePost(ctx, post)
}

// withdraw takes a post back, unless the instance did that itself, and looks no longer.
func (r *reader) withdraw(ctx context.Context, post Post, ours bool, why string) error {
	if ours {
		if err := r.takeBack(ctx, post); err != nil {
			return r.later(ctx, post, err)
		}
	}
	r.bot.core.Log.Info("a post was taken back", "city", post.City, "why", why)
	post.Source = ""
	return r.bot.store.savePost(ctx, post)
}

func (r *reader) takeBack(ctx context.Context, post Post) error {
	if !post.Boost {
		return r.client.remove(ctx, masto.ID(post.RemoteID))
	}
	_, err := r.client.Unreblog(ctx, masto.ID(post.Source))
	if gone(err) {
		return nil
	}
	return err
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
