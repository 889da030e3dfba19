package account

import (
	"errors"
	"net/http"

	"linienfunk/db"
	"linienfunk/frontend/site"
)

// errPassword means that an account was made meanwhile, with another password than the one that was checked.
var errPassword = errors.New("account has another password")

type confirmData struct {
	Address, City, Title string
	Errors               site.FormErrors
}

// confirmForm only asks: programs that look at mails open links, too.
func (p *Pages) confirmForm(w http.ResponseWriter, r *http.Request) error {
	var one registration
	if _, err := p.peekToken(r, forRegister, &one); errors.Is(err, db.ErrNotFound) {
		return p.gone(w, r)
	} else if err != nil {
		return err
	}
	return p.showConfirm(w, r, http.StatusOK, one, "")
}

// showConfirm shows the form, with a text about its password if there is one.
func (p *Pages) showConfirm(w http.ResponseWriter, r *http.Request, status int, one registration, wrong string) error {
	data := confirmData{Address: one.Address, City: one.City, Title: one.Title, Errors: site.FormErrors{}}
	if wrong != "" {
		data.Errors.Add("password", p.Text(r, wrong))
	}
	return p.Show(w, r, status, site.Page{Title: p.Text(r, "confirm"), Private: true}, "confirm.html", data)
}

// confirm makes the account and its city, and logs in. It takes two: who reads the address's mail, and who chose the
// password. Otherwise a stranger could register somebody else's address and wait for the click.
func (p *Pages) confirm(w http.ResponseWriter, r *http.Request) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	var one registration
	token, err := p.peekToken(r, forRegister, &one)
	if errors.Is(err, db.ErrNotFound) {
		return p.gone(w, r)
	}
	if err != nil {
		return err
	}
	if !p.limits.login(one.Address, r) {
		return p.showConfirm(w, r, http.StatusTooManyRequests, one, "too-often")
	}
	if ok, err := p.confirmPassword(r, &one); err != nil {
		return err
	} else if !ok {
		return p.showConfirm(w, r, http.StatusUnprocessableEntity, one, "confirm-wrong")
	}
	admin, first, trouble, err := p.found(r.Context(), token, one)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return p.gone(w, r)
	case errors.Is(err, errPassword):
		return p.showConfirm(w, r, http.StatusUnprocessableEntity, one, "confirm-wrong")
	case err != nil:
		return err
	}
	if err := p.LogIn(r.Context(), admin); err != nil {
		return err
	}
	if trouble != "" {
		p.Flash(w, r, p.Text(r, trouble, "City", one.City, "Max", maxCities), true)
		http.Redirect(w, r, "/cities", http.StatusSeeOther)
		return nil
	}
	p.Flash(w, r, p.Text(r, "city-made"), false)
	return p.openCity(w, r, *first)
}

// confirmPassword checks the form's password. If there is an account by now, it must be the account's, and one gets
// its hash: the owner of two links may have used the other, or a stranger may have sent this one.
func (p *Pages) confirmPassword(r *http.Request, one *registration) (bool, error) {
	admin, err := p.DB.AdminByAddress(r.Context(), one.Address)
	if err == nil {
		one.Password = admin.Password
	} else if !errors.Is(err, db.ErrNotFound) {
		return false, err
	}
	password := r.PostForm.Get("password")
	if len(password) > maxPassword {
		return false, nil
	}
	return p.passwords.check(r.Context(), one.Password, password)
}
