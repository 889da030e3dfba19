package mastodon

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	masto "github.com/mattn/go-mastodon"
)

const (
	// pageSize is how many notifications a call requests. 80 is Mastodon's maximum
	// (https://docs.joinmastodon.org/methods/notifications/#get); other servers return 30 or 40.
	pageSize = 80
	// maxPages is how many pages are read back from the newest one to find new mentions.
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

// batch are notifications after a position in order, without gaps. An empty end means that there are none behind them at the moment, otherwise
// reading goes on from there: all notifications up to end are in the batch, or hidden from the account.
type batch struct {
	notifications []*masto.Notification
	end           string
}

// next returns the next page after a position, or all pages from servers that only give the newest.
func (p *pager) next(ctx context.Context, position string) (batch, error) {
	if !p.newestFirst {
		found, err := p.page(ctx, "min_id", position)
		if err != nil || found.newest.Compare(masto.ID(position)) <= 0 {
			return batch{}, err
		}
		if len(found.notifications) == 0 {
			return batch{end: string(found.newest)}, nil
		}
		if p.proven, err = p.forward(ctx, found, position); err != nil {
			return batch{}, err
		}
		if p.proven {
			return batch{after(found.notifications, position), string(found.newest)}, nil
		}
		p.newestFirst = true
	}
	return p.back(ctx, position)
}

// forward reports whether min_id returns the page next to the position, with nothing in between. It tests that once, since forks
// may claim to be any version of Mastodon.
func (p *pager) forward(ctx context.Context, found page, position string) (bool, error) {
	if len(after(found.notifications, position)) < len(found.notifications) {
		return false, nil // it ignores min_id
	}
	if p.proven {
		return true, nil
	}
	before, err := p.page(ctx, "max_id", string(found.oldest))
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(after(before.notifications, position), func(n *masto.Notification) bool { return n.ID.Compare(found.oldest) < 0 }), nil
}

// page requests one page. If the server refuses unknown types, it requests mentions alone, the first type.
func (p *pager) page(ctx context.Context, parameter, id string) (page, error) {
	if err := p.wait(ctx); err != nil {
		return page{}, err
	}
	found, err := p.client.notifications(ctx, p.types, parameter, id)
	if code := status(err); len(p.types) > 1 && (code == http.StatusBadRequest || code == http.StatusUnprocessableEntity) {
		p.types = p.types[:1]
		return p.page(ctx, parameter, id)
	}
	return found, err
}

// back reads from the newest page to the position. Mentions more than maxPages behind are too old to be useful.
func (p *pager) back(ctx context.Context, position string) (batch, error) {
	var all batch
	err := p.newestPages(ctx, maxPages, func(found page) (more bool) {
		fresh := after(found.notifications, position)
		all.notifications = append(all.notifications, fresh...)
		return len(fresh) == len(found.notifications)
	})
	if err != nil || len(all.notifications) == 0 {
		return batch{}, err
	}
	slices.SortFunc(all.notifications, byID)
	all.end = string(all.notifications[len(all.notifications)-1].ID)
	return all, nil
}

// newestPages calls f for each page from the newest one back, with the notifications that were in none before, while f wants more and there are
// more, at most limit times.
func (p *pager) newestPages(ctx context.Context, limit int, f func(page) (more bool)) error {
	seen := map[masto.ID]bool{}
	var max masto.ID
	for range limit {
		found, err := p.page(ctx, "max_id", string(max))
		if err != nil {
			return err
		}
		found.notifications = slices.DeleteFunc(found.notifications, func(n *masto.Notification) bool {
			again := seen[n.ID] // max_id itself may be in the page
			seen[n.ID] = true
			return again
		})
		hidden := found.oldest != "" && (max == "" || found.oldest.Compare(max) < 0)
		if len(found.notifications) == 0 && !hidden || !f(found) {
			return nil
		}
		max = found.oldest
	}
	return nil
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

// page is one page of notifications.
type page struct {
	notifications []*masto.Notification

	// oldest and newest are the ids at its ends, empty if there are none. Those of an empty page are from its Link header: GoToSocial removes
	// notifications of muted accounts after it has cut the page to the limit, so that an empty page may have more behind it
	// (NotificationsGet in internal/processing/timeline/notification.go).
	oldest, newest masto.ID
}

// notifications requests one page, including those by accounts that are not followed, which Mastodon filters out by default since 4.3. Without
// types it requests all. An empty id omits its parameter. Servers without types[], such as older versions of GoToSocial and Pleroma, return all types.
// go-mastodon cannot request both a type and a position without following the links to older pages.
func (c *client) notifications(ctx context.Context, types []string, parameter, id string) (page, error) {
	var path strings.Builder // without url.Values: thousands of accounts are polled
	path.WriteString("/api/v1/notifications?include_filtered=true&limit=")
	path.WriteString(strconv.Itoa(pageSize))
	if id != "" {
		path.WriteString("&" + parameter + "=" + url.QueryEscape(id))
	}
	for _, one := range types {
		path.WriteString("&types%5B%5D=" + url.QueryEscape(one))
	}
	var found []*masto.Notification
	header, err := c.call(ctx, path.String(), nil, &found)
	if err != nil {
		return page{}, err
	}
	p := page{notifications: slices.DeleteFunc(found, func(n *masto.Notification) bool { return n == nil || n.ID == "" })}
	if len(p.notifications) == 0 {
		p.oldest, p.newest = linked(header, "max_id"), linked(header, "min_id")
		return p, nil
	}
	p.oldest, p.newest = slices.MinFunc(p.notifications, byID).ID, slices.MaxFunc(p.notifications, byID).ID
	return p, nil
}

// linkTarget is an address in a Link header (RFC 8288).
var linkTarget = regexp.MustCompile(`<([^<>]*)>`)

// linked returns the value of a parameter in the addresses of the Link header, or "".
func linked(header http.Header, parameter string) masto.ID {
	for _, line := range header.Values("Link") {
		for _, target := range linkTarget.FindAllStringSubmatch(line, -1) {
			if u, err := url.Parse(target[1]); err == nil && u.Query().Get(parameter) != "" {
				return masto.ID(u.Query().Get(parameter))
			}
		}
	}
	return ""
}

// newest returns the position after all existing notifications, of all types: the newest mentions may be by accounts that are muted.
func (c *client) newest(ctx context.Context) (string, error) {
	found, err := c.notifications(ctx, nil, "", "")
	if err != nil || found.newest == "" {
		return "0", err // before all ids, those that are numbers and those that are not
	}
	return string(found.newest), nil
}
