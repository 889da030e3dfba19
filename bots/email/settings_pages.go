package email

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"linienfunk/bots"
	"linienfunk/mail/text"
)

// WebUI shows the city's address, its mailbox, how many subscribers it has, and the options. Who subscribes is nobody's business.
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
	m, connected, other := b.known(r.Context(), mount.City.Name)
	if err := errors.Join(err, other); err != nil {
		b.core.Log.Error("settings not shown", "city", mount.City.Name, "error", err)
		http.Error(w, b.text(r, "try-again"), http.StatusInternalServerError)
		return
	}
	b.core.Pages.Section(w, r, "settings.html", map[string]any{
		"Address": b.address(mount.City.Name), "Off": !mount.City.Options.On("enabled"), "Subscribers": count,
		"Options": mount.Options, "Path": mount.Path, "Mailbox": m, "Connected": connected, "Refused": b.refused(m),
		"Securities": []string{secureTLS, secureSTARTTLS, secureNone},
	})
}

// known returns the city's mailbox without its password.
func (b *Bot) known(ctx context.Context, city string) (Mailbox, bool, error) {
	m, _, err := b.store.mailbox(ctx, city)
	if errors.Is(err, errNoMailbox) {
		return Mailbox{}, false, nil
	}
	return m, err == nil, err
}

// badField is an error whose text tells an admin which field of the form cannot be right.
func badField(say string) error {
	return bots.Permanent(say, errors.New("the form is not filled in as it must be"))
}

// typed is the mailbox that an admin typed in. Its errors are of badField. Without a port it is at the usual one, without a login the address is it.
func typed(r *http.Request) (m Mailbox, password string, err error) {
	m = Mailbox{City: bots.MountOf(r).City.Name, Security: r.PostFormValue("security"), Login: strings.TrimSpace(r.PostFormValue("login"))}
	if m.Address, err = text.ParseAddress(r.PostFormValue("address")); err != nil {
		return m, "", badField("form-address")
	}
	if m.Login == "" {
		m.Login = m.Address
	}
	if m.Host, err = host(r.PostFormValue("host")); err != nil {
		return m, "", err
	}
	usual := map[string]int{secureTLS: 993, secureSTARTTLS: 143, secureNone: 143}
	if m.Port, err = port(r.PostFormValue("port"), usual[m.Security]); err != nil {
		return m, "", err
	}
	if err := typedSubmission(r, &m); err != nil {
		return m, "", err
	}
	password = r.PostFormValue("password")
	if password == "" || len(password) > maxPassword || len(m.Login) > text.MaxAddress || strings.ContainsAny(m.Login+password, "\x00\r\n") {
		return m, "", badField("form-login")
	}
	return m, password, nil
}

const maxPassword = 1000 // bytes

// port is the usual one if none is typed. There is none for an encryption that does not exist.
func port(typed string, usual int) (int, error) {
	typed = strings.TrimSpace(typed)
	if usual == 0 {
		return 0, badField("form-security")
	}
	if typed == "" {
		return usual, nil
	}
	n, err := strconv.ParseUint(typed, 10, 16)
	if err != nil || n == 0 {
		return 0, badField("form-port")
	}
	return int(n), nil
}

// host is a host's name as DNS has it, or an address.
func host(typed string) (string, error) {
	typed = strings.TrimSuffix(strings.TrimSpace(typed), ".")
	if ip := net.ParseIP(typed); ip != nil {
		return ip.String(), nil
	}
	name, err := text.ASCIIDomain(typed)
	if err != nil || name == "" || len(name) > 253 || strings.ContainsAny(name, ":/@ ") {
		return "", badField("form-server")
	}
	return name, nil
}

// connectMailbox stores a mailbox once it could be opened, and sends if it is to. What is in it by then is no report; what comes later is, even if the
// mailbox is read only minutes after.
func (b *Bot) connectMailbox(w http.ResponseWriter, r *http.Request) {
	m, password, err := typed(r)
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
	err = b.store.connect(r.Context(), m, password)
	if errors.Is(err, errTaken) {
		b.core.Pages.Failed(w, r, b.text(r, "mailbox-taken"))
		return
	}
	b.mailboxChanged(w, r, err, "mailbox-connected")
}

// checkMailbox opens the mailbox, and starts reading it anew in case that had ended at a refused password.
func (b *Bot) checkMailbox(w http.ResponseWriter, r *http.Request) {
	m, password, err := b.store.mailbox(r.Context(), bots.MountOf(r).City.Name)
	if errors.Is(err, errNoMailbox) {
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
		err = b.store.renew(r.Context(), m.City)
	}
	b.mailboxChanged(w, r, err, "mailbox-checked")
}

func (b *Bot) disconnectMailbox(w http.ResponseWriter, r *http.Request) {
	b.mailboxChanged(w, r, b.store.disconnect(r.Context(), bots.MountOf(r).City.Name), "mailbox-disconnected")
}

func (b *Bot) mailboxChanged(w http.ResponseWriter, r *http.Request, err error, done string) {
	city := bots.MountOf(r).City.Name
	if err != nil {
		b.core.Log.Error("mailbox not changed", "city", city, "error", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
		return
	}
	b.core.Changed(city)
	b.core.Pages.Done(w, r, b.text(r, done))
}

func (b *Bot) mailboxFailed(w http.ResponseWriter, r *http.Request, err error) {
	b.core.Log.Info("mailbox cannot be used", "city", bots.MountOf(r).City.Name, "error", err)
	say := bots.AsError(err).Say
	if say == "mailbox-login" { // which is for a mailbox that was being read
		say = "mailbox-password-wrong"
	}
	b.core.Pages.Failed(w, r, b.text(r, say))
}
