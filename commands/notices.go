package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/db"
	"linienfunk/report"
)

// Zone is the time zone of a city.
type Zone = *time.Location

// notice is what somebody is told who has linked a chat.
type notice struct {
	chat.Answer
	key   string                          // see chat.Network.Tell
	after func(ctx context.Context) error // notes that it was told; may be nil
}

// tell tells those who have linked a chat what somebody else has done.
func (c *Commands) tell(ctx context.Context, command Command, call Call, result any) {
	ctx = context.WithoutCancel(ctx) // the command was carried out
	city, _, err := c.Settings.Get(ctx, call.City)
	if err != nil {
		return // reads memory
	}
	c.toLinks(ctx, call.City, func(row Link, lang string) (notice, bool) {
		if call.Actor.Admin == row.AdminID && call.Actor.Admin != 0 {
			return notice{}, false
		}
		text := c.Text(lang, "notice-done", "What", c.Answer(lang, city.Clock(), command, result).Text)
		return notice{Answer: chat.Answer{Text: text}, key: digest(fmt.Appendf(nil, "%s %v %d", call.Name, call.Args, c.Now().UnixNano()))}, true
	})
}

// toLinks sends what f returns to all who have linked a chat with a city.
func (c *Commands) toLinks(ctx context.Context, city string, f func(row Link, lang string) (notice, bool)) {
	var all []Link
	if err := c.Tables.WithContext(ctx).Where("city = ?", city).Order("id").Find(&all).Error; err != nil {
		c.Log.Warn("those who run the city are not told", "city", city, "err", err)
		return
	}
	for _, row := range all {
		if err := c.toLink(ctx, row, f); err != nil {
			c.Log.Warn("somebody who runs the city is not told", "city", city, "network", row.Network, "err", err)
		}
	}
}

func (c *Commands) toLink(ctx context.Context, row Link, f func(row Link, lang string) (notice, bool)) error {
	level, err := c.levelIn(ctx, row.City, row.AdminID)
	network := c.Networks[row.Network]
	if err != nil || level == Anyone || network == nil {
		return err
	}
	admin, err := c.DB.AdminByID(ctx, row.AdminID)
	if err != nil {
		return err
	}
	n, ok := f(row, admin.Lang)
	if !ok {
		return nil
	}
	n.Linked = true
	if err := c.send(ctx, network, row, n); err != nil || n.after == nil {
		return err
	}
	return n.after(ctx)
}

func (c *Commands) send(ctx context.Context, network chat.Network, row Link, n notice) error {
	person, err := c.Box.Open(addressCell(row), row.Address)
	if err != nil {
		return err
	}
	err = network.Tell(ctx, row.City, string(person), n.key, n.Answer)
	if err != nil && bots.AsError(err).Kind == bots.KindPermanent {
		c.Log.Info("a linked chat cannot be reached any more", "city", row.City, "network", row.Network, "err", err)
		return nil
	}
	return err
}

// tellUnlinked tells a person in a chat that somebody else has ended their link. Their network may have shown them a menu.
func (c *Commands) tellUnlinked(ctx context.Context, row Link) {
	admin, err := c.DB.AdminByID(ctx, row.AdminID)
	network := c.Networks[row.Network]
	if err == nil && network != nil {
		n := notice{Answer: chat.Answer{Text: c.Text(admin.Lang, "answer-unlink")}, key: fmt.Sprintf("unlinked %d", row.ID)}
		err = c.send(context.WithoutCancel(ctx), network, row, n)
	}
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		c.Log.Warn("somebody who ran the city is not told that they do not any more", "city", row.City, "network", row.Network, "err", err)
	}
}

// maxNotice is how many reports a notice about what is held shows.
const maxNotice = 5

// NoticeHeld tells those who have linked a chat with one of the cities what is held that they have not heard of, in one message each. It is called after reports were held, and now and
// then: what it has told is in the database.
func (c *Commands) NoticeHeld(ctx context.Context, cities []string) {
	for _, city := range cities {
		snapshot, ok, err := c.Settings.Get(ctx, city)
		if err != nil || !ok {
			continue
		}
		c.toLinks(ctx, city, func(row Link, lang string) (notice, bool) {
			return c.heldNotice(ctx, snapshot.Freshness(), row, lang)
		})
	}
}

// LinkedCities lists the cities with linked chats.
func (c *Commands) LinkedCities(ctx context.Context) (cities []string) {
	if err := c.Tables.WithContext(ctx).Model(&Link{}).Distinct("city").Pluck("city", &cities).Error; err != nil && ctx.Err() == nil {
		c.Log.Warn("cannot list linked chats", "err", err)
	}
	return cities
}

// heldNotice returns the notice for one chat. What is not fresh any more cannot be released.
func (c *Commands) heldNotice(ctx context.Context, freshness time.Duration, row Link, lang string) (n notice, ok bool) {
	entries, err := c.DB.Held(ctx, row.City, c.Now().Add(-freshness), 100)
	if err != nil {
		c.Log.Warn("cannot look for what is held", "city", row.City, "err", err)
		return n, false
	}
	entries = slices.DeleteFunc(entries, func(e db.Entry) bool {
		return e.ID <= row.Told || e.List == string(report.Muted) || e.List == string(report.Instance)
	})
	if len(entries) == 0 {
		return n, false
	}
	newest := entries[0].ID
	lines := []string{c.Text(lang, "notice-held", "Count", len(entries))}
	for _, e := range entries[:min(len(entries), maxNotice)] {
		lines = append(lines, c.Text(lang, "notice-report", "Report", e.ID, "Text", report.Cut(e.Text, 300), "From", c.title(lang, e.Bot), "Rule", e.Rule))
		n.Buttons = append(n.Buttons, c.rulingButtons(lang, int(e.ID))...)
	}
	if len(entries) > maxNotice {
		lines = append(lines, c.Text(lang, "notice-more", "Usage", "/"+c.word(lang, *c.byName["reports"])+" "+c.Text(lang, "word-on")))
	}
	n.Text, n.key = strings.Join(lines, "\n"), fmt.Sprintf("held %d %d", row.ID, newest)
	n.after = func(ctx context.Context) error {
		return c.Tables.WithContext(ctx).Model(&Link{}).Where("id = ? AND told < ?", row.ID, newest).Update("told", newest).Error
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
