package frontend

import (
	"bytes"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// form reads what a browser would send of the page's first form with this action.
func (a answer) form(action string) url.Values {
	a.t.Helper()
	page, err := html.Parse(strings.NewReader(a.raw))
	check(a.t, err)
	for node := range page.Descendants() {
		if node.Data == "form" && attr(node, "action") == action {
			return filled(node)
		}
	}
	a.t.Fatalf("%s has no form for %s\n%s", a.path, action, a.raw)
	return nil
}

func filled(form *html.Node) url.Values {
	values := url.Values{}
	for node := range form.Descendants() {
		name := attr(node, "name")
		switch {
		case name == "":
		case node.Data == "textarea":
			values.Add(name, strings.TrimPrefix(text(node), "\n"))
		case node.Data == "select":
			values.Add(name, selected(node))
		case node.Data == "input" && (attr(node, "type") == "checkbox" || attr(node, "type") == "radio"):
			if has(node, "checked") {
				values.Add(name, attr(node, "value"))
			}
		case node.Data == "input" && attr(node, "type") != "file":
			values.Add(name, attr(node, "value"))
		}
	}
	return values
}

func selected(node *html.Node) string {
	first := ""
	for option := range node.Descendants() {
		if option.Data == "option" && has(option, "selected") {
			return attr(option, "value")
		}
	}
	return first
}

func text(node *html.Node) string {
	var all strings.Builder
	for inner := range node.Descendants() {
		if inner.Type == html.TextNode {
			all.WriteString(inner.Data)
		}
	}
	return all.String()
}

func has(node *html.Node, name string) bool {
	for _, a := range node.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// attr is an attribute; a checkbox without a value sends "on".
func attr(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	if name == "value" && attr(node, "type") == "checkbox" {
		return "on"
	}
	return ""
}

// upload sends a form with a file, as a browser would.
func (v *visitor) upload(path, file string, pairs ...string) answer {
	v.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(pairs); i += 2 {
		check(v.t, w.WriteField(pairs[i], pairs[i+1]))
	}
	part, err := w.CreateFormFile("file", "settings.json")
	check(v.t, err)
	_, err = part.Write([]byte(file))
	check(v.t, err)
	check(v.t, w.Close())
	return v.send("POST", path, body.String(), "Content-Type", w.FormDataContentType(), "Sec-Fetch-Site", "same-origin")
}

func TestAFormIsReadInBothEncodings(t *testing.T) {
	s := newSite(t, nil)
	s.admin("ada@example.org", "berlin")
	v := s.visitorAs("ada@example.org")
	pairs := append(s.form("berlin", "title", "Mit Datei"), "file", "x")
	v.upload("/city/berlin", "", pairs...).at("/city/berlin").want(200, "Saved.", "Mit Datei")
	for what, body := range map[string]string{"no boundary": "multipart/form-data", "nothing in it": "multipart/form-data; boundary=x"} {
		got := v.send("POST", "/city/berlin", "title=x", "Content-Type", body, "Sec-Fetch-Site", "same-origin")
		if got.status != 400 {
			t.Errorf("%s: status %d", what, got.status)
		}
	}
	v.upload("/city/berlin/import", strings.Repeat("x", maxBody)).want(413, "Too large")
}
