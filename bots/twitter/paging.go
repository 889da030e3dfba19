package twitter

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

// Page sizes: the usual one, and the smallest that X allows for mentions, for the end of a budget. The cost of a full page is
// reserved before it is read, and corrected afterwards.
const (
	pageSize    = 20
	minPageSize = 5
	// maxPages limits the pages of one poll: X returns 800 mentions at most. In a flood, older ones are lost.
	maxPages = 40
)

// scan is one poll for mentions or direct messages.
type scan struct {
	begin time.Time // older posts are not new,
	floor string    // nor are those whose ids are not greater
	each  amount    // maximum cost of one post
	// first is the size of the first page; the next pages grow. It is small where a poll returns old messages, since
	// X charges for the same message again each day.
	first int
	read  func(next string, size int) (page, error)
}

// collect reads pages, newest first, until one has an old post, and returns the new posts, oldest first. If a page fails, it returns the
// posts so far together with the error.
func (r *reader) collect(ctx context.Context, l scan) ([]post, error) {
	var found []post
	next, size := "", l.first
	for range maxPages {
		p, err := r.page(ctx, l, next, size)
		old := slices.IndexFunc(p.posts, func(one post) bool {
			return one.at.Before(l.begin.Truncate(time.Second)) || compareIDs(one.id, l.floor) <= 0
		})
		if old >= 0 {
			p.posts, p.next = p.posts[:old], ""
		}
		found = append(found, p.posts...)
		if err != nil || p.next == "" {
			return sorted(found), err
		}
		next, size = p.next, min(2*size, pageSize)
	}
	r.bot.Core.Log.Warn("more posts than X returns; the oldest are lost", "city", r.account.City, "posts", len(found))
	return sorted(found), nil
}

func sorted(posts []post) []post {
	slices.SortFunc(posts, func(a, b post) int { return compareIDs(a.id, b.id) })
	return posts
}

// page reserves the cost of a page, reads it, and corrects the cost.
func (r *reader) page(ctx context.Context, l scan, next string, size int) (page, error) {
	reservation, err := r.bot.reserveForReading(ctx, r.account.City, l.each*amount(size))
	if errors.Is(err, errBudget) && size > minPageSize {
		size = minPageSize
		reservation, err = r.bot.reserveForReading(ctx, r.account.City, l.each*minPageSize)
	}
	if err != nil {
		return page{}, err
	}
	p, err := l.read(next, size)
	// A failed call costs nothing here: it is repeated, and counted then.
	return p, errors.Join(err, reservation.commit(ctx, r.charge(p)))
}

// charge returns the cost of a page.
func (r *reader) charge(p page) amount {
	now, price := r.bot.Core.Now(), r.bot.operator.price
	if p.private {
		return r.dailyCharges.add(now, "message", ids(p.posts)...) * price.message
	}
	return r.dailyCharges.add(now, "post", ids(p.posts)...)*price.read + r.dailyCharges.add(now, "user", p.authors...)*price.user
}

func ids(posts []post) []string {
	all := make([]string, len(posts))
	for i, p := range posts {
		all[i] = p.id
	}
	return all
}

// isAboutRequest reports whether an error is about the request, not about the account or its login.
func (e *apiError) isAboutRequest() bool {
	return e.status != http.StatusUnauthorized && !e.has(codeSuspended, codeLocked, codeBadToken)
}
