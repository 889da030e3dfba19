package email

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/mail/inbound"
	"linienfunk/mail/text"
)

// WebUI shows the city's address, its mailbox, the number of subscribers, and the options.
func (b *Bot) WebUI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.showSettings)
	mux.HandleFunc("POST /connect", b.connectMailbox)
	mux.HandleFunc("POST /check", b.checkMailbox)
	mux.HandleFunc("POST /disconnect", b.disconnectMailbox)
	return http.MaxBytesHandler(mux, maxForm)
}

func (b *Bot) showSettings(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	count, err := b.store.count(r.Context(), mount.City.Name)
	m, connected, other := b.findMailbox(r.Context(), mount.City.Name)
	if err := errors.Join(err, other); err != nil {
		b.core.Log.Error("settings not shown", "city", mount.City.Name, "err", err)
		http.Error(w, b.text(r, "try-again"), http.StatusInternalServerError)
		return
	}
	b.core.Pages.Section(w, r, "settings.html", map[string]any{
		"Address": b.address(mount.City.Name), "Off": !mount.City.Options.On("enabled"), "Subscribers": count,
		"Options": mount.Options, "Path": mount.Path, "Mailbox": m, "Connected": connected, "Refused": b.isRefused(m),
		"Securities": []inbound.Security{inbound.ImplicitTLS, inbound.StartTLS, inbound.NoTLS},
	})
}

// findMailbox returns the city's mailbox, and false if it has none.
func (b *Bot) findMailbox(ctx context.Context, city string) (Mailbox, bool, error) {
	m, _, err := b.mailboxes.Load(ctx, city)
	if errors.Is(err, kit.ErrNoAccount) {
		return Mailbox{}, false, nil
	}
	return m, err == nil, err
}

// invalidField is an error that tells the admin which field of the form is invalid.
func invalidField(say string) error {
	return bots.Permanent(say, errors.New("invalid field in the form of a mailbox"))
}

// readMailboxForm returns the mailbox of a form. Its errors are of invalidField. The login defaults to the address.
func readMailboxForm(r *http.Request) (m Mailbox, password string, err error) {
	m = Mailbox{Base: kit.Base{City: bots.MountOf(r).City.Name}, Security: r.PostFormValue("security"), Login: strings.TrimSpace(r.PostFormValue("login"))}
	if m.Address, err = text.ParseAddress(r.PostFormValue("address")); err != nil {
		return m, "", invalidField("form-address")
	}
	if m.Login == "" {
		m.Login = m.Address
	}
	if m.Host, err = parseHost(r.PostFormValue("host")); err != nil {
		return m, "", err
	}
	usual := map[inbound.Security]int{inbound.ImplicitTLS: 993, inbound.StartTLS: 143, inbound.NoTLS: 143}
	if m.Port, err = parsePort(r.PostFormValue("port"), usual[inbound.Security(m.Security)]); err != nil {
		return m, "", err
	}
	if err := readSubmissionForm(r, &m); err != nil {
		return m, "", err
	}
	password = r.PostFormValue("password")
	if password == "" || len(password) > maxPassword || len(m.Login) > text.MaxAddress || strings.ContainsAny(m.Login+password, "\x00\r\n") {
		return m, "", invalidField("form-login")
	}
	return m, password, nil
}

const maxPassword = 1000 // bytes

// parsePort returns the usual port if none is typed. It is 0 for an encryption that does not exist.
func parsePort(typed string, usual int) (int, error) {
	typed = strings.TrimSpace(typed)
	if usual == 0 {
		return 0, invalidField("form-security")
	}
	if typed == "" {
		return usual, nil
	}
	n, err := strconv.ParseUint(typed, 10, 16)
	if err != nil || n == 0 {
		return 0, invalidField("form-port")
	}
	return int(n), nil
}

// parseHost returns the name of a host in the form of DNS, or an address.
func parseHost(typed string) (string, error) {
	typed = strings.TrimSuffix(strings.TrimSpace(typed), ".")
	if ip := net.ParseIP(typed); ip != nil {
		return ip.String(), nil
	}
	name, err := text.ASCIIDomain(typed)
	if err != nil || name == "" || len(name) > 253 || strings.ContainsAny(name, ":/@ ") {
		return "", invalidField("form-server")
	}
	return name, nil
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
		box, err := b.fetcher.Open(r.Context(), m.account(password))
		if err != nil {
			b.mailboxFailed(w, r, mailboxError(err))
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
