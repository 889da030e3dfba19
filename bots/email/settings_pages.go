package email

import (
	"errors"
	"net/http"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/bots/places"
	"linienfunk/mail/inbound"
)

// WebUI shows the city's address, its mailbox, the number of subscribers, and the options.
func (b *Bot) WebUI() http.Handler {
	routes := kit.Routes{
		"GET /{$}": b.showSettings, "POST /connect": b.connectMailbox, "POST /check": b.checkMailbox, "POST /disconnect": b.disconnectMailbox,
		"POST /folder": b.chooseFolder, "POST /places": kit.RefreshPlaces(b.core, func() places.Lists { return b.places }),
	}
	return http.MaxBytesHandler(routes.Mux(), maxForm)
}

func (b *Bot) showSettings(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	count, err := b.store.count(r.Context(), mount.City.Name)
	m, connected, other := b.findMailbox(r.Context(), mount.City.Name)
	var folders []folderChoice
	var third error
	if connected {
		folders, third = b.folderChoices(r.Context(), m)
	}
	if err := errors.Join(err, other, third); err != nil {
		b.core.Log.Error("settings not shown", "city", mount.City.Name, "err", err)
		http.Error(w, b.text(r, "try-again"), http.StatusInternalServerError)
		return
	}
	b.core.Pages.Section(w, r, "settings.html", map[string]any{
		"Address": b.address(mount.City.Name), "Off": !mount.City.Options.On("enabled"), "Subscribers": count,
		"Options": mount.Options, "Path": mount.Path, "Mailbox": m, "Connected": connected, "Refused": b.isRefused(m),
		"Folders": folders, "Folder": m.folder(),
		"Securities": []inbound.Security{inbound.ImplicitTLS, inbound.StartTLS, inbound.NoTLS},
	})
}

// connectMailbox stores a mailbox after opening it, and after logging into its submission server, if it has one. Mails that are in it by then are no
// reports; those that come later are, even if reading begins only minutes after.
func (b *Bot) connectMailbox(w http.ResponseWriter, r *http.Request) {
	m, password, err := readMailboxForm(r)
	if err != nil {
		b.core.Pages.Failed(w, r, b.text(r, bots.AsError(err).Say))
		return
	}
	now := b.core.Now()
	box, err := b.fetcher.Open(r.Context(), m.account(password))
	if err != nil {
		b.mailboxFailed(w, r, mailboxError(err))
		return
	}
	position := box.Position(now)
	m.Validity, m.LastUID, m.LastAt = position.UIDValidity, position.LastUID, position.LastAt
	box.Close()
	if err := b.trySubmission(r.Context(), m, password); err != nil {
		b.mailboxFailed(w, r, err)
		return
	}
	err = b.mailboxes.Connect(r.Context(), m, password)
	if errors.Is(err, kit.ErrTaken) {
		b.core.Pages.Failed(w, r, b.text(r, "mailbox-taken"))
		return
	}
	b.mailboxChanged(w, r, err, "mailbox-connected")
}

// checkMailbox opens the mailbox, and restarts reading, which ends at a refused password.
func (b *Bot) checkMailbox(w http.ResponseWriter, r *http.Request) {
	m, password, err := b.mailboxes.Load(r.Context(), bots.MountOf(r).City.Name)
	if errors.Is(err, kit.ErrNoAccount) {
		b.core.Pages.Failed(w, r, b.text(r, "mailbox-none"))
		return
	}
	if err == nil {
		box, openErr := b.fetcher.Open(r.Context(), m.account(password))
		if openErr != nil {
			b.mailboxFailed(w, r, mailboxError(openErr))
			return
		}
		box.Close()
		if err := b.trySubmission(r.Context(), m, password); err != nil {
			b.mailboxFailed(w, r, err)
			return
		}
		err = b.mailboxes.Renew(r.Context(), m, map[string]any{"refused_at": 0})
	}
	b.mailboxChanged(w, r, err, "mailbox-checked")
}

func (b *Bot) disconnectMailbox(w http.ResponseWriter, r *http.Request) {
	b.mailboxChanged(w, r, b.mailboxes.Disconnect(r.Context(), bots.MountOf(r).City.Name), "mailbox-disconnected")
}

func (b *Bot) mailboxChanged(w http.ResponseWriter, r *http.Request, err error, done string) {
	city := bots.MountOf(r).City.Name
	if err != nil {
		b.core.Log.Error("mailbox not changed", "city", city, "err", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
		return
	}
	b.core.Changed(city)
	if done != "mailbox-disconnected" {
		b.refreshPlaces(r.Context(), city)
	}
	b.core.Pages.Done(w, r, b.text(r, done))
}

func (b *Bot) mailboxFailed(w http.ResponseWriter, r *http.Request, err error) {
	b.core.Log.Info("mailbox cannot be used", "city", bots.MountOf(r).City.Name, "err", err)
	say := bots.AsError(err).Say
	if say == "mailbox-login" { // a text for a mailbox that was being read
		say = "mailbox-password-wrong"
	}
	b.core.Pages.Failed(w, r, b.text(r, say))
}
