package mastodon

import (
	"context"
	"maps"
	"net/url"
	"time"

	masto "github.com/mattn/go-mastodon"
)

// A mention whose author we have blocked, or who has blocked us, cannot be read any more, as if it were deleted. Its report must not be withdrawn:
// who blocks a troublemaker needs what was written. Instances say who is blocked only by the id of the account, which is therefore remembered
// in memory while a mention may be checked.

// author is the account that wrote a mention.
type author struct {
	id masto.ID
	at time.Time // when it was last seen
}

func (r *reader) noteAuthor(s *masto.Status) {
	r.authors[string(s.ID)] = author{s.Account.ID, r.bot.Core.Now()}
}

// forgetAuthors forgets those of mentions that are no longer checked.
func (r *reader) forgetAuthors() {
	before := r.bot.Core.Now().Add(-keptPosts)
	maps.DeleteFunc(r.authors, func(_ string, a author) bool { return a.at.Before(before) })
}

// isBlocked reports whether there is a block between the account and the author of a mention, in either direction
// (https://docs.joinmastodon.org/methods/accounts/#relationships). It is false if nobody knows: the author was not seen since the
// start, or the login is from before it asked for read:follows.
func (r *reader) isBlocked(ctx context.Context, post Post) (bool, error) {
	by, known := r.authors[post.Source]
	if !known || by.id == "" {
		return false, nil
	}
	var found []struct {
		ID        masto.ID `json:"id"`
		Blocking  bool     `json:"blocking"`
		BlockedBy bool     `json:"blocked_by"`
	}
	err := r.client.do(ctx, "/api/v1/accounts/relationships?"+url.Values{"id[]": {string(by.id)}}.Encode(), nil, &found)
	if code := status(err); code >= 400 && code < 500 {
		return false, nil
	}
	for _, one := range found {
		if one.ID == by.id && (one.Blocking || one.BlockedBy) {
			return true, nil
		}
	}
	return false, err
}
