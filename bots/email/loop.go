package email

import (
	"context"
	"strings"
)

// headerLoop marks our own mails.
const headerLoop = "X-Loop"

// machine says why a message does not come from a person, or nothing: automatic answers, bounces, mailing lists, our
// own mails. RFC 3834, sections 2 and 5, says how to know them. They are accepted and dropped: refusing them would
// make bounces, to people who did nothing.
func (b *Bot) machine(ctx context.Context, envelope string, m *message) string {
	switch auto := keyword(m.header.Get("Auto-Submitted")); {
	case envelope == "":
		return "empty return path"
	case auto != "" && auto != "no":
		return "Auto-Submitted"
	case m.header.Has("List-Id") || m.header.Has("List-Post"):
		return "mailing list"
	case m.header.Has(headerLoop):
		return "loop"
	case m.header.Has("X-Autoreply") || m.header.Has("X-Autorespond") || m.header.Has("X-Failed-Recipients"):
		return "automatic answer"
	case m.kind == "multipart/report":
		return "report of a mail server"
	}
	switch keyword(m.header.Get("Precedence")) {
	case "bulk", "junk", "list", "auto_reply":
		return "Precedence"
	}
	for _, address := range []string{envelope, m.author("")} {
		if why := b.robot(ctx, address); why != "" {
			return why
		}
	}
	return ""
}

func (b *Bot) robot(ctx context.Context, address string) string {
	local, domain := split(strings.ToLower(address))
	if local == "mailer-daemon" {
		return "mail server"
	}
	if !b.ours(domain) {
		return ""
	}
	name, _, _ := strings.Cut(local, "+")
	if _, ok, err := b.core.Cities.City(ctx, name); ok || err != nil {
		return "one of our own addresses"
	}
	return ""
}

// keyword is a header's value without parameters and comments, in lower case.
func keyword(value string) string {
	value, _, _ = strings.Cut(value, ";")
	value, _, _ = strings.Cut(value, "(")
	return strings.ToLower(strings.TrimSpace(value))
}
