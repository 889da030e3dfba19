package telegram

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"linienfunk/bots"
)

// confirmGroup makes a group or channel a subscriber of the city's reports.
func (b *Bot) confirmGroup(w http.ResponseWriter, r *http.Request) {
	v, ok := b.groupOf(w, r)
	if !ok {
		return
	}
	if err := b.store.update(r.Context(), v, map[string]any{"active": true}); err != nil {
		b.pages.InternalError(w, r, err)
		return
	}
	b.pages.Done(w, r, "group-confirmed", "Title", b.store.title(v))
}

// setAllReports makes every message in a group a report, or only commands and mentions.
func (b *Bot) setAllReports(w http.ResponseWriter, r *http.Request) {
	v, ok := b.groupOf(w, r)
	if !ok {
		return
	}
	all, done := r.FormValue("all") == "true", "group-some-now"
	if all {
		done = "group-all-now"
	}
	if err := b.store.update(r.Context(), v, map[string]any{"all_reports": all}); err != nil {
		b.pages.InternalError(w, r, err)
		return
	}
	b.pages.Done(w, r, done, "Title", b.store.title(v))
}

// removeGroup deletes a group or channel and leaves it: otherwise its next message would add it again.
func (b *Bot) removeGroup(w http.ResponseWriter, r *http.Request) {
	v, ok := b.groupOf(w, r)
	if !ok {
		return
	}
	title := b.store.title(v)
	if err := b.store.remove(r.Context(), v); err != nil {
		b.pages.InternalError(w, r, err)
		return
	}
	if err := b.places.Outdated(r.Context(), v.City); err != nil {
		b.pages.InternalError(w, r, err)
		return
	}
	if err := b.leaveGroup(r.Context(), v); err != nil {
		b.core.Log.Info("the bot could not leave a removed group", "city", v.City, "err", err)
		b.pages.Done(w, r, "group-removed-only", "Title", title)
		return
	}
	b.pages.Done(w, r, "group-removed", "Title", title)
}

func (b *Bot) leaveGroup(ctx context.Context, v Subscriber) error {
	_, c, err := b.account(ctx, v.City)
	if err != nil {
		return err
	}
	chat, err := b.store.openChat(v.City, v.ChatHash, v.Chat)
	if err != nil {
		return err
	}
	return botError("leave group", c.leave(ctx, chat))
}

// groupOf returns the group in the request's path, if it is one of this city. Otherwise it answers the request and returns false.
func (b *Bot) groupOf(w http.ResponseWriter, r *http.Request) (Subscriber, bool) {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 63)
	if err != nil {
		http.NotFound(w, r)
		return Subscriber{}, false
	}
	v, err := b.store.group(r.Context(), bots.MountOf(r).City.Name, id)
	if errors.Is(err, errNoGroup) {
		b.pages.Failed(w, r, "no-group")
		return v, false
	}
	if err != nil {
		b.pages.InternalError(w, r, err)
		return v, false
	}
	return v, true
}
