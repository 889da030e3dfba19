package email

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/bots/kit"
	"linienfunk/internal/limits"
	"linienfunk/mail"
	"linienfunk/mail/text"
)

// Public serves the form on the city's page, and the pages of the links in our mails. GET changes nothing, since scanners
// open links. To unsubscribe, mail programs may also POST, without cookies, and get an answer without a redirect (RFC 8058).
func (b *Bot) Public() http.Handler {
	mux := kit.Routes{
		"GET /{$}": b.showForm, "POST /subscribe": b.subscribe, "GET /confirm": b.showConfirm, "POST /confirm": b.confirm,
		"GET /unsubscribe": b.showUnsubscribe, "POST /unsubscribe": b.unsubscribe,
		"GET /choose": b.showChoose, "POST /choose": b.choose, "GET /move": b.showMove, "POST /move": b.move, "GET /act": b.showAct, "POST /act": b.act,
	}.Mux()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if bots.MountOf(r).City.Name == "" {
			http.NotFound(w, r) // all pages are those of cities
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		mux.ServeHTTP(w, r)
	})
}

func (b *Bot) showForm(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	_, ok, err := b.open(r.Context(), mount.City.Name)
	m, connected, other := b.findMailbox(r.Context(), mount.City.Name)
	if err = errors.Join(err, other); err != nil {
		b.core.Log.Error("form not shown", "err", err)
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
		"Action": mount.Path + "/subscribe", "Address": address, "Choice": b.choiceForm(mount, chat.Interest{}),
	})
}

// subscribe gives the same answer whether or not the address is subscribed: it must not reveal who is.
func (b *Bot) subscribe(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	address, err := text.ParseAddress(r.PostFormValue("address"))
	if err != nil {
		b.core.Pages.Failed(w, r, b.text(r, "bad-address"))
		return
	}
	wants, err := b.readChoice(r)
	if err != nil {
		b.core.Pages.Failed(w, r, b.explainChoice(r, err))
		return
	}
	if !b.clients.Allow(limits.Client(r.RemoteAddr)) {
		b.core.Pages.Failed(w, r, b.text(r, "too-often"))
		return
	}
	var spare int64
	if b.newcomers.Allow(mount.City.Name + " " + limits.RemoteNetwork(r.RemoteAddr, 24, 48)) {
		spare = spareMails
	}
	switch err := b.invite(r.Context(), mount.City.Name, address, wants, spare); {
	case errors.Is(err, text.ErrAddress):
		b.core.Pages.Failed(w, r, b.text(r, "bad-address"))
	case errors.Is(err, errClosed):
		b.core.Pages.Failed(w, r, b.text(r, "closed"))
	case errors.Is(err, errBusy):
		b.core.Pages.Failed(w, r, b.text(r, "busy"))
	case err != nil:
		b.core.Log.Error("subscription failed", "city", mount.City.Name, "err", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
	default:
		b.core.Pages.Done(w, r, b.text(r, "check-your-inbox"))
	}
}

var errClosed = errors.New("the city does not accept subscribers")

// invite sends a mail with a link to confirm a subscription, or says that it is confirmed already.
func (b *Bot) invite(ctx context.Context, name, address string, wants chat.Interest, spare int64) error {
	city, ok, err := b.open(ctx, name)
	if err != nil {
		return err
	}
	if !ok {
		return errClosed
	}
	if b.ours(text.Domain(address)) {
		return text.ErrAddress // it would be a loop
	}
	s, due, err := b.store.request(ctx, name, address, wants, spare)
	if err != nil || !due {
		return err
	}
	from, err := b.senderOf(ctx, name)
	if err != nil {
		return errors.Join(err, b.store.undoRequest(ctx, s))
	}
	title := oneLine(city.Title, maxSubject)
	unsubscribe := b.link(name, "unsubscribe", b.unsubscribeToken(s))
	text, subject := "mail-known", "mail-known-subject"
	if !s.Confirmed {
		text, subject = "mail-confirm", "mail-confirm-subject"
	}
	err = b.mail.Queue.Enqueue(ctx, mail.Message{
		Key:  "email invite " + name + " " + s.Person + " " + strconv.FormatInt(s.AskedAt, 10),
		From: from.from, Route: from.route, FromName: title, To: address, BounceID: bounceID(s),
		Subject: b.core.Pages.Text(city.Lang, subject, "City", title),
		Text: b.core.Pages.Text(city.Lang, text, "City", title, "Page", b.core.BaseURL+"/c/"+name,
			"Confirm", b.link(name, "confirm", b.confirmToken(s)), "Choose", b.link(name, "choose", b.chooseToken(s)), "Unsubscribe", unsubscribe) + "\n",
		Header:  map[string]string{headerLoop: b.address(name)},
		Expires: b.core.Now().Add(confirmTime),
	})
	if err != nil {
		return errors.Join(err, b.store.undoRequest(ctx, s))
	}
	return nil
}

func (b *Bot) showConfirm(w http.ResponseWriter, r *http.Request) {
	if person := b.confirmable(w, r, r.FormValue("t")); person != "" {
		b.showButton(w, r, "confirm")
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
		b.core.Log.Error("confirmation failed", "city", city, "err", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
	case !ok:
		b.showLinkFailed(w, r, http.StatusGone, "link-gone")
	default:
		b.core.Changed(city) // it may be the first one
		b.core.Pages.Done(w, r, b.text(r, "confirmed", "City", bots.MountOf(r).City.Title))
	}
}

// confirmable returns the subscriber that a valid token confirms. Otherwise it writes the answer and returns nothing.
func (b *Bot) confirmable(w http.ResponseWriter, r *http.Request, token string) string {
	city := bots.MountOf(r).City.Name
	person, expired, ok := b.readConfirm(city, token)
	if !ok {
		b.showLinkFailed(w, r, http.StatusNotFound, "link-unknown")
		return ""
	}
	s, found, err := b.store.find(r.Context(), city, person)
	if err != nil {
		b.core.Log.Error("confirmation failed", "city", city, "err", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
		return ""
	}
	if !found || expired && !s.Confirmed {
		b.showLinkFailed(w, r, http.StatusGone, "link-gone")
		return ""
	}
	return person
}

func (b *Bot) showUnsubscribe(w http.ResponseWriter, r *http.Request) {
	if _, ok := b.readUnsubscribe(bots.MountOf(r).City.Name, r.FormValue("t")); !ok {
		b.showLinkFailed(w, r, http.StatusNotFound, "link-unknown")
		return
	}
	b.showButton(w, r, "unsubscribe")
}

// unsubscribe ends a subscription. It may be repeated.
func (b *Bot) unsubscribe(w http.ResponseWriter, r *http.Request) {
	city := bots.MountOf(r).City.Name
	person, ok := b.readUnsubscribe(city, r.FormValue("t"))
	if !ok {
		b.showLinkFailed(w, r, http.StatusNotFound, "link-unknown")
		return
	}
	oneClick := r.PostFormValue("List-Unsubscribe") == "One-Click"
	err := b.removeSubscriber(r.Context(), city, person)
	if err != nil {
		b.core.Log.Error("unsubscribing failed", "city", city, "err", err)
	}
	switch {
	case oneClick && err != nil:
		http.Error(w, b.text(r, "try-again"), http.StatusInternalServerError)
	case oneClick:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte(b.text(r, "unsubscribed") + "\n"))
	case err != nil:
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
	default:
		b.core.Pages.Done(w, r, b.text(r, "unsubscribed"))
	}
}

// showButton shows the page of a link: a question and the button that does what the link is for.
func (b *Bot) showButton(w http.ResponseWriter, r *http.Request, what string) {
	mount := bots.MountOf(r)
	noStore(w)
	b.core.Pages.Page(w, r, http.StatusOK, b.text(r, what+"-title"), "confirm.html", map[string]any{
		"Action": mount.Path + "/" + what, "Token": r.FormValue("t"),
		"Question": b.text(r, what+"-question", "City", mount.City.Title), "Button": b.text(r, what+"-button"),
	})
}

// showLinkFailed shows why a link does not work.
func (b *Bot) showLinkFailed(w http.ResponseWriter, r *http.Request, status int, why string) {
	noStore(w)
	city := bots.MountOf(r).City
	b.core.Pages.Page(w, r, status, b.text(r, why+"-title"), "link_failed.html", map[string]any{
		"Why": b.text(r, why), "Page": b.core.BaseURL + "/c/" + city.Name, "City": city.Title,
	})
}

// noStore keeps the token in a page's address out of caches. The program's Referrer-Policy keeps it out of other sites' logs; a stricter one would
// make browsers send "Origin: null" with the page's own button.
func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
}
