package twitter

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

// Page sizes: the usual one, and the smallest that X allows for mentions, for the end of a budget. All of a page is counted
// before it is read, and what it did not have is given back.
const (
	pageSize    = 20
	minPageSize = 5
	// maxPages is how far a look goes back: X shows 800 mentions at most. What is older is lost in a flood.
	maxPages = 40
)

// look is one look at mentions or direct messages.
type look struct {
	begin time.Time // what is older is not new,
	floor string    // and neither is what has no larger id
	each  amount    // the most that one post may cost
	// first is the size of the first page; the others grow. Where a look in vain is shown what was there before, it is small:
	// X charges for the same message again each day.
	first int
	read  func(next string, size int) (page, error)
}

// collect reads page after page, newest first, until one has what is not new, and returns what is new, oldest first. Of an error that
// comes in between it returns what it has.
func (r *reader) collect(ctx context.Context, l look) ([]post, error) {
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
	r.bot.core.Log.Warn("more than X shows at once, the oldest are lost", "city", r.account.City, "posts", len(found))
	return sorted(found), nil
}

func sorted(posts []post) []post {
	slices.SortFunc(posts, func(a, b post) int { return compareIDs(a.id, b.id) })
	return posts
}

// page pays for a page, reads it, and takes back what it did not have.
func (r *reader) page(ctx context.Context, l look, next string, size int) (page, error) {
	purse, err := r.bot.payToRead(ctx, r.account.City, l.each*amount(size))
	if errors.Is(err, errBudget) && size > minPageSize {
		size = minPageSize
		purse, err = r.bot.payToRead(ctx, r.account.City, l.each*minPageSize)
	}
	if err != nil {
		return page{}, err
	}
	p, err := l.read(next, size)
	// What was asked for in vain is asked for again, and counted then.
	return p, errors.Join(err, purse.settle(ctx, r.charge(p)))
}

// charge is what a page costs.
func (r *reader) charge(p page) amount {
	now, price := r.bot.core.Now(), r.bot.given.price
	if p.private {
		return r.bill.add(now, "message", ids(p.posts)...) * price.message
	}
	return r.bill.add(now, "post", ids(p.posts)...)*price.read + r.bill.add(now, "user", p.authors...)*price.user
}

func ids(posts []post) []string {
	all := make([]string, len(posts))
	for i, p := range posts {
		all[i] = p.id
	}
	return all
}

// ofOneCall says that an answer is about what was asked for, not about the account or its login.
func (e *answer) ofOneCall() bool {
	return e.status != http.StatusUnauthorized && !e.has(codeSuspended, codeLocked, codeBadToken)
}
