package text

import "strings"

// automaticRules recognise mails that no person wrote: automatic replies, bounces, mailing lists, our own mails. RFC 3834, sections 2
// and 5, names most of the fields. The first rule that applies wins.
var automaticRules = []struct {
	name  string
	match func(m *Message, envelopeFrom string) bool
}{
	{"empty return path", func(_ *Message, envelopeFrom string) bool { return envelopeFrom == "" }},
	{"Auto-Submitted", autoSubmitted},
	{"mailing list", hasField("List-Id", "List-Post")},
	{"loop", hasField("X-Loop")},
	{"automatic reply", hasField("X-Autoreply", "X-Autorespond", "X-Failed-Recipients")},
	{"multipart/report", func(m *Message, _ string) bool { return m.kind == "multipart/report" }},
	{"Precedence", bulkPrecedence},
	{"mail server", fromMailServer},
}

// Automatic returns the name of the rule by which no person wrote the mail, or nothing. envelopeFrom is the sender of its envelope.
func (m *Message) Automatic(envelopeFrom string) string {
	for _, r := range automaticRules {
		if r.match(m, envelopeFrom) {
			return r.name
		}
	}
	return ""
}

func autoSubmitted(m *Message, _ string) bool {
	value := keyword(m.Get("Auto-Submitted"))
	return value != "" && value != "no"
}

func bulkPrecedence(m *Message, _ string) bool {
	switch keyword(m.Get("Precedence")) {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	return false
}

func fromMailServer(m *Message, envelopeFrom string) bool {
	for _, address := range []string{envelopeFrom, m.Author("")} {
		if local, _ := SplitAddress(strings.ToLower(address)); local == "mailer-daemon" {
			return true
		}
	}
	return false
}

func hasField(names ...string) func(*Message, string) bool {
	return func(m *Message, _ string) bool {
		for _, name := range names {
			if m.header.Has(name) {
				return true
			}
		}
		return false
	}
}

// keyword is a field's value without parameters and comments, in lower case.
func keyword(value string) string {
	value, _, _ = strings.Cut(value, ";")
	value, _, _ = strings.Cut(value, "(")
	return strings.ToLower(strings.TrimSpace(value))
}
