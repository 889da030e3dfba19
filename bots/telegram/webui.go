package telegram

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/bots/places"
)

// WebUI serves the settings of a city's bot.
func (b *Bot) WebUI() http.Handler {
	return b.pages.Settings(kit.Routes{
		"POST /groups/{id}/confirm": b.confirmGroup,
		"POST /groups/{id}/all":     b.setAllReports,
		"POST /groups/{id}/remove":  b.removeGroup,
		"POST /places":              kit.RefreshPlaces(b.core, func() places.Lists { return b.places }),
	})
}

// Public serves the link on the city's page, and the webhooks.
func (b *Bot) Public() http.Handler {
	return b.pages.Public(kit.Routes{"POST /hook/{hook}": b.serveWebhook})
}

// newPages makes the pages.
func (b *Bot) newPages() kit.Pages[Account, *Account] {
	return kit.Pages[Account, *Account]{
		Core: b.core, Accounts: b.accounts, Connect: b.connect, Check: b.check, Disconnected: b.disconnected,
		Say: connectionError, Extra: b.notes,
	}
}

// tokenPattern finds the token in the pasted text, which may be BotFather's whole message. It is strict because the token becomes
// part of URLs.
var tokenPattern = regexp.MustCompile(`\b[0-9]{3,20}:[A-Za-z0-9_-]{20,100}`)

// connect checks the token with Telegram and stores the bot.
func (b *Bot) connect(w http.ResponseWriter, r *http.Request) {
	token := tokenPattern.FindString(r.FormValue("token"))
	if token == "" {
		b.pages.Failed(w, r, "no-token")
		return
	}
	c, err := b.newClient(token)
	if err != nil {
		b.pages.InternalError(w, r, err)
		return
	}
	me, err := c.profile(r.Context())
	if err != nil {
		b.pages.Refuse(w, r, "connect", botError("read profile", err))
		return
	}
	row := newAccount(b.core.Box, bots.MountOf(r).City.Name, me)
	if err := b.accounts.Connect(r.Context(), row, token); err != nil {
		b.pages.Refuse(w, r, "connect", err)
		return
	}
	b.pages.Connected(w, r, row, "connected")
}

// check checks the token with Telegram and updates the bot's names.
func (b *Bot) check(ctx context.Context, a Account, token string) (Account, error) {
	c, err := b.newClient(token)
	if err != nil {
		return a, err
	}
	return b.updateProfile(ctx, a, c)
}

// disconnected removes the webhook at Telegram. If that fails, Telegram calls a URL that is not found.
func (b *Bot) disconnected(ctx context.Context, a Account, token string) {
	if !b.webhooks {
		return
	}
	c, err := b.newClient(token)
	if err == nil {
		err = b.removeWebhook(ctx, c)
	}
	if err != nil {
		b.core.Log.Warn("webhook not removed at Telegram", "city", a.City, "err", err)
	}
}

// connectionError returns the text for a token that Telegram does not know.
func connectionError(err error) string {
	if bots.AsError(err).Kind == bots.KindRevoked {
		return "bad-token"
	}
	return ""
}

// notes has the data of notes.html about a connected bot.
type notes struct {
	Subscribers int64
	NoAccess    bool // all messages in groups are to be reports, but privacy mode hides them from the bot
	Groups      []groupNote
}

type groupNote struct {
	Title, Kind string // Kind is the id of a text
	Active      bool
	AllReports  bool
	CanSwitch   bool   // the page offers to change AllReports
	Trouble     string // the id of a text, or empty
	Hindrance   string // what the bot cannot do there, as the list of places says: the id of a text, or empty
	HeldUntil   string // the time of day until which Telegram accepts no message there, or empty
	Path        string // of the group's actions
}

func (b *Bot) notes(r *http.Request, a Account, connected bool) (any, error) {
	if !connected {
		return nil, nil
	}
	subscribers, err := b.store.countPrivate(r.Context(), a.City)
	if err != nil {
		return nil, err
	}
	groups, err := b.groupNotes(r)
	if err != nil {
		return nil, err
	}
	wantsAll := bots.MountOf(r).City.Options.On("group_all") || slices.ContainsFunc(groups, func(g groupNote) bool { return g.AllReports })
	return notes{Subscribers: subscribers, NoAccess: wantsAll && !a.ReadsAll, Groups: groups}, nil
}

func (b *Bot) groupNotes(r *http.Request) ([]groupNote, error) {
	mount := bots.MountOf(r)
	rows, err := b.store.listGroups(r.Context(), mount.City.Name)
	if err != nil {
		return nil, err
	}
	known, err := b.places.Known(r.Context(), mount.City.Name)
	var out []groupNote
	for _, row := range rows {
		kind := "group"
		if row.Kind == channel {
			kind = "channel"
		}
		var place places.Place
		if chat, err := b.store.openChat(row.City, row.ChatHash, row.Chat); err == nil {
			place, _ = known.Place(placeID(chat))
		}
		heldUntil := ""
		if until, held := row.heldUntil(b.core.Now()); held {
			heldUntil = mount.City.In(until).Format("15:04")
		}
		out = append(out, groupNote{
			HeldUntil: heldUntil, Hindrance: place.Note,
			Title: b.store.title(row), Kind: kind, Active: row.Active, Trouble: row.Trouble,
			AllReports: row.AllReports, CanSwitch: row.Active && kind == "group" && !mount.City.Options.On("group_all"),
			Path: mount.Path + "/groups/" + strconv.FormatUint(row.ID, 10),
		})
	}
	return out, err
}
