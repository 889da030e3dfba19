package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/db"
	"linienfunk/internal/secret"
	"linienfunk/report"
	"linienfunk/settings"
)

// Zone is the time zone of a city.
type Zone = *time.Location

// notice is what somebody is told who runs a city.
type notice struct {
	chat.Answer
	key   string                          // see chat.Network.Tell; the recipient's name is added to it
	after func(ctx context.Context) error // notes that it was told; may be nil
}

// recipient is who is told: somebody who has linked a chat, or one of the places of the city's info channel.
type recipient struct {
	name          string // differs between all recipients: "link 3"
	city, network string
	lang          string
	cell          secret.Cell // that the address is bound to
	address       []byte      // sealed
	admin         uint        // who has linked the chat; 0 for a place
	role          chat.Role   // theirs
	buttons       bool        // whoever presses a button there is known
	table         any         // where it is noted what was told
	id            uint
	told          uint
}

// isBy reports whether a call was made by the recipient: by the admin, from the address, or in the group, which has seen it.
func (c *Commands) isBy(ctx context.Context, to recipient, call Call) bool {
	by := call.Actor
	if to.admin != 0 {
		return to.admin == by.Admin
	}
	address, err := c.Box.Open(to.cell, to.address)
	if err != nil {
		return false // deliver says so
	}
	if to.network == by.Network && string(address) == cmp.Or(by.Group, by.Person) {
		return true
	}
	admin, err := c.DB.AdminByID(ctx, by.Admin)
	return err == nil && strings.EqualFold(admin.Address, string(address)) // where they log in
}

// tell tells those who run the city what somebody else has done.
func (c *Commands) tell(ctx context.Context, command Command, call Call, result any) {
	ctx = context.WithoutCancel(ctx) // the command was carried out
	city, _, err := c.Settings.Get(ctx, call.City)
	if err != nil {
		return // reads memory
	}
	key := digest(fmt.Appendf(nil, "%s %v %d", call.Name, call.Args, c.Now().UnixNano()))
	c.toAll(ctx, city, func(to recipient) (notice, bool) {
		if c.isBy(ctx, to, call) {
			return notice{}, false
		}
		what := c.Answer(to.lang, city.Clock(), command, result).Text
		if command.Names && to.admin == 0 {
			what = c.Help(to.lang, command)
		}
		return notice{Answer: chat.Answer{Text: c.Text(to.lang, "notice-done", "What", what)}, key: key}, true
	})
}

// toAll sends what f returns to all who have linked a chat with a city, and to the places of its info channel.
func (c *Commands) toAll(ctx context.Context, city settings.Snapshot, f func(to recipient) (notice, bool)) {
	all, err := c.recipients(ctx, city)
	if err != nil {
		c.Log.Warn("some of those who run the city are not told", "city", city.City, "err", err)
	}
	for _, to := range all {
		if n, ok := f(to); ok {
			n.Linked, n.Role = true, to.role
			c.deliver(ctx, to, n)
		}
	}
}

// recipients lists those who are told. The error is about others, who cannot be found out.
func (c *Commands) recipients(ctx context.Context, city settings.Snapshot) (all []recipient, failed error) {
	var links []Link
	err := c.Tables.WithContext(ctx).Where("city = ?", city.City).Order("id").Find(&links).Error
	failed = errors.Join(failed, err)
	for _, row := range links {
		level, err := c.levelIn(ctx, row.City, row.AdminID)
		if err == nil && level == Anyone {
			continue
		}
		admin, err2 := c.DB.AdminByID(ctx, row.AdminID)
		if err := errors.Join(err, err2); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		to := toLink(row, admin.Lang)
		to.role = roleOf(level)
		all = append(all, to)
	}
	places, err := c.places(ctx, city.City)
	for _, row := range places {
		if row.Code == "" {
			all = append(all, recipient{name: fmt.Sprintf("place %d", row.ID), city: row.City, network: row.Network, lang: city.Lang, cell: placeCell(row), address: row.Address,
				buttons: row.Shared, table: &InfoPlace{}, id: row.ID, told: row.Told})
		}
	}
	return all, errors.Join(failed, err)
}

func toLink(row Link, lang string) recipient {
	return recipient{name: fmt.Sprintf("link %d", row.ID), city: row.City, network: row.Network, lang: lang, cell: addressCell(row), address: row.Address,
		admin: row.AdminID, buttons: true, table: &Link{}, id: row.ID, told: row.Told}
}

// deliver hands a notice to the recipient's network, which stores it.
func (c *Commands) deliver(ctx context.Context, to recipient, n notice) {
	network := c.Networks[to.network]
	if network == nil {
		return
	}
	if !to.buttons && n.key != "removed" { // nobody else can press it: the address alone has it
		n.Buttons = []chat.Button{{Label: c.Text(to.lang, "button-info-stop"), Command: "/" + c.word(to.lang, *c.byName["info stop"])}}
	}
	address, err := c.Box.Open(to.cell, to.address)
	if err == nil {
		err = network.Tell(ctx, to.city, string(address), to.name+" "+n.key, n.Answer)
	}
	if err != nil && bots.AsError(err).Kind == bots.KindPermanent {
		c.Log.Info("somebody who runs the city cannot be reached any more", "city", to.city, "network", to.network, "who", to.name, "err", err)
		err = nil
	}
	if err == nil && n.after != nil {
		err = n.after(ctx)
	}
	if err != nil {
		c.Log.Warn("somebody who runs the city is not told", "city", to.city, "network", to.network, "who", to.name, "err", err)
	}
}

// tellUnlinked tells a person in a chat that somebody else has ended their link. Their network may have shown them a menu.
func (c *Commands) tellUnlinked(ctx context.Context, row Link) {
	admin, err := c.DB.AdminByID(ctx, row.AdminID)
	switch {
	case err == nil:
		c.deliver(context.WithoutCancel(ctx), toLink(row, admin.Lang), notice{Answer: chat.Answer{Text: c.Text(admin.Lang, "answer-unlink")}, key: "unlinked"})
	case !errors.Is(err, db.ErrNotFound):
		c.Log.Warn("somebody who ran the city is not told that they do not any more", "city", row.City, "network", row.Network, "err", err)
	}
}

// maxNotice is how many reports a notice about what is held shows.
const maxNotice = 5

// NoticeHeld tells those who run one of the cities what is held that they have not heard of, in one message each. It is called after reports were held, and now and
// then: what it has told is in the database.
func (c *Commands) NoticeHeld(ctx context.Context, cities []string) {
	for _, city := range cities {
		snapshot, ok, err := c.Settings.Get(ctx, city)
		if err != nil || !ok {
			continue
		}
		entries, err := c.heldIn(ctx, snapshot)
		if err != nil && ctx.Err() == nil {
			c.Log.Warn("cannot look for what is held", "city", city, "err", err)
		}
		if len(entries) == 0 {
			continue
		}
		c.toAll(ctx, snapshot, func(to recipient) (notice, bool) { return c.heldNotice(entries, to) })
		if err := c.mailHeld(ctx, snapshot, entries); err != nil && ctx.Err() == nil {
			c.Log.Warn("some of those who run the city are not mailed what waits", "city", city, "err", err)
		}
	}
}

// HeldCities lists the cities in which something may wait for a moderator.
func (c *Commands) HeldCities(ctx context.Context) []string {
	cities, err := c.DB.HeldCities(ctx, c.Now().Add(-settings.MaxFreshness*time.Minute))
	if err != nil && ctx.Err() == nil {
		c.Log.Warn("cannot list the cities in which something is held", "err", err)
	}
	return cities
}

// heldNotice returns the notice for one recipient.
func (c *Commands) heldNotice(all []db.Entry, to recipient) (n notice, ok bool) {
	entries := slices.DeleteFunc(slices.Clone(all), func(e db.Entry) bool { return e.ID <= to.told })
	if len(entries) == 0 {
		return n, false
	}
	newest, lang := entries[0].ID, to.lang
	lines := []string{c.Text(lang, "notice-held", "Count", len(entries))}
	for _, e := range entries[:min(len(entries), maxNotice)] {
		lines = append(lines, c.Text(lang, "notice-report", "Report", e.ID, "Text", report.Cut(e.Text, 300), "From", c.title(lang, e.Bot), "Rule", c.ruleText(lang, e)))
		n.Buttons = append(n.Buttons, c.rulingButtons(lang, int(e.ID))...)
	}
	if len(entries) > maxNotice {
		lines = append(lines, c.Text(lang, "notice-more", "Usage", "/"+c.word(lang, *c.byName["reports"])+" "+c.Text(lang, "word-on")))
	}
	n.Text, n.key = strings.Join(lines, "\n"), fmt.Sprintf("held %d", newest)
	n.after = func(ctx context.Context) error {
		return c.Tables.WithContext(ctx).Model(to.table).Where("id = ? AND told < ?", to.id, newest).Update("told", newest).Error
	}
	return n, true
}

// NetworkNames lists the networks in which people can write commands.
func (c *Commands) NetworkNames() (names []string) {
	for name := range c.Networks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ruleText is the rule that holds a report, for people.
func (c *Commands) ruleText(lang string, e db.Entry) string {
	if e.List == string(report.Hold) {
		return c.Text(lang, "hold-"+e.Rule)
	}
	return e.Rule
}
