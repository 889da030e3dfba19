package account

import (
	"context"
	"errors"
	"net/http"

	"linienfunk/db"
	"linienfunk/frontend/site"
)

type forgotData struct {
	Address string
	Errors  site.FormErrors
}

func (p *Pages) forgotForm(w http.ResponseWriter, r *http.Request) error {
	return p.showForgot(w, r, http.StatusOK, forgotData{})
}

func (p *Pages) showForgot(w http.ResponseWriter, r *http.Request, status int, data forgotData) error {
	return p.Show(w, r, status, site.Page{Title: p.Text(r, "forgot")}, "forgot.html", data)
}

// forgot mails a link to choose a new password. The answer is the same for addresses without an account, and takes as long: the
// work comes after it.
func (p *Pages) forgot(w http.ResponseWriter, r *http.Request) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := forgotData{Errors: site.FormErrors{}}
	var wrong string
	if data.Address, wrong = p.ParseAddress(r.PostForm.Get("address")); wrong != "" {
		data.Errors.Add("address", p.Text(r, wrong))
		return p.showForgot(w, r, http.StatusUnprocessableEntity, data)
	}
	if !p.limits.mailClient.Allow(client(r)) {
		data.Errors.Add("", p.Text(r, "too-often"))
		return p.showForgot(w, r, http.StatusTooManyRequests, data)
	}
	if p.limits.forgot.allow(data.Address, r) { // if not, the answer is the same: it must not reveal what others have done
		err := p.background(r.Context(), "mail a link for a new password", func(ctx context.Context) error {
			return p.mailReset(ctx, data.Address)
		})
		if err != nil {
			return err
		}
	}
	http.Redirect(w, r, "/forgot/sent", http.StatusSeeOther)
	return nil
}

func (p *Pages) mailReset(ctx context.Context, address string) error {
	admin, err := p.DB.AdminByAddress(ctx, address)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	token, err := p.newToken(ctx, forReset, admin.ID, nil, resetTime)
	if err != nil {
		return err
	}
	return p.Send(ctx, site.Letter{
		ID: "reset", Lang: admin.Lang, To: address, Key: tokenHash(token), Expires: p.Now().Add(resetTime),
		Pairs: []any{"URL", p.BaseURL + "/reset/" + token},
	})
}

func (p *Pages) forgotSent(w http.ResponseWriter, r *http.Request) error {
	p.ShowMessage(w, r, http.StatusOK, "forgot-sent", "forgot-sent-text")
	return nil
}
