package frontend

import (
	"errors"
	"net/http"
	"strings"

	"linienfunk/db"
)

type loginData struct {
	Address, Next string
	Errors        formErrors
}

func (f *Frontend) loginForm(w http.ResponseWriter, r *http.Request) error {
	if who(r) != nil {
		http.Redirect(w, r, "/cities", http.StatusSeeOther)
		return nil
	}
	return f.showLogin(w, r, http.StatusOK, loginData{Next: r.URL.Query().Get("next")})
}

func (f *Frontend) showLogin(w http.ResponseWriter, r *http.Request, status int, data loginData) error {
	return f.show(w, r, status, page{Title: f.t(r, "login")}, "login.html", data)
}

// login takes as long for an address that nobody registered, and answers the same.
func (f *Frontend) login(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	data := loginData{Next: r.PostForm.Get("next"), Errors: formErrors{}}
	data.Address, _ = f.parseAddress(r.PostForm.Get("address")) // one that is none belongs to nobody
	if len(data.Address) > maxAddress || len(r.PostForm.Get("password")) > maxPassword {
		data.Errors.add("", f.t(r, "login-wrong"))
		return f.showLogin(w, r, http.StatusUnprocessableEntity, data)
	}
	if !f.limits.login(data.Address, r, f.Now()) {
		data.Errors.add("", f.t(r, "too-often"))
		return f.showLogin(w, r, http.StatusTooManyRequests, data)
	}
	admin, err := f.DB.AdminByAddress(r.Context(), data.Address)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	ok, err := f.passwords.check(r.Context(), admin.Password, r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	if !ok || !admin.Confirmed {
		data.Errors.add("", f.t(r, "login-wrong"))
		return f.showLogin(w, r, http.StatusUnprocessableEntity, data)
	}
	if err := f.start(r.Context(), admin); err != nil {
		return err
	}
	// Who chose a language here gets mails in it as well.
	if lang := chosenLang(r); lang != "" && lang != admin.Lang {
		if err := f.DB.WithContext(r.Context()).Model(&admin).Update("lang", lang).Error; err != nil {
			return err
		}
	}
	return f.afterLogin(w, r, admin, data.Next)
}

// afterLogin leads where the visitor wanted to go, or to the only city there is, or to the list.
func (f *Frontend) afterLogin(w http.ResponseWriter, r *http.Request, admin db.Admin, next string) error {
	// Only an admin's pages; and no other host, which //host and /\host would be.
	if !strings.HasPrefix(next, "/city/") || strings.ContainsAny(next, "\\\r\n") {
		cities, err := f.DB.CitiesOf(r.Context(), admin.ID)
		if err != nil {
			return err
		}
		next = "/cities"
		if len(cities) == 1 {
			next = "/city/" + cities[0]
		}
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (f *Frontend) logout(w http.ResponseWriter, r *http.Request) error {
	if err := f.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
