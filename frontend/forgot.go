package frontend

import (
	"context"
	"errors"
	"net/http"

	"linienfunk/db"
)

type forgotData struct {
	Address string
	Errors  formErrors
}

func (f *Frontend) forgotForm(w http.ResponseWriter, r *http.Request) error {
	return f.showForgot(w, r, http.StatusOK, forgotData{})
}

func (f *Frontend) showForgot(w http.ResponseWriter, r *http.Request, status int, data forgotData) error {
	return f.show(w, r, status, page{Title: f.t(r, "forgot")}, "forgot.html", data)
}

// forgot mails a link for a new password. The answer is the same for addresses that nobody registered, and as fast: the
// work comes after it.
func (f *Frontend) forgot(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	data := forgotData{Errors: formErrors{}}
	var wrong string
	if data.Address, wrong = f.parseAddress(r.PostForm.Get("address")); wrong != "" {
		data.Errors.add("address", f.t(r, wrong))
		return f.showForgot(w, r, http.StatusUnprocessableEntity, data)
	}
	if !f.limits.mailClient.allow(client(r), f.Now()) {
		data.Errors.add("", f.t(r, "too-often"))
		return f.showForgot(w, r, http.StatusTooManyRequests, data)
	}
	err := f.afterwards(r.Context(), "mail a link for a new password", func(ctx context.Context) error {
		return f.mailReset(ctx, data.Address)
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/forgot/sent", http.StatusSeeOther)
	return nil
}

func (f *Frontend) mailReset(ctx context.Context, address string) error {
	if !f.limits.mailAddress.allow(address, f.Now()) {
		return nil
	}
	admin, err := f.DB.AdminByAddress(ctx, address)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	token, err := f.newToken(ctx, forReset, admin.ID, nil, resetTime)
	if err != nil {
		return err
	}
	return f.send(ctx, letter{
		id: "reset", lang: admin.Lang, to: address, key: tokenHash(token), expires: f.Now().Add(resetTime),
		pairs: []any{"URL", f.BaseURL + "/reset/" + token},
	})
}

func (f *Frontend) forgotSent(w http.ResponseWriter, r *http.Request) error {
	f.say(w, r, http.StatusOK, "forgot-sent", "forgot-sent-text")
	return nil
}
