package twitter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/report"
)

// Receipts say how something was sent, for taking it back: the id of our post, or of the one that was retweeted.
const (
	asPost    = "post "
	asRetweet = "retweet "
)

// Send retweets a public mention where the city wants that, and posts a copy of everything else.
func (b *bot) Send(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
	row, d, err := b.account(ctx, a.City)
	if err != nil {
		return report.Receipt{}, b.explainLocal(err)
	}
	city, _, err := b.core.Cities.City(ctx, a.City)
	if err != nil {
		return report.Receipt{}, fmt.Errorf("look up city: %w", err)
	}
	// X knows no idempotency keys, but refuses the same text twice, which tells of a post whose answer got lost.
	if before, known, err := b.store.sent(ctx, a.City, r.Key()); known || err != nil {
		return report.Receipt{ID: before.RemoteID, URL: before.URL}, err
	}
	made, done := Post{City: a.City, Key: r.Key()}, false
	if city.Options.Text("repost") == "retweet" && r.Bot == b.core.Name && !r.Private && isID(r.Ref) {
		done, err = b.retweet(ctx, d, a.City, r.Ref)
		made.RemoteID = asRetweet + r.Ref // no URL: it would name the author
	}
	if !done && err == nil {
		made.RemoteID, err = b.copy(ctx, d, a.City, r.Text, city.Options.On("links"))
		if made.RemoteID != "" {
			made.URL = "https://x.com/" + row.Handle + "/status/" + strings.TrimPrefix(made.RemoteID, asPost)
		}
	}
	if err != nil {
		return report.Receipt{}, b.explain(ctx, posting, err)
	}
	if err := b.store.remember(context.WithoutCancel(ctx), made); err != nil {
		b.core.Log.Error("sent, but not remembered", "city", a.City, "err", err) // X will know it again
	}
	return report.Receipt{ID: made.RemoteID, URL: made.URL}, nil
}

// retweet is done, or X will never retweet this: then a copy is the second best.
func (b *bot) retweet(ctx context.Context, d dialect, city, id string) (done bool, err error) {
	err = b.paid(ctx, city, b.given.price.post, func() error { return d.retweet(ctx, id) })
	said := answerOf(err)
	switch {
	case said == nil:
		return err == nil, err
	case said.duplicate:
		return true, nil
	case gone(err):
		return false, bots.Permanent("error-deleted", fmt.Errorf("retweet: %w", said))
	case said.status == http.StatusForbidden && !noAccess(err) && !said.has(codeSuspended, codeLocked, codeBadToken, codeTooMany):
		return false, nil
	}
	return false, err
}

// copy posts a text and returns the receipt's id; an empty one if X has the text already.
func (b *bot) copy(ctx context.Context, d dialect, city, text string, links bool) (string, error) {
	if !links {
		text = withoutLinks(text)
	}
	text = fit(silence(text), maxWeight)
	if text == "" {
		return "", bots.Permanent("error-only-link", errors.New("nothing is left without links"))
	}
	price := b.given.price.post
	if hasLink(text) {
		price = b.given.price.link
	}
	var id string
	err := b.paid(ctx, city, price, func() (err error) {
		id, err = d.post(ctx, text)
		return err
	})
	if said := answerOf(err); said != nil && said.duplicate {
		return "", nil
	}
	return asPost + id, err
}

// paid makes a call that is paid for before. What X answered that it did not do costs nothing; what was never answered
// may have been done.
func (b *bot) paid(ctx context.Context, city string, price amount, call func() error) error {
	purse, err := b.pay(ctx, city, price)
	if err != nil {
		return err
	}
	err = call()
	if said := answerOf(err); said != nil && said.status < 500 {
		return errors.Join(err, purse.settle(ctx, 0))
	}
	return err
}

// Retract deletes a post, or takes a retweet back. It is counted, but never stopped by the budget.
func (b *bot) Retract(ctx context.Context, a bots.Account, _ string, sent report.Receipt) error {
	_, d, err := b.account(ctx, a.City)
	if err != nil {
		return b.explainLocal(err)
	}
	back, id := d.remove, strings.TrimPrefix(sent.ID, asPost)
	if original, ok := strings.CutPrefix(sent.ID, asRetweet); ok {
		back, id = d.unretweet, original
	}
	if !isID(id) {
		return bots.Permanent("error-no-id", errors.New("X never told the post's id"))
	}
	if _, err := b.payAnyway(ctx, a.City, b.given.price.delete); err != nil {
		return err
	}
	return b.explain(ctx, deleting, back(ctx, id))
}

// explainLocal explains errors from before a call.
func (b *bot) explainLocal(err error) error {
	if errors.Is(err, kit.ErrNoAccount) {
		return bots.Permanent("error-no-account", err)
	}
	return err
}
