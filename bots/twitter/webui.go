package twitter

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

// WebUI serves the settings of a city's account.
func (b *bot) WebUI() http.Handler { return b.Pages.Settings(nil) }

var _ bots.Public = (*bot)(nil)

// Public serves the link to the account on a city's page, and the address where X sends browsers back to.
func (b *bot) Public() http.Handler {
	return b.Pages.Public(kit.Routes{"GET /callback": b.Logins.Callback(requestToken, b.finishRedirect)})
}

// newPages makes the pages.
func (b *bot) newPages() kit.Pages[Account, *Account] {
	return kit.Pages[Account, *Account]{
		Core: b.Core, Accounts: b.Rows, Connect: b.connect, Check: b.check, Disconnected: b.revoke,
		Say: loginText, Ready: b.operator.complete,
		Extra: func(r *http.Request, _ Account, _ bool) (any, error) {
			return b.spending(r.Context(), bots.MountOf(r).City)
		},
	}
}

// spending has the data of notes.html about a city's budget.
type spending struct {
	Meters []meter
	Spent  bool // nothing more can be read this month
}

// meter shows how much of something is spent.
type meter struct {
	ID         string // of its label's text, and in the page
	Value, Max int64  // Max is 0 for a budget of nothing
	Used, All  string // the same for people
	Currency   string
}

func (b *bot) spending(ctx context.Context, city bots.City) (spending, error) {
	spent, err := b.store.spent(ctx, city.Name)
	if err != nil {
		return spending{}, err
	}
	limit := budgetOf(city)
	least, toRead := (b.operator.price.read+b.operator.price.user)*minPageSize, limit.forReading()
	return spending{
		Meters: []meter{
			{ID: "meter-money", Value: int64(spent.Cost), Max: int64(limit.money), Used: spent.Cost.String(), All: limit.money.String(), Currency: b.operator.currency},
			{ID: "meter-calls", Value: spent.Calls, Max: limit.calls, Used: grouped(spent.Calls), All: grouped(limit.calls)},
		},
		Spent: spent.Calls+1 > toRead.calls || spent.Cost+least > toRead.money,
	}, nil
}

// connect begins a login: it sends the browser to X.
func (b *bot) connect(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	err := b.Logins.Redirect(w, r, func(cookie string) (authorize string, err error) {
		return b.begin(r.Context(), Login{Login: kit.Login{City: mount.City.Name, Path: mount.Path}}, cookie)
	})
	if err != nil {
		b.Pages.Refuse(w, r, "connect", err)
	}
}

// requestToken returns the request token of the address to which X redirects the browser.
func requestToken(query url.Values) string {
	return cmp.Or(query.Get("denied"), query.Get("oauth_token"))
}

// finishRedirect ends a login where X has sent the browser back.
func (b *bot) finishRedirect(w http.ResponseWriter, r *http.Request, login Login, secret string) {
	query := r.URL.Query()
	if query.Get("denied") != "" || query.Get("oauth_verifier") == "" {
		b.Pages.Failed(w, r, "login-denied")
		return
	}
	row, err := b.finish(r.Context(), login, requestToken(query), secret, query.Get("oauth_verifier"))
	if err != nil {
		b.Pages.Refuse(w, r, "connect", err)
		return
	}
	b.Pages.Connected(w, r, row, "connected")
}

// check asks X whether the login still works, and for the account's current name.
func (b *bot) check(ctx context.Context, row Account, text string) (Account, error) {
	keys, err := unmarshalKeys(text)
	if err != nil {
		return row, err
	}
	return b.checkAccount(ctx, row, b.apiFor(keys, row.UserID, row.Handle))
}

// checkAccount gets the account, for which X charges. After a renaming the account's process restarts, since mentions are recognised by
// the name.
func (b *bot) checkAccount(ctx context.Context, row Account, d apiClient) (Account, error) {
	var me person
	err := b.charged(ctx, row.City, b.operator.price.user, func() (err error) {
		me, err = d.me(ctx)
		return err
	})
	if err != nil || me.handle == row.Handle {
		return row, b.explain(ctx, checking, err)
	}
	row.Handle = me.handle
	if err := b.Rows.Renew(ctx, row, map[string]any{"handle": row.Handle}); err != nil {
		return row, err
	}
	b.Core.Changed(row.City)
	return row, nil
}

// grouped formats a number in groups of three digits, with no-break spaces.
func grouped(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%s\u202F%03d", grouped(n/1000), n%1000)
}
