package email

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"linienfunk/bots"
	"linienfunk/internal/limits"
	"linienfunk/mail"
	"linienfunk/mail/text"
)

// maxForm is the longest body of a form, in bytes.
const maxForm = 16 << 10

// Public serves the form on the city's page, and where the links in our mails lead. No GET changes anything: scanners
// open links. Leaving also works as RFC 8058 says: a POST from a mail program, without cookies, answered without a
// redirect.
func (b *Bot) Public() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.showForm)
	mux.HandleFunc("POST /subscribe", b.subscribe)
	mux.HandleFunc("GET /confirm", b.showConfirm)
	mux.HandleFunc("POST /confirm", b.confirm)
	mux.HandleFunc("GET /unsubscribe", b.showUnsubscribe)
	mux.HandleFunc("POST /unsubscribe", b.unsubscribe)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if bots.MountOf(r).City.Name == "" {
			http.NotFound(w, r) // we have no pages outside of cities
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		mux.ServeHTTP(w, r)
	})
}

func (b *Bot) showForm(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	_, ok, err := b.open(r.Context(), mount.City.Name)
	m, connected, other := b.known(r.Context(), mount.City.Name)
	if err = errors.Join(err, other); err != nil {
		b.core.Log.Error("form not shown", "error", err)
	}
	if err != nil || !ok {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	address := b.address(mount.City.Name)
	if connected {
		address = m.Address
	}
	b.core.Pages.Section(w, r, "subscribe.html", map[string]any{
		"Action": mount.Path + "/subscribe", "Address": address,
	})
}

// subscribe answers the same whether or not the address is known.
func (b *Bot) subscribe(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	address, err := text.ParseAddress(r.PostFormValue("address"))
	if err != nil {
		b.core.Pages.Failed(w, r, b.text(r, "bad-address"))
		return
	}
	if !b.clients.Allow(limits.Client(r.RemoteAddr)) {
		b.core.Pages.Failed(w, r, b.text(r, "too-often"))
		return
	}
	switch err := b.invite(r.Context(), mount.City.Name, address); {
	case errors.Is(err, text.ErrAddress):
		b.core.Pages.Failed(w, r, b.text(r, "bad-address"))
	case errors.Is(err, errClosed):
		b.core.Pages.Failed(w, r, b.text(r, "closed"))
	case errors.Is(err, errBusy):
		b.core.Pages.Failed(w, r, b.text(r, "busy"))
	case err != nil:
		b.core.Log.Error("subscription failed", "city", mount.City.Name, "error", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
	default:
		b.core.Pages.Done(w, r, b.text(r, "look-into-mailbox"))
	}
}

var errClosed = errors.New("the city takes no subscribers")

// invite mails to an address about its subscription: a link to confirm it, or that it is confirmed already.
func (b *Bot) invite(ctx context.Context, name, address string) error {
	city, ok, err := b.open(ctx, name)
	if err != nil {
		return err
	}
	if !ok {
		return errClosed
	}
	if b.ours(text.Domain(address)) {
		return text.ErrAddress // we would write in a circle
	}
	s, write, err := b.store.ask(ctx, name, address)
	if err != nil || !write {
		return err
	}
	way, err := b.wayOut(ctx, name)
	if err != nil {
		return errors.Join(err, b.store.unask(ctx, s))
	}
	title := oneLine(city.Title, maxSubject)
	unsubscribe := b.link(name, "unsubscribe", b.unsubscribeToken(s))
	text, subject := "mail-known", "mail-known-subject"
	if !s.Confirmed {
		text, subject = "mail-confirm", "mail-confirm-subject"
	}
	err = b.mail.Queue.Enqueue(ctx, mail.Message{
		Key:  "email invite " + name + " " + s.Person + " " + strconv.FormatInt(s.AskedAt, 10),
		From: way.from, Route: way.route, FromName: title, To: address, BounceID: bounceID(s),
		Subject: b.core.Pages.Text(city.Lang, subject, "City", title),
		Text: b.core.Pages.Text(city.Lang, text, "City", title, "Page", b.core.BaseURL+"/c/"+name,
			"Confirm", b.link(name, "confirm", b.confirmToken(s)), "Unsubscribe", unsubscribe) + "\n",
		Header:  map[string]string{headerLoop: b.address(name)},
		Expires: b.core.Now().Add(confirmTime),
	})
	if err != nil {
		return errors.Join(err, b.store.unask(ctx, s))
	}
	return nil
}

func (b *Bot) showConfirm(w http.ResponseWriter, r *http.Request) {
	if person := b.confirmable(w, r, r.FormValue("t")); person != "" {
		b.ask(w, r, "confirm")
	}
}

func (b *Bot) confirm(w http.ResponseWriter, r *http.Request) {
	city := bots.MountOf(r).City.Name
	person := b.confirmable(w, r, r.FormValue("t"))
	if person == "" {
		return
	}
	switch ok, err := b.store.confirm(r.Context(), city, person); {
	case err != nil:
		b.core.Log.Error("confirmation failed", "city", city, "error", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
	case !ok:
		b.gone(w, r)
	default:
		b.core.Pages.Done(w, r, b.text(r, "confirmed", "City", bots.MountOf(r).City.Title))
	}
}

// confirmable returns the subscriber that a valid token confirms; otherwise it answers.
func (b *Bot) confirmable(w http.ResponseWriter, r *http.Request, token string) string {
	city := bots.MountOf(r).City.Name
	person, expired, ok := b.readConfirm(city, token)
	if !ok {
		b.unknown(w, r)
		return ""
	}
	s, found, err := b.store.find(r.Context(), city, person)
	if err != nil {
		b.core.Log.Error("confirmation failed", "city", city, "error", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
		return ""
	}
	if !found || expired && !s.Confirmed {
		b.gone(w, r)
		return ""
	}
	return person
}

func (b *Bot) showUnsubscribe(w http.ResponseWriter, r *http.Request) {
	if _, ok := b.readUnsubscribe(bots.MountOf(r).City.Name, r.FormValue("t")); !ok {
		b.unknown(w, r)
		return
	}
	b.ask(w, r, "unsubscribe")
}

// unsubscribe may be done any number of times.
func (b *Bot) unsubscribe(w http.ResponseWriter, r *http.Request) {
	city := bots.MountOf(r).City.Name
	person, ok := b.readUnsubscribe(city, r.FormValue("t"))
	if !ok {
		b.unknown(w, r)
		return
	}
	program := r.PostFormValue("List-Unsubscribe") == "One-Click"
	err := b.leave(r.Context(), city, person)
	if err != nil {
		b.core.Log.Error("unsubscribing failed", "city", city, "error", err)
	}
	switch {
	case program && err != nil:
		http.Error(w, b.text(r, "try-again"), http.StatusInternalServerError)
	case program:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte(b.text(r, "unsubscribed") + "\n"))
	case err != nil:
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
	default:
		b.core.Pages.Done(w, r, b.text(r, "unsubscribed"))
	}
}

// leave ends a subscription, and the mails to it that wait.
func (b *Bot) leave(ctx context.Context, city, person string) error {
	if err := b.store.remove(ctx, city, person); err != nil {
		return err
	}
	if err := b.mail.Queue.Forget(ctx, bounceID(Subscriber{City: city, Person: person})); err != nil {
		return fmt.Errorf("forget mails: %w", err)
	}
	return nil
}

// ask shows the button that a link leads to.
func (b *Bot) ask(w http.ResponseWriter, r *http.Request, what string) {
	mount := bots.MountOf(r)
	unseen(w)
	b.core.Pages.Page(w, r, http.StatusOK, b.text(r, what+"-title"), "confirm.html", map[string]any{
		"Action": mount.Path + "/" + what, "Token": r.FormValue("t"),
		"Question": b.text(r, what+"-question", "City", mount.City.Title), "Button": b.text(r, what+"-button"),
	})
}

func (b *Bot) unknown(w http.ResponseWriter, r *http.Request) {
	b.sorry(w, r, http.StatusNotFound, "link-unknown")
}

func (b *Bot) gone(w http.ResponseWriter, r *http.Request) {
	b.sorry(w, r, http.StatusGone, "link-gone")
}

func (b *Bot) sorry(w http.ResponseWriter, r *http.Request, status int, why string) {
	unseen(w)
	city := bots.MountOf(r).City
	b.core.Pages.Page(w, r, status, b.text(r, why+"-title"), "link_failed.html", map[string]any{
		"Why": b.text(r, why), "Page": b.core.BaseURL + "/c/" + city.Name, "City": city.Title,
	})
}

// unseen keeps the token in a page's address out of caches. Out of other sites' logs it is kept by the program's
// Referrer-Policy; a stricter one here would make browsers send "Origin: null" with the page's own button.
func unseen(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
}

// text translates into the visitor's language.
func (b *Bot) text(r *http.Request, id string, pairs ...any) string {
	return b.core.Pages.Text(bots.MountOf(r).Lang, id, pairs...)
}
