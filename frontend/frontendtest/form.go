package frontendtest

import (
	"bytes"
	"mime/multipart"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Form returns the values that a browser would send for the first form of the page with this action.
func (a Answer) Form(action string) url.Values {
	a.T.Helper()
	page, err := html.Parse(strings.NewReader(a.Raw))
	Check(a.T, err)
	for node := range page.Descendants() {
		if node.Data == "form" && attr(node, "action") == action {
			return filled(node)
		}
	}
	a.T.Fatalf("%s has no form for %s\n%s", a.Path, action, a.Raw)
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

// attr returns an attribute; the value of a checkbox without one is "on".
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

// Upload sends a form with a file, as a browser would.
func (v *Visitor) Upload(path, file string, pairs ...string) Answer {
	v.T.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(pairs); i += 2 {
		Check(v.T, w.WriteField(pairs[i], pairs[i+1]))
	}
	part, err := w.CreateFormFile("file", "settings.json")
	Check(v.T, err)
	_, err = part.Write([]byte(file))
	Check(v.T, err)
	Check(v.T, w.Close())
	return v.Send("POST", path, body.String(), "Content-Type", w.FormDataContentType(), "Sec-Fetch-Site", "same-origin")
}
