package twitter

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"

	"linienfunk/bots"
)

// maxForm is the size of the largest form in bytes.
const maxForm = 64 << 10

// cookieName holds what binds a login to the browser it began in.
func (b *bot) cookieName() string { return b.core.Name + "_login" }

// WebUI serves the settings of a city's account.
func (b *bot) WebUI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.section)
	mux.HandleFunc("POST /connect", b.connect)
	mux.HandleFunc("POST /check", b.check)
	mux.HandleFunc("POST /disconnect", b.disconnect)
	return http.MaxBytesHandler(mux, maxForm)
}

// sectionData is what settings.html and public.html show.
type sectionData struct {
	Path       string
	Ready      bool // the operator has given keys
	Connected  bool
	Account    Account
	Enabled    bool
	Retweet    bool
	NoMessages bool
	Meters     []meter
	Spent      bool // nothing more can be read this month
	Options    template.HTML
}

// meter shows how much of something is spent.
type meter struct {
	ID         string // of its label's text, and in the page
	Value, Max int64  // Max is 0 for a budget of nothing
	Used, All  string // the same for people
	Currency   string
}

func (b *bot) sectionData(mount bots.Mount, row Account, connected bool) sectionData {
	options := mount.City.Options
	return sectionData{
		Path: mount.Path, Ready: b.given.complete(), Connected: connected, Account: row, Options: mount.Options,
		Enabled: options.On("enabled"), Retweet: options.Text("repost") == "retweet", NoMessages: row.NoMessages && options.On("messages"),
	}
}

func (b *bot) section(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	row, _, err := b.store.account(r.Context(), mount.City.Name)
	if err != nil && !errors.Is(err, errNoAccount) {
		b.broken(w, r, err)
		return
	}
	data := b.sectionData(mount, row, err == nil)
	spent, err := b.store.spent(r.Context(), mount.City.Name)
	if err != nil {
		b.broken(w, r, err)
		return
	}
	limit := budgetOf(mount.City)
	data.Meters = []meter{
		{ID: "meter-money", Value: int64(spent.Cost), Max: int64(limit.money), Used: spent.Cost.String(), All: limit.money.String(), Currency: b.given.currency},
		{ID: "meter-calls", Value: spent.Calls, Max: limit.calls, Used: grouped(spent.Calls), All: grouped(limit.calls)},
	}
	least, toRead := (b.given.price.read+b.given.price.user)*minPageSize, limit.forReading()
	data.Spent = spent.Calls+1 > toRead.calls || spent.Cost+least > toRead.money
	b.core.Pages.Section(w, r, "settings.html", data)
}

// connect begins a login: it sends the browser to X.
func (b *bot) connect(w http.ResponseWriter, r *http.Request) {
	if !b.given.complete() {
		b.core.Pages.Failed(w, r, b.say(r, "not-ready"))
		return
	}
	mount := bots.MountOf(r)
	browser := rand.Text()
	authorize, err := b.begin(r.Context(), Login{City: mount.City.Name, Path: mount.Path}, browser)
	if err != nil {
		b.refuse(w, r, err)
		return
	}
	// Lax lets the cookie come along when X sends the browser back, and in no frame or form of others.
	http.SetCookie(w, b.cookie(browser, int(loginTime.Seconds())))
	http.Redirect(w, r, authorize, http.StatusSeeOther)
}

func (b *bot) cookie(value string, seconds int) *http.Cookie {
	return &http.Cookie{
		Name: b.cookieName(), Value: value, Path: "/bots/" + b.core.Name + "/", MaxAge: seconds,
		HttpOnly: true, Secure: b.secure(), SameSite: http.SameSiteLaxMode,
	}
}

// check asks X whether the login still works, and what the account is called by now.
func (b *bot) check(w http.ResponseWriter, r *http.Request) {
	if !b.given.complete() {
		b.core.Pages.Failed(w, r, b.say(r, "not-ready"))
		return
	}
	row, d, err := b.account(r.Context(), bots.MountOf(r).City.Name)
	if err == nil {
		row, err = b.lookAtSelf(r.Context(), row, d)
	}
	if err = b.explainLocal(err); err != nil {
		b.core.Log.Info("connection does not work", "city", bots.MountOf(r).City.Name, "error", err)
		b.core.Pages.Failed(w, r, b.say(r, onPage(cmp.Or(bots.AsError(err).Say, "error-internal"))))
		return
	}
	b.core.Pages.Done(w, r, b.say(r, "checked", "Account", row.Label()))
}

// lookAtSelf asks for the account, which costs. An account that was renamed starts anew under its new name: mentions are told by it.
func (b *bot) lookAtSelf(ctx context.Context, row Account, d dialect) (Account, error) {
	var me person
	err := b.paid(ctx, row.City, b.given.price.user, func() (err error) {
		me, err = d.me(ctx)
		return err
	})
	if err != nil || me.handle == row.Handle {
		return row, b.explain(ctx, checking, err)
	}
	row.Handle = me.handle
	if err := b.store.rename(ctx, row); err != nil {
		return row, err
	}
	b.core.Changed(row.City)
	return row, nil
}

// disconnect forgets the account. That X forgets the keys too is tried, but does not hold it up.
func (b *bot) disconnect(w http.ResponseWriter, r *http.Request) {
	city := bots.MountOf(r).City.Name
	row, keys, err := b.store.account(r.Context(), city)
	if err != nil {
		b.refuse(w, r, err)
		return
	}
	if err := b.store.disconnect(r.Context(), city); err != nil {
		b.broken(w, r, err)
		return
	}
	b.core.Changed(city)
	if b.given.complete() {
		b.giveBack(r.Context(), city, keys)
	}
	b.core.Pages.Done(w, r, b.say(r, "disconnected", "Account", row.Label()))
}

// refuse tells the admin what did not work, and the operator only what is not the admin's doing.
func (b *bot) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errNoAccount) {
		b.core.Pages.Failed(w, r, b.say(r, "error-no-account"))
		return
	}
	b.core.Log.Info("login did not work", "city", bots.MountOf(r).City.Name, "error", err)
	b.core.Pages.Failed(w, r, b.say(r, onPage(loginText(err)), "Callback", b.callback()))
}

// onPage is the text for an admin who waits for an answer, instead of the one for an account that is tried again by itself.
func onPage(id string) string {
	switch id {
	case "error-too-many":
		return "later-too-many"
	case "error-not-json":
		return "later-not-json"
	case "error-server":
		return "later-server"
	case "error-unreachable":
		return "later-unreachable"
	}
	return id
}

func (b *bot) broken(w http.ResponseWriter, r *http.Request, err error) {
	b.core.Log.Error("settings page failed", "city", bots.MountOf(r).City.Name, "error", err)
	http.Error(w, b.say(r, "error-internal"), http.StatusInternalServerError)
}

func (b *bot) say(r *http.Request, id string, pairs ...any) string {
	return b.core.Pages.Text(bots.MountOf(r).Lang, id, pairs...)
}

// grouped writes a number in groups of three digits, with spaces that do not break.
func grouped(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%s\u202F%03d", grouped(n/1000), n%1000)
}
