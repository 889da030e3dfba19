package mastodon

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	masto "github.com/mattn/go-mastodon"
)

const (
	// pageSize is how many notifications a call requests. 80 is Mastodon's maximum
	// (https://docs.joinmastodon.org/methods/notifications/#get); other servers return 30 or 40.
	pageSize = 80
	// maxPages is how many pages are read back from the newest one.
	maxPages = 25
)

// pager pages through the notifications of one account.
type pager struct {
	client *client
	types  []string
	// newestFirst is set for servers that ignore min_id or treat it as since_id, when known or when detected.
	newestFirst bool
	proven      bool                        // min_id has returned the oldest page
	wait        func(context.Context) error // before each call
}

// next returns notifications after a position in order, without gaps: the next page, or all pages from servers that only give the newest.
func (p *pager) next(ctx context.Context, position string) ([]*masto.Notification, error) {
	if !p.newestFirst {
		page, err := p.page(ctx, "min_id", position)
		if err != nil || len(page) == 0 {
			return nil, err
		}
		if p.proven, err = p.forward(ctx, page, position); err != nil || p.proven {
			return after(page, position), err
		}
		p.newestFirst = true
	}
	return p.back(ctx, position)
}

// forward reports whether min_id returns the page next to the position, with nothing in between. It tests that once, since forks
// may claim to be any version of Mastodon.
func (p *pager) forward(ctx context.Context, page []*masto.Notification, position string) (bool, error) {
	if len(after(page, position)) < len(page) {
		return false, nil // it ignores min_id
	}
	if p.proven {
		return true, nil
	}
	oldest := slices.MinFunc(page, byID).ID
	before, err := p.page(ctx, "max_id", string(oldest))
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(after(before, position), func(n *masto.Notification) bool { return n.ID.Compare(oldest) < 0 }), nil
}

// page requests one page. If the server refuses unknown types, it requests mentions alone, the first type.
func (p *pager) page(ctx context.Context, parameter, id string) ([]*masto.Notification, error) {
	if err := p.wait(ctx); err != nil {
		return nil, err
	}
	found, err := p.client.notifications(ctx, p.types, parameter, id, pageSize)
	if code := status(err); len(p.types) > 1 && (code == http.StatusBadRequest || code == http.StatusUnprocessableEntity) {
		p.types = p.types[:1]
		return p.page(ctx, parameter, id)
	}
	return found, err
}

// back reads from the newest page to the position. Mentions more than maxPages behind are too old to be useful.
func (p *pager) back(ctx context.Context, position string) ([]*masto.Notification, error) {
	var all []*masto.Notification
	seen := map[masto.ID]bool{}
	max := ""
	for range maxPages {
		page, err := p.page(ctx, "max_id", max)
		if err != nil {
			return nil, err
		}
		fresh := 0
		for _, n := range after(page, position) {
			if !seen[n.ID] { // max_id itself may be in the page
				seen[n.ID] = true
				all = append(all, n)
				fresh++
			}
		}
		if fresh == 0 || len(after(page, position)) < len(page) {
			break
		}
		max = string(slices.MinFunc(page, byID).ID)
	}
	slices.SortFunc(all, byID)
	return all, nil
}

func byID(a, b *masto.Notification) int { return a.ID.Compare(b.ID) }

// after returns the notifications after a position in order.
func after(page []*masto.Notification, position string) []*masto.Notification {
	var found []*masto.Notification
	for _, n := range page {
		if n.ID.Compare(masto.ID(position)) > 0 {
			found = append(found, n)
		}
	}
	slices.SortFunc(found, byID)
	return found
}

// notifications requests one page, including those by accounts that are not followed, which Mastodon filters out by default since 4.3. An empty id
// omits its parameter. Servers without types[], such as older versions of GoToSocial and Pleroma, return all types.
// go-mastodon cannot request both a type and a position without following the links to older pages.
func (c *client) notifications(ctx context.Context, types []string, parameter, id string, limit int) ([]*masto.Notification, error) {
	query := url.Values{"types[]": types, "limit": {strconv.Itoa(limit)}, "include_filtered": {"true"}}
	if id != "" {
		query.Set(parameter, id)
	}
	var found []*masto.Notification
	if err := c.do(ctx, "/api/v1/notifications?"+query.Encode(), nil, &found); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(n *masto.Notification) bool { return n == nil || n.ID == "" }), nil
}

// newest returns the position after all existing notifications.
func (c *client) newest(ctx context.Context) (string, error) {
	found, err := c.notifications(ctx, []string{"mention"}, "", "", 1)
	if err != nil || len(found) == 0 {
		return "0", err // before all ids, those that are numbers and those that are not
	}
	return string(slices.MaxFunc(found, byID).ID), nil
}
