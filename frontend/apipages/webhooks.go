package apipages

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"linienfunk/api"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

type webhookData struct {
	api.Webhook
	Kinds []string
	By    string // the admin's address
}

type webhookForm struct {
	URL    string
	Kinds  []scopeChoice
	Errors site.FormErrors
}

func (p *Pages) webhooks(r *http.Request, city settings.Snapshot) (all []webhookData, err error) {
	rows, err := p.API.Webhooks.List(r.Context(), city.City)
	for _, row := range rows {
		one := webhookData{Webhook: row, Kinds: strings.Fields(row.Kinds)}
		if one.By, err = p.address(r.Context(), row.AdminID); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, err
}

func (p *Pages) newHook(r *http.Request, on []string) webhookForm {
	form := webhookForm{URL: r.PostForm.Get("url"), Errors: site.FormErrors{}}
	for _, kind := range api.Kinds {
		form.Kinds = append(form.Kinds, scopeChoice{Name: kind, On: slices.Contains(on, kind)})
	}
	return form
}

// makeWebhook makes a webhook, and shows its secret on the page that answers the form.
func (p *Pages) makeWebhook(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	form := p.newHook(r, r.PostForm["kind"])
	key, err := p.API.Webhooks.New(r.Context(), city.City, admin.ID, strings.TrimSpace(form.URL), r.PostForm["kind"])
	for refusal, say := range map[error][2]string{
		api.ErrURL: {"url", "webhook-error-url"}, api.ErrKinds: {"kinds", "webhook-error-kinds"}, api.ErrManyWebhooks: {"webhook", "webhook-error-many"},
	} {
		if errors.Is(err, refusal) {
			form.Errors.Add(say[0], p.Text(r, say[1]))
			return p.show(w, r, http.StatusUnprocessableEntity, city, pageData{Hook: form})
		}
	}
	if err != nil {
		return err
	}
	r.PostForm.Del("url")
	return p.show(w, r, http.StatusOK, city, pageData{Secret: key})
}

func (p *Pages) resumeWebhook(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	return p.changeWebhook(w, r, city, p.API.Webhooks.Resume, "webhook-resumed")
}

func (p *Pages) deleteWebhook(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	return p.changeWebhook(w, r, city, p.API.Webhooks.Delete, "webhook-deleted")
}

func (p *Pages) changeWebhook(w http.ResponseWriter, r *http.Request, city settings.Snapshot, f func(ctx context.Context, city string, id uint) error, done string) error {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 32)
	if err != nil {
		return db.ErrNotFound
	}
	switch err := f(r.Context(), city.City, uint(id)); {
	case errors.Is(err, api.ErrNoWebhook):
		p.Tell(w, r, pathOf(city), p.Text(r, "webhook-gone"), true)
	case err != nil:
		return err
	default:
		p.Tell(w, r, pathOf(city), p.Text(r, done), false)
	}
	return nil
}
