package mastodon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/report"
)

// Send boosts a public mention where the city wants that, and posts a copy of everything else.
func (b *bot) Send(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
	row, c, err := b.account(ctx, a)
	if errors.Is(err, errNoAccount) {
		return report.Receipt{}, bots.Permanent("error-no-account", err)
	}
	if err != nil {
		return report.Receipt{}, err
	}
	city, _, err := b.core.Cities.City(ctx, a.City)
	if err != nil {
		return report.Receipt{}, fmt.Errorf("look up city: %w", err)
	}
	boost := city.Options.Text("repost") == "boost"
	if id, here := localID(row.Instance, r.Ref); here && boost && r.Bot == b.core.Name && !r.Private {
		receipt, done, err := c.boost(ctx, id)
		if done || err != nil {
			return receipt, err
		}
	}
	return b.post(ctx, c, r)
}

// remoteID is how a status is called in reports and receipts: with its instance, since a city may move to another one,
// where its id means nothing or something else.
func remoteID(instance string, id masto.ID) string { return instance + " " + string(id) }

// localID is the status's id on the instance; false if it is a status of another one.
func localID(instance, remote string) (masto.ID, bool) {
	id, here := strings.CutPrefix(remote, instance+" ")
	return masto.ID(id), here
}

// boost is done, or it found that this status exists and will never be boosted: then a copy is the second best.
func (c *client) boost(ctx context.Context, id masto.ID) (receipt report.Receipt, done bool, err error) {
	boosted, err := c.Reblog(ctx, id)
	if err == nil {
		receipt, err = c.receiptOf(boosted)
		return receipt, err == nil, c.explain(ctx, "boost status", err)
	}
	switch status(err) {
	case http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity:
	default:
		return receipt, false, c.explain(ctx, "boost status", err)
	}
	original, err := c.GetStatus(ctx, id)
	switch code := status(err); {
	case code == http.StatusNotFound || code == http.StatusGone:
		return receipt, false, bots.Permanent("error-deleted", fmt.Errorf("boost status: %w", &answer{status: code}))
	case err != nil:
		return receipt, false, c.explain(ctx, "read status to boost", err)
	}
	if already, _ := original.Reblogged.(bool); already {
		// Older servers answer 422 the second time, see https://docs.joinmastodon.org/methods/statuses/#boost.
		return report.Receipt{ID: remoteID(c.instance, original.ID)}, true, nil
	}
	return receipt, false, nil
}

func (b *bot) post(ctx context.Context, c *client, r report.Report) (report.Receipt, error) {
	l, err := b.limitsOf(ctx, c)
	if err != nil {
		return report.Receipt{}, c.explain(ctx, "read limits of instance", err)
	}
	key := sha256.Sum256([]byte(r.Key()))
	posted, err := c.PostStatus(withIdempotencyKey(ctx, hex.EncodeToString(key[:])), &masto.Toot{
		Status:     fit(silence(r.Text), l),
		Visibility: masto.VisibilityPublic,
	})
	if err != nil {
		return report.Receipt{}, c.explain(ctx, "post status", err)
	}
	receipt, err := c.receiptOf(posted)
	return receipt, c.explain(ctx, "post status", err)
}

// receiptOf reads an answer. A boost is a status of its own around the original one, whose address names its author and
// is not for the ledger.
func (c *client) receiptOf(s *masto.Status) (report.Receipt, error) {
	if s.ID == "" {
		return report.Receipt{}, &errNotJSON{http.StatusOK}
	}
	receipt := report.Receipt{ID: remoteID(c.instance, s.ID)}
	if s.Reblog == nil {
		receipt.URL = s.URL
	}
	return receipt, nil
}

// Retract deletes a post, or takes a boost back. A boost is deleted like a post; where an instance gave us the
// original's id for it, deleting finds nothing of ours, and unboosting is right.
func (b *bot) Retract(ctx context.Context, a bots.Account, sent report.Receipt) error {
	row, c, err := b.account(ctx, a)
	if errors.Is(err, errNoAccount) {
		return bots.Permanent("error-no-account", err)
	}
	if err != nil {
		return err
	}
	id, here := localID(row.Instance, sent.ID)
	if !here {
		return bots.Permanent("error-other-instance", errors.New("retract a status of another instance"))
	}
	err = c.DeleteStatus(ctx, id)
	if gone(err) {
		_, err = c.Unreblog(ctx, id)
	}
	if gone(err) {
		return nil
	}
	return c.explain(ctx, "delete status", err)
}

func gone(err error) bool {
	code := status(err)
	return code == http.StatusNotFound || code == http.StatusGone
}
