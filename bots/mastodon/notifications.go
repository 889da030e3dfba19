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
	// pageSize is how many notifications are asked for at once; 80 is the most
	// (https://docs.joinmastodon.org/methods/notifications/#get), others give 30 or 40.
	pageSize = 80
	// maxPages is how far reading goes back where it has to begin with the newest page.
	maxPages = 25
)

// pager pages through the notifications of one account.
type pager struct {
	client *client
	types  []string
	// newestFirst is set for servers that do not know min_id, or mean since_id by it; also when that is found out.
	newestFirst bool
	proven      bool                        // min_id has given the oldest page
	wait        func(context.Context) error // before each call
}

// next returns notifications that come after a position, in their order, none that is not there yet skipped: the next page, or, from
// servers that give the newest page, all pages.
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

// forward says whether min_id gives what comes next after the position: then nothing is between that and the page. It is asked
// once, since forks may pretend to be any version of Mastodon.
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

// page gets one page. A server that refuses types which it does not know is asked for the first one, mentions, alone.
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

// back goes from the newest page to the position. What is more than maxPages behind is too old to warn anybody.
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

// after returns the notifications behind a position in their order.
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

// notifications gets one page, also what came from strangers, which is filtered out by default since Mastodon 4.3. An empty id
// leaves its parameter out. Servers that do not know types[], as older ones of GoToSocial and Pleroma, give all types.
// go-mastodon cannot ask for both a type and a position without following the links to older pages.
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

// newest returns the position behind all notifications that are there already.
func (c *client) newest(ctx context.Context) (string, error) {
	found, err := c.notifications(ctx, []string{"mention"}, "", "", 1)
	if err != nil || len(found) == 0 {
		return "0", err // before all ids, those that are numbers and those that are not
	}
	return string(slices.MaxFunc(found, byID).ID), nil
}
