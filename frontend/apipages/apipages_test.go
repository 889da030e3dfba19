package apipages_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"linienfunk/api"
	"linienfunk/commands"
	"linienfunk/frontend/frontendtest"
)

var keyText = regexp.MustCompile(`lf_[a-z2-7]{12}_[a-z2-7]{52}`)

func TestAKeyIsMadeOnThePageAndShownOnce(t *testing.T) {
	t.Parallel()
	s, v, admin := frontendtest.Berlin(t)
	made := v.Post("/city/berlin/api/keys", "name", "Bahnhofsbot", "scope", "report", "days", "90")
	text := keyText.FindString(made.Text)
	if made.Status != http.StatusOK || text == "" || made.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", made.Status, made.Text)
	}
	key, err := s.Site.API.Keys.Use(t.Context(), text, "curl")
	if err != nil || key.City != "berlin" || key.AdminID != admin.ID || !key.Has(commands.ScopeReport) || key.Has(commands.ScopeRead) {
		t.Errorf("%+v, %v", key, err)
	}
	page := v.Get("/city/berlin/api")
	if strings.Contains(page.Text, text[16:]) || !strings.Contains(page.Text, "Bahnhofsbot") || !strings.Contains(page.Text, "curl") || !strings.Contains(page.Text, "ada@example.org") {
		t.Errorf("the page afterwards:\n%s", page.Text)
	}
	revoked := v.Post(fmt.Sprintf("/city/berlin/api/keys/%d/revoke", key.ID))
	if _, err := s.Site.API.Keys.Use(t.Context(), text, ""); !errors.Is(err, api.ErrNoKey) || revoked.Path != "/city/berlin/api" || strings.Contains(revoked.Text, "Bahnhofsbot") {
		t.Errorf("%v\n%s", err, revoked.Text)
	}
}

func TestAFormForAKeySaysWhatIsWrongAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	_, v, _ := frontendtest.Berlin(t)
	got := v.Post("/city/berlin/api/keys", "name", "Bahnhofsbot", "days", "90")
	if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Text, "Choose what the key may do.") || !strings.Contains(got.Text, `value="Bahnhofsbot"`) {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	if got := v.Post("/city/berlin/api/keys", "name", "", "scope", "read", "days", "0"); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Text, `value="read" checked`) {
		t.Errorf("%d %s", got.Status, got.Text)
	}
}

func TestOnlyTheCitysAdminsSeeAndRevokeItsKeys(t *testing.T) {
	t.Parallel()
	s, _, admin := frontendtest.Berlin(t)
	_, key, err := s.Site.API.Keys.New(t.Context(), "berlin", admin.ID, "x", commands.Scopes, 30)
	frontendtest.Check(t, err)
	s.Admin("bo@example.org", "ghent")
	other := s.VisitorAs("bo@example.org")
	if got := other.Get("/city/berlin/api"); got.Status != http.StatusNotFound {
		t.Errorf("the page: %d", got.Status)
	}
	for _, city := range []string{"berlin", "ghent"} {
		other.Post(fmt.Sprintf("/city/%s/api/keys/%d/revoke", city, key.ID))
	}
	if keys, err := s.Site.API.Keys.List(t.Context(), "berlin"); err != nil || len(keys) != 1 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

func TestThePageAboutTheAPIListsAllOperationsInBothLanguages(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	for lang, want := range map[string]string{"en": "Hand in a report", "de": "Eine Meldung abgeben"} {
		v := s.Visitor()
		v.Lang = lang
		page := v.Get("/api/docs")
		if page.Status != http.StatusOK || !strings.Contains(page.Text, want) || strings.Contains(page.Text, "no value") {
			t.Errorf("%s: %d\n%s", lang, page.Status, page.Text)
		}
		for _, op := range s.Site.API.Operations() {
			if !strings.Contains(page.Text, op.Method+" "+op.Path) {
				t.Errorf("%s: no %s %s", lang, op.Method, op.Path)
			}
		}
		for _, code := range api.Codes() {
			if !strings.Contains(page.Raw, `id="problem-`+code.Code+`"`) {
				t.Errorf("%s: nothing explains %s", lang, code.Code)
			}
		}
	}
	if spec := v.Get("/api/openapi.json"); spec.Status != http.StatusOK || spec.Header.Get("Content-Type") != "application/openapi+json" {
		t.Errorf("%d %s", spec.Status, spec.Header.Get("Content-Type"))
	}
}

func TestAFormForAWebhookSaysWhatIsWrongAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	const right = "https://forum.example/hook"
	for _, one := range []struct {
		name, address, kind, say string
	}{
		{"no address", "", api.Kinds[0], "Write an address that begins with https://"},
		{"no scheme", "forum.example/hook", api.Kinds[0], "Write an address that begins with https://"},
		{"another scheme", "ftp://forum.example/hook", api.Kinds[0], "Write an address that begins with https://"},
		{"a password", "https://me:secret@forum.example/hook", api.Kinds[0], "without a name and password"},
		{"no event", right, "", "Choose at least one event."},
		{"an event that there is not", right, "report.imagined", "Choose at least one event."},
	} {
		form := []string{"url", one.address}
		if one.kind != "" {
			form = append(form, "kind", one.kind)
		}
		got := v.Post("/city/berlin/api/webhooks", form...)
		if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Text, one.say) || !strings.Contains(got.Text, `value="`+one.address+`"`) {
			t.Errorf("%s: %d %s", one.name, got.Status, got.Text)
		}
	}
	if rows, err := s.Site.API.Webhooks.List(t.Context(), "berlin"); err != nil || len(rows) != 0 {
		t.Errorf("%d webhooks, %v", len(rows), err)
	}
	for i := range api.MaxWebhooks {
		if got := v.Post("/city/berlin/api/webhooks", "url", right, "kind", api.Kinds[0]); got.Status != http.StatusOK || !strings.Contains(got.Text, "whsec_") {
			t.Fatalf("webhook %d: %d %s", i+1, got.Status, got.Text)
		}
	}
	if got := v.Post("/city/berlin/api/webhooks", "url", right, "kind", api.Kinds[0]); !strings.Contains(got.Text, "as many webhooks as it can have") {
		t.Errorf("one too many: %d %s", got.Status, got.Text)
	}
	if page := v.Get("/city/berlin/api"); strings.Contains(page.Text, "whsec_") {
		t.Error("a secret is shown again")
	}
	if got := v.Post("/city/berlin/api/webhooks/1/delete"); strings.Contains(got.Text, `id="webhook-1"`) || !strings.Contains(got.Text, `id="webhook-2"`) {
		t.Errorf("after the deletion:\n%s", got.Text)
	}
	s.Admin("bo@example.org", "ghent")
	other := s.VisitorAs("bo@example.org")
	other.Post("/city/ghent/api/webhooks/2/delete")
	if got := other.Post("/city/berlin/api/webhooks/2/delete"); got.Status != http.StatusNotFound {
		t.Errorf("an admin of another city: %d", got.Status)
	}
	if rows, err := s.Site.API.Webhooks.List(t.Context(), "berlin"); err != nil || len(rows) != api.MaxWebhooks-1 {
		t.Errorf("%d webhooks, %v", len(rows), err)
	}
}
