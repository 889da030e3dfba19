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
	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
)

// maxForm is the size of the largest form in bytes.
const maxForm = 64 << 10

// WebUI serves the settings of a city's bot.
func (b *Bot) WebUI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.section)
	mux.HandleFunc("POST /connect", b.connect)
	mux.HandleFunc("POST /check", b.check)
	mux.HandleFunc("POST /disconnect", b.disconnect)
	mux.HandleFunc("POST /groups/{id}/confirm", b.confirmGroup)
	mux.HandleFunc("POST /groups/{id}/all", b.switchAll)
	mux.HandleFunc("POST /groups/{id}/remove", b.removeGroup)
	return http.MaxBytesHandler(mux, maxForm)
}

// sectionData is what settings.html and public.html show.
type sectionData struct {
	Path, City  string
	Connected   bool
	Account     Account
	Enabled     bool
	Deaf        bool // groups' messages shall all be reports, but Telegram does not show them to the bot
	Subscribers int64
	Groups      []groupData
	Options     template.HTML
}

type groupData struct {
	ID          uint64
	Title, Kind string // Kind is the id of a text
	Active      bool
	AllReports  bool
	CanSwitch   bool   // AllReports
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
		data.Subscribers, err = b.store.count(r.Context(), row.City)
	}
	if err == nil {
		data.Groups, err = b.groupsData(r, mount.City)
	}
	if err != nil {
		b.broken(w, r, err)
		return
	}
	data.Enabled = mount.City.Options.On("enabled")
	wantsAll := mount.City.Options.On("group_all") || slices.ContainsFunc(data.Groups, func(g groupData) bool { return g.AllReports })
	data.Deaf = wantsAll && !row.ReadsAll
	b.core.Pages.Section(w, r, "settings.html", data)
}

func (b *Bot) groupsData(r *http.Request, city bots.City) ([]groupData, error) {
	rows, err := b.store.groups(r.Context(), city.Name)
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

// token finds the token in what somebody pasted, perhaps all of BotFather's message. It goes into addresses, so
// that nothing else may be in it.
var token = regexp.MustCompile(`\b[0-9]{3,20}:[A-Za-z0-9_-]{20,100}`)

// connect asks Telegram whose token it is, and stores it.
func (b *Bot) connect(w http.ResponseWriter, r *http.Request) {
	found := token.FindString(r.FormValue("token"))
	if found == "" {
		b.core.Pages.Failed(w, r, b.say(r, "no-token"))
		return
	}
	c, err := b.client(found)
	if err != nil {
		b.broken(w, r, err)
		return
	}
	me, err := c.me(r.Context())
	if err != nil {
		b.refuse(w, r, "connect", err)
		return
	}
	row := describe(Account{City: bots.MountOf(r).City.Name, BotID: me.ID}, me)
	if err := b.store.connect(r.Context(), row, found); errors.Is(err, errTaken) {
		b.core.Pages.Failed(w, r, b.say(r, "taken", "Bot", row.Label()))
		return
	} else if err != nil {
		b.broken(w, r, err)
		return
	}
	b.core.Changed(row.City)
	b.core.Pages.Done(w, r, b.say(r, "connected", "Bot", row.Label()))
}

// describe fills in what Telegram says of the bot (https://core.telegram.org/bots/api#getme).
func describe(row Account, me *models.User) Account {
	row.Username, row.Name, row.ReadsAll = me.Username, me.FirstName, me.CanReadAllGroupMessages
	return row
}

// check asks Telegram whether the token still works, and what the bot is called now.
func (b *Bot) check(w http.ResponseWriter, r *http.Request) {
	row, c, err := b.account(r.Context(), bots.MountOf(r).City.Name)
	if err != nil {
		b.refuse(w, r, "check", err)
		return
	}
	me, err := c.me(r.Context())
	if err != nil {
		b.refuse(w, r, "check", err)
		return
	}
	if err := b.store.describe(r.Context(), describe(row, me)); err != nil {
		b.broken(w, r, err)
		return
	}
	b.core.Pages.Done(w, r, b.say(r, "checked"))
}

// disconnect forgets the bot and its subscribers. That Telegram stops calling is tried, but does not hold it up.
func (b *Bot) disconnect(w http.ResponseWriter, r *http.Request) {
	city := bots.MountOf(r).City.Name
	row, c, err := b.account(r.Context(), city)
	if err != nil {
		b.refuse(w, r, "disconnect", err)
		return
	}
	if err := b.store.disconnect(r.Context(), city); err != nil {
		b.broken(w, r, err)
		return
	}
	b.core.Changed(city)
	if b.hooks {
		if err := b.dropHook(context.WithoutCancel(r.Context()), c); err != nil {
			b.core.Log.Warn("webhook is left behind", "city", city, "error", err)
		}
	}
	b.core.Pages.Done(w, r, b.say(r, "disconnected", "Bot", row.Label()))
}

// refuse tells the admin what did not work with Telegram.
func (b *Bot) refuse(w http.ResponseWriter, r *http.Request, what string, err error) {
	if errors.Is(err, errNoAccount) {
		b.core.Pages.Failed(w, r, b.say(r, "error-no-account"))
		return
	}
	why := bots.AsError(explain(what, err))
	b.core.Log.Info("Telegram said no", "city", bots.MountOf(r).City.Name, "error", why)
	text := onPage(why.Say)
	if errors.Is(err, tg.ErrorUnauthorized) || errors.Is(err, tg.ErrorNotFound) {
		text = "bad-token"
	}
	b.core.Pages.Failed(w, r, b.say(r, text))
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

func (b *Bot) broken(w http.ResponseWriter, r *http.Request, err error) {
	b.core.Log.Error("page failed", "city", bots.MountOf(r).City.Name, "error", err)
	http.Error(w, b.say(r, "error-internal"), http.StatusInternalServerError)
}

func (b *Bot) say(r *http.Request, id string, pairs ...any) string {
	return b.core.Pages.Text(bots.MountOf(r).Lang, id, pairs...)
}
