package account

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"linienfunk/db"
	"linienfunk/frontend/site"
)

type loginData struct {
	Address, Next string
	Passkeys      bool
	Registration  site.Registration
	Errors        site.FormErrors
}

func (p *Pages) loginForm(w http.ResponseWriter, r *http.Request) error {
	return p.showLogin(w, r, http.StatusOK, loginData{Next: r.URL.Query().Get("next")})
}

func (p *Pages) showLogin(w http.ResponseWriter, r *http.Request, status int, data loginData) error {
	data.Passkeys, data.Registration = p.relying != nil, p.Registration()
	return p.Show(w, r, status, site.Page{Title: p.Text(r, "login")}, "login.html", data)
}

// login gives the same answer after the same time whether the address is unknown or the password is wrong.
func (p *Pages) login(w http.ResponseWriter, r *http.Request) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := loginData{Next: r.PostForm.Get("next"), Errors: site.FormErrors{}}
	data.Address, _ = p.ParseAddress(r.PostForm.Get("address")) // an invalid address has no account
	if len(data.Address) > maxAddress || len(r.PostForm.Get("password")) > maxPassword {
		data.Errors.Add("", p.Text(r, "login-wrong"))
		return p.showLogin(w, r, http.StatusUnprocessableEntity, data)
	}
	if !p.limits.login(data.Address, r) {
		data.Errors.Add("", p.Text(r, "too-often"))
		return p.showLogin(w, r, http.StatusTooManyRequests, data)
	}
	admin, err := p.DB.AdminByAddress(r.Context(), data.Address)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	ok, err := p.passwords.check(r.Context(), admin.Password, r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	if !ok || !admin.Confirmed {
		data.Errors.Add("", p.Text(r, "login-wrong"))
		return p.showLogin(w, r, http.StatusUnprocessableEntity, data)
	}
	if admin, err = p.rehash(r.Context(), admin, r.PostForm.Get("password")); err != nil {
		return err
	}
	// A language chosen in this browser is also the one for the admin's mails.
	if lang := site.ChosenLang(r); lang != "" && lang != admin.Lang {
		if err := p.DB.WithContext(r.Context()).Model(&admin).Update("lang", lang).Error; err != nil {
			return err
		}
	}
	return p.enter(w, r, admin, data.Next)
}

// afterLogin redirects to where a login leads.
func (p *Pages) afterLogin(w http.ResponseWriter, r *http.Request, admin db.Admin, next string) error {
	next, err := p.home(r.Context(), admin, next)
	if err != nil {
		return err
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// home returns next, a page of a city or of the account, else the admin's only city, else the list of cities.
func (p *Pages) home(ctx context.Context, admin db.Admin, next string) (string, error) {
	// next must be on this host: //host and /\host would lead to others.
	if (strings.HasPrefix(next, "/city/") || next == "/account" || strings.HasPrefix(next, "/account/")) && !strings.ContainsAny(next, "\\\r\n") {
		return next, nil
	}
	cities, err := p.DB.CitiesOf(ctx, admin.ID)
	if err == nil && len(cities) == 1 {
		return p.firstPage(ctx, cities[0], admin.ID)
	}
	return "/cities", err
}

// firstPage returns where somebody begins who runs a city: owners with its settings, moderators, who can only read those, with its reports.
func (p *Pages) firstPage(ctx context.Context, city string, admin uint) (string, error) {
	role, err := p.DB.RoleIn(ctx, city, admin)
	if role == db.RoleModerator {
		return "/city/" + city + "/ledger", err
	}
	return "/city/" + city, err
}

func (p *Pages) logout(w http.ResponseWriter, r *http.Request) error {
	if err := p.LogOut(r.Context()); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
