package twitter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/bots/twitter/tweettext"
	"linienfunk/report"
)

// Prefixes of ids in receipts, for retracting: the id of our post, or of the one that was retweeted.
const (
	postPrefix    = "post "
	retweetPrefix = "retweet "
)

var _ bots.Sender = (*bot)(nil)

// Send retweets a public mention if the city wants that, and posts a copy of all other reports.
func (b *bot) Send(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
	row, d, err := b.account(ctx, a.City)
	if err != nil {
		return report.Receipt{}, b.explainLocal(err)
	}
	city, _, err := b.Core.Cities.City(ctx, a.City)
	if err != nil {
		return report.Receipt{}, fmt.Errorf("look up city: %w", err)
	}
	// X has no idempotency keys, but refuses the same text twice, which reveals a post whose response was lost.
	if before, known, err := b.store.sentPost(ctx, a.City, r.Key()); known || err != nil {
		return report.Receipt{ID: before.RemoteID, URL: before.URL}, err
	}
	made, done := Post{City: a.City, Key: r.Key()}, false
	if city.Options.Text("repost") == "retweet" && r.Bot == b.Core.Name && !r.Private && isID(r.Ref) {
		done, err = b.retweet(ctx, d, a.City, r.Ref)
		made.RemoteID = retweetPrefix + r.Ref // no URL: it would name the author
	}
	if !done && err == nil {
		made.RemoteID, err = b.copy(ctx, d, a.City, r.Text, city.Options.On("links"))
		if made.RemoteID != "" {
			made.URL = "https://x.com/" + row.Handle + "/status/" + strings.TrimPrefix(made.RemoteID, postPrefix)
		}
	}
	if err != nil {
		return report.Receipt{}, b.explain(ctx, posting, err)
	}
	if err := b.store.rememberPost(ctx, made); err != nil {
		b.Core.Log.Error("post sent but not recorded", "city", a.City, "err", err) // X refuses a second one
	}
	return report.Receipt{ID: made.RemoteID, URL: made.URL}, nil
}

// retweet retweets a post; done is false if X will never allow that, and a copy has to be posted instead.
func (b *bot) retweet(ctx context.Context, d apiClient, city, id string) (done bool, err error) {
	err = b.charged(ctx, city, b.operator.price.post, func() error { return d.retweet(ctx, id) })
	said := apiErrorOf(err)
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

// copy posts a text and returns the id for the receipt, "" if X refuses it as a duplicate.
func (b *bot) copy(ctx context.Context, d apiClient, city, text string, links bool) (string, error) {
	text = tweettext.Truncate(tweettext.Silence(text, links), tweettext.MaxWeight)
	if text == "" {
		return "", bots.Permanent("error-only-link", errors.New("nothing is left without links"))
	}
	price := b.operator.price.post
	if tweettext.HasLink(text) {
		price = b.operator.price.link
	}
	var id string
	err := b.charged(ctx, city, price, func() (err error) {
		id, err = d.post(ctx, text)
		return err
	})
	if said := apiErrorOf(err); said != nil && said.duplicate {
		return "", nil
	}
	return postPrefix + id, err
}

// charged reserves the price of a call and makes it. A call that X refused costs nothing; one without a response may
// have been carried out.
func (b *bot) charged(ctx context.Context, city string, price amount, call func() error) error {
	reservation, err := b.reserve(ctx, city, price)
	if err != nil {
		return err
	}
	err = call()
	if said := apiErrorOf(err); said != nil && said.status < 500 {
		return errors.Join(err, reservation.commit(ctx, 0))
	}
	return err
}

var _ bots.Retracter = (*bot)(nil)

// Retract deletes a post, or undoes a retweet. It is counted, but made even if it exceeds the budget.
func (b *bot) Retract(ctx context.Context, a bots.Account, _ string, sent report.Receipt) error {
	_, d, err := b.account(ctx, a.City)
	if err != nil {
		return b.explainLocal(err)
	}
	back, id := d.remove, strings.TrimPrefix(sent.ID, postPrefix)
	if original, ok := strings.CutPrefix(sent.ID, retweetPrefix); ok {
		back, id = d.unretweet, original
	}
	if !isID(id) {
		return bots.Permanent("error-no-id", errors.New("the id of the post is unknown"))
	}
	if _, err := b.reserveUnlimited(ctx, a.City, b.operator.price.delete); err != nil {
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
