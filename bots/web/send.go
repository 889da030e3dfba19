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

// Send adds the report to the city's list and notifies the open pages on all nodes.
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
		b.notifyStreams(a.City)
	}
	id := strconv.FormatUint(uint64(saved.ID), 10)
	return report.Receipt{ID: id, URL: b.postURL(saved)}, nil
}

// Retract removes a post from the list.
func (b *bot) Retract(ctx context.Context, a bots.Account, _ string, sent report.Receipt) error {
	id, err := strconv.ParseUint(sent.ID, 10, 63)
	if err != nil {
		return bots.Permanent("", fmt.Errorf("retract post %q: not the id of a post", sent.ID))
	}
	found, err := b.deletePosts(ctx, a.City, "id = ?", id)
	if found {
		b.notifyStreams(a.City)
	}
	return err
}

// Edit shows what has become of a report. A post that is gone is left alone.
func (b *bot) Edit(ctx context.Context, a bots.Account, r report.Report, sent report.Receipt) error {
	id, err := strconv.ParseUint(sent.ID, 10, 63)
	if err != nil {
		return bots.Permanent("", fmt.Errorf("edit post %q: not the id of a post", sent.ID))
	}
	changed, err := b.editPost(ctx, a.City, id, r)
	if changed {
		b.notifyStreams(a.City)
	}
	return err
}

// Prune deletes posts that were written, or that were stored, before the given time. Both count, so that a network whose clock is
// fast does not keep a text longer.
func (b *bot) Prune(ctx context.Context, city string, before time.Time) error {
	before = before.UTC()
	found, err := b.deletePosts(ctx, city, "(at < ? OR created < ?)", before, before)
	if found {
		b.notifyStreams(city)
	}
	return err
}

// notifyStreams tells all nodes that the city's list has changed. The event carries no data: streams read the table, so that the next
// event makes up for a lost one.
func (b *bot) notifyStreams(city string) {
	if err := b.core.Events.Publish(city, []byte("changed")); err != nil {
		b.core.Log.Warn("open pages show a change only with the next one", "city", city, "err", err)
	}
}
