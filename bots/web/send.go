package web

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

// Send puts the report on the city's list and tells the open pages on all nodes.
func (b *bot) Send(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
	city, _, err := b.core.Cities.City(ctx, a.City)
	if err != nil {
		return report.Receipt{}, wrap("look up city", err)
	}
	if !city.Options.On("list") {
		return report.Receipt{}, bots.Permanent("list-is-off", errors.New("the city's list is switched off"))
	}
	saved, isNew, err := b.savePost(ctx, a.City, r)
	if err != nil {
		return report.Receipt{}, err
	}
	if isNew {
		b.announce(a.City)
	}
	id := strconv.FormatUint(uint64(saved.ID), 10)
	return report.Receipt{ID: id, URL: b.postURL(saved)}, nil
}

// Retract takes a post off the list.
func (b *bot) Retract(ctx context.Context, a bots.Account, sent report.Receipt) error {
	id, err := strconv.ParseUint(sent.ID, 10, 63)
	if err != nil {
		return bots.Permanent("", fmt.Errorf("retract post %q: not an id of ours", sent.ID))
	}
	found, err := b.deletePosts(ctx, a.City, "id = ?", id)
	if found {
		b.announce(a.City)
	}
	return err
}

// Prune deletes posts that were written or that arrived before the given time. Both count: a network whose clock is
// ahead must not keep a text longer.
func (b *bot) Prune(ctx context.Context, city string, before time.Time) error {
	before = before.UTC()
	found, err := b.deletePosts(ctx, city, "(at < ? OR created < ?)", before, before)
	if found {
		b.announce(city)
	}
	return err
}

// SettingsChanged closes or opens the list on open pages.
func (b *bot) SettingsChanged(city string) { b.announce(city) }

// announce says to all nodes that the city's list is not what it was. The table has what is new, so a lost
// announcement is made good by the next one.
func (b *bot) announce(city string) {
	if err := b.core.Events.Publish(city, []byte("changed")); err != nil {
		b.core.Log.Warn("open pages were not told of a change", "city", city, "err", err)
	}
}

func (b *bot) postURL(p post) string {
	return b.cityURL(p.City) + "#post-" + strconv.FormatUint(uint64(p.ID), 10)
}
