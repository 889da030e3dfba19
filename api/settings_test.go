package api_test

import (
	"strings"
	"testing"

	"linienfunk/commands"
)

const settingsPath = "/api/v1/cities/bern/settings"

func (w *world) patch(key, match, body string) answer {
	w.t.Helper()
	return w.call("PATCH", settingsPath, key, body, "Content-Type", "application/merge-patch+json", "If-Match", match)
}

func TestSettingsAreChangedOnlyInTheVersionThatWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	seen := w.call("GET", settingsPath, key, "").wants(t, "the settings", 200)
	tag := seen.header.Get("ETag")
	if seen.text("title") != "Bern" || len(tag) != 66 {
		t.Errorf("%s %s", tag, seen.body)
	}
	if a := w.call("GET", settingsPath, key, "", "If-None-Match", tag); a.status != 304 || len(a.body) != 0 || a.header.Get("ETag") != tag {
		t.Errorf("%d %s", a.status, a.body)
	}
	now := w.patch(key, tag, `{"title":"Bärn","bots":{"web":null}}`).wants(t, "the change", 200)
	if now.text("title") != "Bärn" || now.header.Get("ETag") == tag {
		t.Errorf("%s %s", now.header.Get("ETag"), now.body)
	}
	w.patch(key, tag, `{"title":"Bern"}`).wants(t, "the version before", 412)
	w.patch(key, "W/"+tag, `{"title":"Bern"}`).wants(t, "a weak tag", 412)
	w.patch(key, "", `{"title":"Bern"}`).wants(t, "no version", 428)
	w.patch(key, "*", `{"title":"Bern"}`).wants(t, "any version", 200)
	if page := w.admin.Get("/city/bern/history"); !strings.Contains(page, "Bärn") || !strings.Contains(page, "admin-bern@example.net") {
		t.Error("the change is not in the history")
	}
}

func TestAWrongSettingIsRefusedByItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	for body, want := range map[string]string{
		`{"titel":"x"}`: "body.titel setting", `{"title":null}`: "body.title setting", `{"retention_hours":"1"}`: "body.retention_hours setting",
		`{"freshness_minutes":1e400}`: "body.freshness_minutes number-range", `{"bots":{"web":{"x":[-1e999]}}}`: "body.bots.web.x number-range", `{"bots":{"web":{"list":true,"list":false}}}`: "body.bots.web.list twice",
		`{"triggers":["a","/[/"]}`: "body.triggers setting", `{"title":"","lang":"tlh"}`: "body.title setting, body.lang setting",
	} {
		if got := w.patch(key, "*", body).wants(t, body, 422).mistakes(); got != want {
			t.Errorf("%s: %s, not %s", body, got, want)
		}
	}
	w.patch(key, "*", `[]`).wants(t, "a list", 400)
	w.patch(key, "*", `{"bots":`+strings.Repeat(`{"a":`, 5000)+"1"+strings.Repeat("}", 5001)).wants(t, "what becomes too large", 422)
	if a := w.call("DELETE", settingsPath, key, "").wants(t, "another method", 405); strings.Join(a.header.Values("Allow"), ", ") != "GET, HEAD, PUT, PATCH" {
		t.Errorf("allowed: %q", a.header.Values("Allow"))
	}
	w.call("PATCH", settingsPath, key, `{}`, "If-Match", "*").wants(t, "plain JSON", 415)
	w.call("PATCH", settingsPath, w.key("bern", commands.ScopeRead), `{}`, "If-Match", "*", "Content-Type", "application/merge-patch+json").wants(t, "without the scope", 403)
	w.call("GET", strings.Replace(settingsPath, "bern", "ghent", 1), key, "").wants(t, "of another city", 404)
}

func TestSettingsAreReplacedOnlyInTheVersionThatWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern")
	put := func(match, body string) answer {
		t.Helper()
		return w.call("PUT", settingsPath, key, body, "Content-Type", "application/json", "If-Match", match)
	}
	seen := w.call("GET", settingsPath, key, "").wants(t, "the settings", 200)
	tag := seen.header.Get("ETag")
	now := put(tag, strings.Replace(string(seen.body), `"Bern"`, `"Bärn"`, 1)).wants(t, "the document", 200)
	if now.text("title") != "Bärn" || now.header.Get("ETag") == tag {
		t.Errorf("%s %s", now.header.Get("ETag"), now.body)
	}
	put(tag, string(seen.body)).wants(t, "of the version before", 412)
	back := put("*", `{"format":"linienfunk settings 1","city":"bern","version":"","document":`+string(seen.body)+`}`).wants(t, "a file", 200)
	if got := put("*", `{"title":"","lang":"en"}`).wants(t, "a mistake", 422).mistakes(); !strings.Contains(got, "body.title setting") {
		t.Error(got)
	}
	undo := func(of answer) answer {
		t.Helper()
		return w.call("POST", "/api/v1/settings/undo", key, `{"city":"bern","version":`+of.header.Get("ETag")+`,"note":"as before"}`)
	}
	undo(now).wants(t, "a change after which its field was changed again", 409)
	undo(back).wants(t, "the last change", 200)
}
