package text

import "strings"

// text is the text of a part and its children, in UTF-8.
func (v *part) text(depth int) string {
	switch {
	case depth > maxDepth || v.isAttachment():
		return ""
	case v.kind == "multipart/alternative":
		return v.alternative(depth)
	case v.kind == "multipart/encrypted":
		return ""
	case v.kind == "multipart/related":
		return v.related(depth)
	case strings.HasPrefix(v.kind, "multipart/"):
		var texts []string
		for _, child := range v.children {
			if len(texts) > 0 && (child.isFile() || child.isListFooter()) {
				continue
			}
			if text := child.text(depth + 1); strings.TrimSpace(text) != "" && !repeats(texts, text) {
				texts = append(texts, text)
			}
		}
		return strings.Join(texts, "\n")
	case v.kind == "text/html" || v.kind == xhtml:
		return fromHTML(v.decode())
	case v.kind == "text/plain", v.kind == "text/markdown":
		return v.plain()
	case v.kind == "text/enriched":
		return fromEnriched(v.plain())
	}
	return ""
}

// related is the text of the part that the others belong to: the first, unless the header names another (RFC 2387, section 3.2), or the first has none.
func (v *part) related(depth int) string {
	for _, child := range v.children {
		if start := v.params["start"]; start != "" && child.header.Get("Content-Id") == start {
			return child.text(depth + 1)
		}
	}
	for _, child := range v.children {
		if text := child.text(depth + 1); strings.TrimSpace(text) != "" {
			return text
		}
	}
	return ""
}

// repeats reports whether the last text says the same, without regard to white space: some programs send plain text and HTML one below the other.
func repeats(texts []string, text string) bool {
	return len(texts) > 0 && strings.Join(strings.Fields(texts[len(texts)-1]), " ") == strings.Join(strings.Fields(text), " ")
}

// alternative prefers plain text: it has the author's text without the additions of programs.
func (v *part) alternative(depth int) string {
	best := ""
	for _, child := range v.children {
		text := child.text(depth + 1)
		if strings.TrimSpace(text) == "" {
			continue
		}
		if child.kind == "text/plain" {
			return text
		}
		best = text
	}
	return best
}

// isBinary reports whether controls are more than a few in a text.
func isBinary(text string) bool {
	if !strings.Contains(text, "\x00") {
		return false
	}
	controls := 0
	for _, c := range []byte(text) {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			controls++
		}
	}
	return 20*controls > len(text)
}

func (v *part) plain() string {
	text := strings.ReplaceAll(v.decode(), "\r\n", "\n")
	if isBinary(text) {
		return "" // whatever the header says
	}
	text = strings.ReplaceAll(text, "\x00", "")
	if strings.EqualFold(v.params["format"], "flowed") {
		text = unflow(text, strings.EqualFold(v.params["delsp"], "yes"))
	}
	return withoutUUEncoded(text)
}
