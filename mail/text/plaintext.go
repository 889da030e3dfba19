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
	case v.kind == "multipart/related" && len(v.children) > 0:
		return v.children[0].text(depth + 1)
	case strings.HasPrefix(v.kind, "multipart/"):
		var texts []string
		for _, child := range v.children {
			if len(texts) > 0 && (child.isFile() || child.isListFooter()) {
				continue
			}
			if text := child.text(depth + 1); strings.TrimSpace(text) != "" {
				texts = append(texts, text)
			}
		}
		return strings.Join(texts, "\n")
	case v.kind == "text/html" || v.kind == "application/xhtml+xml":
		return fromHTML(v.decode())
	case v.kind == "text/plain":
		return v.plain()
	}
	return ""
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

func (v *part) plain() string {
	text := strings.ReplaceAll(v.decode(), "\r\n", "\n")
	if strings.ContainsRune(text, 0) {
		return "" // binary, whatever the header says
	}
	if strings.EqualFold(v.params["format"], "flowed") {
		return unflow(text, strings.EqualFold(v.params["delsp"], "yes"))
	}
	return text
}
