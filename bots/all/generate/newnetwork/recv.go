package newnetwork

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"linienfunk/bots"
	"linienfunk/report"
)

// Recv polls the account's messages. The server answers when there is a new one, or after 25 seconds.
func (b *bot) Recv(ctx context.Context, a bots.Account, out bots.Out) error {
	for ctx.Err() == nil {
		if err := b.poll(ctx, a.City, out); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// poll hands in the messages of one answer, and moves the cursor past each.
func (b *bot) poll(ctx context.Context, city string, out bots.Out) error {
	row, c, err := b.account(ctx, city)
	if err != nil {
		return err
	}
	var page struct {
		Messages []message `json:"messages"`
	}
	if err := c.call(ctx, http.MethodGet, fmt.Sprintf("/messages?wait=25&after=%d", row.Cursor), "", nil, &page); err != nil {
		return err
	}
	for _, m := range page.Messages {
		if !m.Own {
			if err := out(ctx, b.report(city, m)); err != nil {
				return err // the cursor stays: the message is read again after the restart
			}
		}
		row.Cursor = m.ID
		if err := b.accounts.Update(ctx, row, map[string]any{"cursor": row.Cursor}); err != nil {
			return err
		}
	}
	return nil
}

// report converts a message. The report's ID comes from the network, so that a repetition has the same ID.
func (b *bot) report(city string, m message) report.Report {
	return report.Report{
		ID:      strconv.FormatInt(m.ID, 10),
		Text:    report.Clean(m.Text),
		At:      m.At,
		Author:  b.core.Author(city, m.Author, m.At),
		Private: m.Private,
	}
}
