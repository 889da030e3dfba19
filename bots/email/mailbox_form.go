package email

import (
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/mail"
	"linienfunk/mail/inbound"
	"linienfunk/mail/text"
)

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

// readSubmissionForm adds the submission server of a form to a mailbox. A form without a host leaves it out.
func readSubmissionForm(r *http.Request, m *Mailbox) (err error) {
	if strings.TrimSpace(r.PostFormValue("smtp_host")) == "" {
		return nil
	}
	m.SubmitSecurity = r.PostFormValue("smtp_security")
	if m.SubmitHost, err = parseHost(r.PostFormValue("smtp_host")); err != nil {
		return err
	}
	// RFC 8314, section 7.3, and RFC 6409, section 3.1.
	usual := map[mail.Security]int{mail.ImplicitTLS: 465, mail.StartTLS: 587, mail.NoTLS: 587}
	m.SubmitPort, err = parsePort(r.PostFormValue("smtp_port"), usual[mail.Security(m.SubmitSecurity)])
	return err
}
