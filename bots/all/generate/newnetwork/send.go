package newnetwork

import (
	"context"
	"net/http"
	"strconv"

	"linienfunk/bots"
	"linienfunk/report"
)

// maxText is the maximum length of a message in characters.
const maxText = 500

// Send posts the report. The server knows idempotency keys: a repetition shows nothing twice.
func (b *bot) Send(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
	_, c, err := b.account(ctx, a.City)
	if err != nil {
		return report.Receipt{}, err
	}
	var posted message
	body := message{Text: report.Cut(r.Text, maxText), At: r.At}
	if err := c.call(ctx, http.MethodPost, "/messages", r.Key(), body, &posted); err != nil {
		return report.Receipt{}, err
	}
	return report.Receipt{ID: strconv.FormatInt(posted.ID, 10)}, nil
}

// Retract deletes the message.
func (b *bot) Retract(ctx context.Context, a bots.Account, _ string, sent report.Receipt) error {
	_, c, err := b.account(ctx, a.City)
	if err != nil {
		return err
	}
	err = c.call(ctx, http.MethodDelete, "/messages/"+sent.ID, "", nil, nil)
	if e := bots.AsError(err); err != nil && e.Say == "error-gone" {
		return nil // it was deleted on the network
	}
	return err
}
