package apipages

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"linienfunk/api"
	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

type pageData struct {
	City site.CityLink
	Tabs site.Tabs
	Zone *time.Location
	Keys []keyData
	Form keyForm
	Made string // the text of a new key, which is shown once

	Webhooks []webhookData
	Hook     webhookForm
	Secret   string // of a new webhook, which is shown once
}

type keyData struct {
	api.Key
	Text    string // its beginning
	Scopes  []string
	By      string // the admin's address
	Expired bool
}

type keyForm struct {
	Name   string
	Scopes []scopeChoice
	Days   int
	Errors site.FormErrors
}

type scopeChoice struct {
	Name, About string
	On          bool
}

// Lives are the choices of how long a key lasts, in days.
func (keyForm) Lives() []int { return []int{30, 90, 365} }

// api shows the keys of a city.
func (p *Pages) api(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	return p.show(w, r, http.StatusOK, city, pageData{})
}

func (p *Pages) scopes(r *http.Request, on []string) (all []scopeChoice) {
	for _, scope := range commands.Scopes {
		all = append(all, scopeChoice{string(scope), p.API.Text(p.Lang(r), "scope-"+string(scope)), slices.Contains(on, string(scope))})
	}
	return all
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, status int, city settings.Snapshot, data pageData) error {
	keys, err := p.API.Keys.List(r.Context(), city.City)
	if err != nil {
		return err
	}
	data.City, data.Tabs, data.Zone = site.LinkTo(city), site.TabsOf(r, city, "api"), city.Zone()
	for _, key := range slices.Backward(keys) {
		one := keyData{Key: key, Text: key.Begins(), Scopes: strings.Fields(key.Scopes), Expired: !p.Now().Before(key.ExpiresAt)}
		if one.By, err = p.address(r.Context(), key.AdminID); err != nil {
			return err
		}
		data.Keys = append(data.Keys, one)
	}
	if data.Webhooks, err = p.webhooks(r, city); err != nil {
		return err
	}
	if data.Hook.Errors == nil {
		data.Hook = p.newHook(r, api.Kinds)
	}
	if data.Form.Errors == nil {
		data.Form = keyForm{Days: 90, Scopes: p.scopes(r, nil), Errors: site.FormErrors{}}
	}
	about := site.Page{Title: p.Text(r, "api-of", "City", city.Title), Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, status, about, "api.html", data)
}

// address is that of an admin; empty for one who is gone.
func (p *Pages) address(ctx context.Context, id uint) (string, error) {
	admin, err := p.DB.AdminByID(ctx, id)
	if errors.Is(err, db.ErrNotFound) {
		return "", nil
	}
	return admin.Address, err
}

// makeKey makes a key, and shows its text on the page that answers the form: it is nowhere else.
func (p *Pages) makeKey(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	form := keyForm{Name: r.PostForm.Get("name"), Scopes: p.scopes(r, r.PostForm["scope"]), Errors: site.FormErrors{}}
	form.Days, _ = strconv.Atoi(r.PostForm.Get("days")) // 0 is refused
	var scopes []commands.Scope
	for _, name := range r.PostForm["scope"] {
		scopes = append(scopes, commands.Scope(name))
	}
	text, _, err := p.API.Keys.New(r.Context(), city.City, admin.ID, form.Name, scopes, form.Days)
	for refusal, say := range map[error][2]string{
		api.ErrKeyName: {"name", "key-error-name"}, api.ErrScopes: {"scopes", "key-error-scopes"}, api.ErrKeyDays: {"days", "key-error-days"}, api.ErrManyKeys: {"key", "key-error-key"},
	} {
		if errors.Is(err, refusal) {
			form.Errors.Add(say[0], p.Text(r, say[1]))
			return p.show(w, r, http.StatusUnprocessableEntity, city, pageData{Form: form})
		}
	}
	if err != nil {
		return err
	}
	return p.show(w, r, http.StatusOK, city, pageData{Made: text})
}

func (p *Pages) revokeKey(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 32)
	if err != nil {
		return db.ErrNotFound
	}
	if err := p.API.Keys.Revoke(r.Context(), city.City, uint(id)); errors.Is(err, api.ErrNoKey) {
		p.Tell(w, r, pathOf(city), p.Text(r, "key-gone"), true)
		return nil
	} else if err != nil {
		return err
	}
	p.Tell(w, r, pathOf(city), p.Text(r, "key-revoked"), false)
	return nil
}
