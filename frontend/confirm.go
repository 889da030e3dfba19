package frontend

import (
	"errors"
	"net/http"

	"linienfunk/db"
)

// errPassword means that an account was made meanwhile, with another password than the one that was checked.
var errPassword = errors.New("account has another password")

type confirmData struct {
	Address, City, Title string
	Errors               formErrors
}

// confirmForm only asks: programs that look at mails open links, too.
func (f *Frontend) confirmForm(w http.ResponseWriter, r *http.Request) error {
	var one registration
	if _, err := f.peekToken(r, forRegister, &one); errors.Is(err, db.ErrNotFound) {
		return f.gone(w, r)
	} else if err != nil {
		return err
	}
	return f.showConfirm(w, r, http.StatusOK, one, "")
}

// showConfirm shows the form, with a text about its password if there is one.
func (f *Frontend) showConfirm(w http.ResponseWriter, r *http.Request, status int, one registration, wrong string) error {
	data := confirmData{Address: one.Address, City: one.City, Title: one.Title, Errors: formErrors{}}
	if wrong != "" {
		data.Errors.add("password", f.t(r, wrong))
	}
	return f.show(w, r, status, page{Title: f.t(r, "confirm"), Private: true}, "confirm.html", data)
}

// confirm makes the account and its city, and logs in. It takes two: who reads the address's mail, and who chose the
// password. Otherwise a stranger could register somebody else's address and wait for the click.
func (f *Frontend) confirm(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	var one registration
	token, err := f.peekToken(r, forRegister, &one)
	if errors.Is(err, db.ErrNotFound) {
		return f.gone(w, r)
	}
	if err != nil {
		return err
	}
	if !f.limits.login(one.Address, r, f.Now()) {
		return f.showConfirm(w, r, http.StatusTooManyRequests, one, "too-often")
	}
	if ok, err := f.confirmPassword(r, &one); err != nil {
		return err
	} else if !ok {
		return f.showConfirm(w, r, http.StatusUnprocessableEntity, one, "confirm-wrong")
	}
	admin, first, trouble, err := f.found(r.Context(), token, one)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return f.gone(w, r)
	case errors.Is(err, errPassword):
		return f.showConfirm(w, r, http.StatusUnprocessableEntity, one, "confirm-wrong")
	case err != nil:
		return err
	}
	if err := f.start(r.Context(), admin); err != nil {
		return err
	}
	if trouble != "" {
		f.flash(w, r, f.t(r, trouble, "City", one.City, "Max", maxCities), true)
		http.Redirect(w, r, "/cities", http.StatusSeeOther)
		return nil
	}
	f.flash(w, r, f.t(r, "city-made"), false)
	return f.openCity(w, r, *first)
}

// confirmPassword checks the form's password. If there is an account by now, it must be the account's, and one gets
// its hash: the owner of two links may have used the other, or a stranger may have sent this one.
func (f *Frontend) confirmPassword(r *http.Request, one *registration) (bool, error) {
	admin, err := f.DB.AdminByAddress(r.Context(), one.Address)
	if err == nil {
		one.Password = admin.Password
	} else if !errors.Is(err, db.ErrNotFound) {
		return false, err
	}
	password := r.PostForm.Get("password")
	if len(password) > maxPassword {
		return false, nil
	}
	return f.passwords.check(r.Context(), one.Password, password)
}
