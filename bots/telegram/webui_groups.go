package telegram

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	tg "github.com/go-telegram/bot"

	"linienfunk/bots"
)

// confirmGroup lets a group or channel have the city's reports.
func (b *Bot) confirmGroup(w http.ResponseWriter, r *http.Request) {
	v, ok := b.groupOf(w, r)
	if !ok {
		return
	}
	if err := b.store.change(r.Context(), v, map[string]any{"active": true}); err != nil {
		b.broken(w, r, err)
		return
	}
	b.core.Pages.Done(w, r, b.say(r, "group-confirmed", "Title", b.store.title(v)))
}

// switchAll says whether every message in a group is a report.
func (b *Bot) switchAll(w http.ResponseWriter, r *http.Request) {
	v, ok := b.groupOf(w, r)
	if !ok {
		return
	}
	all, done := r.FormValue("all") == "true", "group-some-now"
	if all {
		done = "group-all-now"
	}
	if err := b.store.change(r.Context(), v, map[string]any{"all_reports": all}); err != nil {
		b.broken(w, r, err)
		return
	}
	b.core.Pages.Done(w, r, b.say(r, done, "Title", b.store.title(v)))
}

// removeGroup forgets a group or channel, and leaves it: otherwise it would be offered again with its next message.
func (b *Bot) removeGroup(w http.ResponseWriter, r *http.Request) {
	v, ok := b.groupOf(w, r)
	if !ok {
		return
	}
	title := b.store.title(v)
	if err := b.store.remove(r.Context(), v); err != nil {
		b.broken(w, r, err)
		return
	}
	if err := b.leave(r.Context(), v); err != nil {
		b.core.Log.Info("the bot is still in a group", "city", v.City, "error", err)
		b.core.Pages.Done(w, r, b.say(r, "group-removed-only", "Title", title))
		return
	}
	b.core.Pages.Done(w, r, b.say(r, "group-removed", "Title", title))
}

func (b *Bot) leave(ctx context.Context, v Subscriber) error {
	_, c, err := b.account(ctx, v.City)
	if err != nil {
		return err
	}
	chat, err := b.store.chat(v.City, v.Person, v.Chat)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, b.limits.call)
	defer cancel()
	_, err = c.LeaveChat(ctx, &tg.LeaveChatParams{ChatID: chat})
	return explain("leave group", err)
}

// groupOf is the group that the request names, of this city. Otherwise the request is answered.
func (b *Bot) groupOf(w http.ResponseWriter, r *http.Request) (Subscriber, bool) {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 63)
	if err != nil {
		http.NotFound(w, r)
		return Subscriber{}, false
	}
	v, err := b.store.groupByID(r.Context(), bots.MountOf(r).City.Name, id)
	if errors.Is(err, errNoGroup) {
		b.core.Pages.Failed(w, r, b.say(r, "no-group"))
		return v, false
	}
	if err != nil {
		b.broken(w, r, err)
		return v, false
	}
	return v, true
}
