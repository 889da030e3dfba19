package email

import (
	"context"
	"fmt"
	"strings"
)

// headerLoop marks our own mails.
const headerLoop = "X-Loop"

// machine says why a message does not come from a person, or nothing: automatic answers, bounces, mailing lists, our
// own mails. RFC 3834, sections 2 and 5, says how to know them. They are accepted and dropped: refusing them would
// make bounces, to people who did nothing. The error is that of a look-up: it is not known then.
func (b *Bot) machine(ctx context.Context, envelope string, m *message) (string, error) {
	switch auto := keyword(m.Get("Auto-Submitted")); {
	case envelope == "":
		return "empty return path", nil
	case auto != "" && auto != "no":
		return "Auto-Submitted", nil
	case m.Has("List-Id") || m.Has("List-Post"):
		return "mailing list", nil
	case m.Has(headerLoop):
		return "loop", nil
	case m.Has("X-Autoreply") || m.Has("X-Autorespond") || m.Has("X-Failed-Recipients"):
		return "automatic answer", nil
	case m.MediaType() == "multipart/report":
		return "report of a mail server", nil
	}
	switch keyword(m.Get("Precedence")) {
	case "bulk", "junk", "list", "auto_reply":
		return "Precedence", nil
	}
	for _, address := range []string{envelope, m.Author("")} {
		if why, err := b.robot(ctx, address); why != "" || err != nil {
			return why, err
		}
	}
	return "", nil
}

func (b *Bot) robot(ctx context.Context, address string) (string, error) {
	local, domain := split(strings.ToLower(address))
	if local == "mailer-daemon" {
		return "mail server", nil
	}
	if !b.ours(domain) {
		return "", nil
	}
	name, _, _ := strings.Cut(local, "+")
	_, ok, err := b.core.Cities.City(ctx, name)
	if err != nil {
		return "", fmt.Errorf("look up city: %w", err)
	}
	if ok {
		return "one of our own addresses", nil
	}
	return "", nil
}

// keyword is a header's value without parameters and comments, in lower case.
func keyword(value string) string {
	value, _, _ = strings.Cut(value, ";")
	value, _, _ = strings.Cut(value, "(")
	return strings.ToLower(strings.TrimSpace(value))
}
