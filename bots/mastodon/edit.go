package mastodon

import (
	"context"
	"net/http"
	"net/url"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/report"
)

var _ bots.Editor = (*bot)(nil)

// Edit edits the city's copy of a report (https://docs.joinmastodon.org/methods/statuses/#edit). A boost is somebody else's text, and stays.
func (b *bot) Edit(ctx context.Context, a bots.Account, r report.Report, sent report.Receipt) error {
	row, c, id, err := b.ownStatus(ctx, a, sent)
	if err != nil {
		return err
	}
	city, _, err := b.Core.Cities.City(ctx, a.City)
	if err != nil {
		return err
	}
	server, err := b.profileOf(ctx, c)
	if err != nil {
		return c.explain(ctx, "describe instance", err)
	}
	post, err := b.store.findPost(ctx, Post{City: a.City, Key: keyOf(r), Instance: row.Instance})
	if err != nil || post.Boost {
		return err
	}
	s := &delivery{bot: b, client: c, account: row, city: city, style: styleOf(city), server: server, report: r, post: post}
	form := s.form(s.style.compose(r.Text, kit.State(b.Core.Pages, city, r), server.limits))
	form.Del("visibility") // cannot be changed
	var edited masto.Status
	_, err = c.callWith(ctx, http.MethodPut, "/api/v1/statuses/"+url.PathEscape(string(id)), form, &edited)
	switch status(err) {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusUnprocessableEntity: // deleted, or a server that edits nothing
		return bots.Permanent("", err)
	}
	return c.explain(ctx, "edit status", err)
}
