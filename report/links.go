package report

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxLink is the length of a link that is read, in bytes. Longer ones lose their query.
const maxLink = 4 << 10

var (
	link = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"\p{Cc}]+`)

	// mailbox is a mail address in a link whose percent signs have been undone. Handles such as /@marta@social.example are public.
	mailbox = regexp.MustCompile(`(?i)[a-z0-9._+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}`)
)

// withoutMailboxes replaces links that lead through the scanner of a mail program's firm by the address inside: the others tell whose mail it was. What is
// left of mailboxes in links is cut off.
func withoutMailboxes(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return link.ReplaceAllStringFunc(text, func(found string) string {
		address := strings.TrimRight(found, ".,;:!?'")
		if strings.HasSuffix(address, ")") && !strings.Contains(address, "(") {
			address = strings.TrimRight(address, ")")
		}
		return public(address) + found[len(address):]
	})
}

// public returns the address that a link leads to. Each turn of its loop makes the address shorter.
func public(address string) string {
	for {
		if len(address) > maxLink {
			address, _, _ = strings.Cut(address[:maxLink], "?")
		}
		next, ok := inner(address)
		if !ok || len(next) >= len(address) {
			return withoutMailbox(address)
		}
		address = next
	}
}

// scanners are hosts of services that write their own address in front of a link, by the end of the name. Some of them name the recipient in a code.
var scanners = []string{
	"safelinks.protection.outlook.com", "safelinks.protection.office365.us", "teams.cdn.office.net", "urldefense.proofpoint.com", "urldefense.com", "urldefense.us",
	"linkprotect.cudasvc.com", "protection.sophos.com", ".cisco.com", "avanan.click", "protect.checkpoint.com", "clicktime.symantec.com",
	"clicktime.cloud.postoffice.net", "scanmail.trustwave.com", "linkscan.io", "slack-redir.net", "l.facebook.com", "l.instagram.com",
}

// inner returns the address inside a link of a scanner, or of anybody who names a mailbox beside it.
func inner(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	host := strings.ToLower(u.Hostname())
	scanner := strings.HasPrefix(host, "deref-") || slices.ContainsFunc(scanners, func(end string) bool { return strings.HasSuffix(host, end) })
	if !scanner && !namesMailbox(u) {
		return "", false
	}
	if strings.HasPrefix(host, "urldefense.") {
		if found, ok := fromURLDefense(u); ok {
			return found, true
		}
	}
	if found, ok := inPath(u); ok && scanner {
		return found, true
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		_, value, _ := strings.Cut(strings.TrimPrefix(pair, "amp;"), "=")
		if value, err = url.QueryUnescape(value); err != nil {
			continue
		}
		if strings.HasPrefix(value, "aHR0c") { // "http" in base64
			if decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(value, "=")); err == nil {
				value = string(decoded)
			}
		}
		if isAddress(value) {
			return value, true
		}
	}
	if scanner && (u.RawQuery != "" || u.Fragment != "") {
		u.RawQuery, u.ForceQuery, u.Fragment = "", false, ""
		return u.String(), true
	}
	return "", false
}

// isAddress reports whether a text is one link and nothing else.
func isAddress(text string) bool {
	return text != "" && utf8.ValidString(text) && link.FindString(text) == text
}

// inPath finds an address between three underscores, or as the rest of a path.
func inPath(u *url.URL) (string, bool) {
	if _, rest, found := strings.Cut(u.String(), "/___"); found {
		if address, _, found := strings.Cut(rest, "___"); found && isAddress(address) {
			return address, true
		}
	}
	path := u.EscapedPath()
	if at := strings.LastIndex(strings.ToLower(path), "/http"); at >= 0 {
		if address, err := url.PathUnescape(path[at+1:]); err == nil && isAddress(address) {
			return address, true
		}
	}
	return "", false
}

// runs are the codes of Proofpoint for how many characters stand in one place, from two on.
const runs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// fromURLDefense decodes the links of Proofpoint, versions 2 and 3. The first is like any other.
func fromURLDefense(u *url.URL) (string, bool) {
	if strings.HasPrefix(u.Path, "/v2/") {
		address, err := url.QueryUnescape(strings.NewReplacer("-", "%", "_", "/").Replace(u.Query().Get("u")))
		return address, err == nil && isAddress(address)
	}
	_, rest, found := strings.Cut(u.String(), "/v3/__")
	if !found {
		return "", false
	}
	end := strings.LastIndex(rest, "__;")
	if end < 0 {
		return "", false
	}
	address := rest[:end]
	code, _, _ := strings.Cut(rest[end+len("__;"):], "!")
	decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(code, "="))
	if err != nil {
		return "", false
	}
	address = replaceStars(address, []rune(string(decoded)))
	return address, isAddress(address)
}

// replaceStars puts back the characters that version 3 of URL Defense has taken out: one for a star, some for two stars and a code.
func replaceStars(address string, taken []rune) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(address, "*")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		n := 1
		if len(after) > 1 && after[0] == '*' {
			if at := strings.IndexByte(runs, after[1]); at >= 0 {
				n, after = at+2, after[2:]
			}
		}
		n = min(n, len(taken))
		out.WriteString(string(taken[:n]))
		taken, address = taken[n:], after
	}
}

// namesMailbox reports whether a link has a mail address in it.
func namesMailbox(u *url.URL) bool {
	return u.User != nil || hasMailbox(u.RawQuery) || hasMailbox(u.EscapedFragment()) || pathWithoutMailbox(u) != u.EscapedPath()
}

func hasMailbox(escaped string) bool { return mailbox.MatchString(unescaped(escaped)) }

// unescaped undoes percent signs, up to three times: a mailbox may be in a link in a link.
func unescaped(escaped string) string {
	for range 3 {
		plain, err := url.PathUnescape(escaped)
		if err != nil || plain == escaped {
			break
		}
		escaped = plain
	}
	return escaped
}

// pathWithoutMailbox returns a path up to the first part with a mailbox.
func pathWithoutMailbox(u *url.URL) string {
	parts := strings.Split(u.EscapedPath(), "/")
	for i, part := range parts {
		if !strings.HasPrefix(part, "@") && hasMailbox(part) {
			return strings.Join(parts[:i], "/") + "/"
		}
	}
	return u.EscapedPath()
}

// withoutMailbox cuts the parts of a link that have a mailbox in them. A link that cannot be read loses its query.
func withoutMailbox(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		if hasMailbox(address) || strings.Contains(address, "@") {
			address, _, _ = strings.Cut(address, "?")
			address, _, _ = strings.Cut(address, "@")
		}
		return address
	}
	if !namesMailbox(u) {
		return address
	}
	u.User = nil
	if path := pathWithoutMailbox(u); path != u.EscapedPath() {
		u.RawPath, u.RawQuery, u.Fragment = "", "", ""
		u.Path, _ = url.PathUnescape(path)
	}
	if hasMailbox(u.EscapedFragment()) {
		u.Fragment = ""
	}
	kept := slices.DeleteFunc(strings.Split(u.RawQuery, "&"), hasMailbox)
	u.RawQuery, u.ForceQuery = strings.Join(kept, "&"), false
	if hasMailbox(u.RawQuery) {
		u.RawQuery = ""
	}
	return u.String()
}
