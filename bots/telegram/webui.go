package telegram

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	tg "github.com/go-telegram/bot"

	"linienfunk/bots"
)

// maxForm is the maximum size of a form in bytes.
const maxForm = 64 << 10

// WebUI serves the settings of a city's bot.
func (b *Bot) WebUI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.section)
	mux.HandleFunc("POST /connect", b.connect)
	mux.HandleFunc("POST /check", b.check)
	mux.HandleFunc("POST /disconnect", b.disconnect)
	mux.HandleFunc("POST /groups/{id}/confirm", b.confirmGroup)
	mux.HandleFunc("POST /groups/{id}/all", b.setAllReports)
	mux.HandleFunc("POST /groups/{id}/remove", b.removeGroup)
	return http.MaxBytesHandler(mux, maxForm)
}

// sectionData is what settings.html and public.html show.
type sectionData struct {
	Path, City  string
	Connected   bool
	Account     Account
	Enabled     bool
	NoAccess    bool // all messages in groups are to be reports, but privacy mode hides them from the bot
	Subscribers int64
	Groups      []groupData
	Options     template.HTML
}

type groupData struct {
	ID          uint64
	Title, Kind string // Kind is the id of a text
	Active      bool
	AllReports  bool
	CanSwitch   bool   // the page offers to change AllReports
	Trouble     string // the id of a text, or empty
	Path        string
}

func (b *Bot) section(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	row, _, err := b.store.account(r.Context(), mount.City.Name)
	data := sectionData{Path: mount.Path, City: mount.City.Title, Connected: err == nil, Account: row, Options: mount.Options}
	if errors.Is(err, errNoAccount) {
		b.core.Pages.Section(w, r, "settings.html", data)
		return
	}
	if err == nil {
		data.Subscribers, err = b.store.countPrivate(r.Context(), row.City)
	}
	if err == nil {
		data.Groups, err = b.groupsData(r, mount.City)
	}
	if err != nil {
		b.internalError(w, r, err)
		return
	}
	data.Enabled = mount.City.Options.On("enabled")
	wantsAll := mount.City.Options.On("group_all") || slices.ContainsFunc(data.Groups, func(g groupData) bool { return g.AllReports })
	data.NoAccess = wantsAll && !row.ReadsAll
	b.core.Pages.Section(w, r, "settings.html", data)
}

func (b *Bot) groupsData(r *http.Request, city bots.City) ([]groupData, error) {
	rows, err := b.store.listGroups(r.Context(), city.Name)
	var out []groupData
	for _, row := range rows {
		kind := "group"
		if row.Kind == channel {
			kind = "channel"
		}
		out = append(out, groupData{
			ID: row.ID, Title: b.store.title(row), Kind: kind, Active: row.Active, Trouble: row.Trouble,
			AllReports: row.AllReports, CanSwitch: row.Active && kind == "group" && !city.Options.On("group_all"),
			Path: bots.MountOf(r).Path + "/groups/" + strconv.FormatUint(row.ID, 10),
		})
	}
	return out, err
}

// tokenPattern finds the token in the pasted text, which may be BotFather's whole message. It is strict because the token becomes
// part of URLs.
var tokenPattern = regexp.MustCompile(`\b[0-9]{3,20}:[A-Za-z0-9_-]{20,100}`)

// connect checks the token with Telegram and stores the bot.
func (b *Bot) connect(w http.ResponseWriter, r *http.Request) {
	token := tokenPattern.FindString(r.FormValue("token"))
	if token == "" {
		b.core.Pages.Failed(w, r, b.text(r, "no-token"))
		return
	}
	c, err := b.newClient(token)
	if err != nil {
		b.internalError(w, r, err)
		return
	}
	me, err := c.profile(r.Context())
	if err != nil {
		b.failed(w, r, "connect", err)
		return
	}
	row := Account{City: bots.MountOf(r).City.Name, BotID: me.ID}.withProfile(me)
	if err := b.store.connect(r.Context(), row, token); errors.Is(err, errTaken) {
		b.core.Pages.Failed(w, r, b.text(r, "taken", "Bot", row.Label()))
		return
	} else if err != nil {
		b.internalError(w, r, err)
		return
	}
	b.core.Changed(row.City)
	b.core.Pages.Done(w, r, b.text(r, "connected", "Bot", row.Label()))
}

// check checks the token with Telegram and updates the bot's names.
func (b *Bot) check(w http.ResponseWriter, r *http.Request) {
	row, c, err := b.account(r.Context(), bots.MountOf(r).City.Name)
	if err != nil {
		b.failed(w, r, "check", err)
		return
	}
	me, err := c.profile(r.Context())
	if err != nil {
		b.failed(w, r, "check", err)
		return
	}
	if err := b.store.setProfile(r.Context(), row.withProfile(me)); err != nil {
		b.internalError(w, r, err)
		return
	}
	b.core.Pages.Done(w, r, b.text(r, "checked"))
}

// disconnect deletes the bot and its subscribers. Removing the webhook may fail: then Telegram calls a URL that is not found.
func (b *Bot) disconnect(w http.ResponseWriter, r *http.Request) {
	city := bots.MountOf(r).City.Name
	row, c, err := b.account(r.Context(), city)
	if err != nil {
		b.failed(w, r, "disconnect", err)
		return
	}
	if err := b.store.disconnect(r.Context(), city); err != nil {
		b.internalError(w, r, err)
		return
	}
	b.core.Changed(city)
	if b.webhooks {
		if err := b.removeWebhook(context.WithoutCancel(r.Context()), c); err != nil {
			b.core.Log.Warn("webhook not removed at Telegram", "city", city, "err", err)
		}
	}
	b.core.Pages.Done(w, r, b.text(r, "disconnected", "Bot", row.Label()))
}

// failed shows the admin why an action with Telegram failed.
func (b *Bot) failed(w http.ResponseWriter, r *http.Request, action string, err error) {
	if errors.Is(err, errNoAccount) {
		b.core.Pages.Failed(w, r, b.text(r, "error-no-account"))
		return
	}
	why := bots.AsError(botError(action, err))
	b.core.Log.Info("an admin's action failed at Telegram", "city", bots.MountOf(r).City.Name, "err", why)
	id := pageText(why.Say)
	if errors.Is(err, tg.ErrorUnauthorized) || errors.Is(err, tg.ErrorNotFound) {
		id = "bad-token"
	}
	b.core.Pages.Failed(w, r, b.text(r, id))
}

// pageText returns the text for a failed action, which an admin has to repeat, instead of that for a process that retries.
func pageText(id string) string {
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

func (b *Bot) internalError(w http.ResponseWriter, r *http.Request, err error) {
	b.core.Log.Error("page failed", "city", bots.MountOf(r).City.Name, "err", err)
	http.Error(w, b.text(r, "error-internal"), http.StatusInternalServerError)
}

func (b *Bot) text(r *http.Request, id string, pairs ...any) string {
	return b.core.Pages.Text(bots.MountOf(r).Lang, id, pairs...)
}
