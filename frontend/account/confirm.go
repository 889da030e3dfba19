package account

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
)

// errPassword means that an account was created in the meantime, with another password than the one that was checked.
var errPassword = errors.New("account has another password")

type confirmData struct {
	Address, City, Title string
	Errors               site.FormErrors
}

// confirmForm changes nothing: mail scanners follow links, too.
func (p *Pages) confirmForm(w http.ResponseWriter, r *http.Request) error {
	var one registration
	if _, err := p.readToken(r, forRegister, &one); errors.Is(err, db.ErrNotFound) {
		return p.showLinkGone(w, r)
	} else if err != nil {
		return err
	}
	return p.showConfirm(w, r, http.StatusOK, one, "")
}

// showConfirm shows the form. wrong is the id of a text about the password, or empty.
func (p *Pages) showConfirm(w http.ResponseWriter, r *http.Request, status int, one registration, wrong string) error {
	data := confirmData{Address: one.Address, City: one.City, Title: one.Title, Errors: site.FormErrors{}}
	if wrong != "" {
		data.Errors.Add("password", p.Text(r, wrong))
	}
	return p.Show(w, r, status, site.Page{Title: p.Text(r, "confirm"), Private: true}, "confirm.html", data)
}

// confirm creates the account and its city, and logs in. It requires both access to the address's mail and the password chosen
// at registration. Otherwise somebody could register with another person's address and wait for them to click.
func (p *Pages) confirm(w http.ResponseWriter, r *http.Request) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	var one registration
	token, err := p.readToken(r, forRegister, &one)
	if errors.Is(err, db.ErrNotFound) {
		return p.showLinkGone(w, r)
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
	admin, first, trouble, err := p.createAccountAndCity(r.Context(), token, one)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return p.showLinkGone(w, r)
	case errors.Is(err, commands.ErrNotInvited):
		p.ShowMessage(w, r, http.StatusForbidden, "register-invited", "register-invited-text")
		return nil
	case errors.Is(err, errPassword):
		return p.showConfirm(w, r, http.StatusUnprocessableEntity, one, "confirm-wrong")
	case err != nil:
		return err
	}
	// Whoever needs a code to log in is asked for it by the page to which this leads.
	if needs, err := p.needsCode(r.Context(), admin.ID); err != nil {
		return err
	} else if !needs {
		if err := p.LogIn(r.Context(), admin); err != nil {
			return err
		}
	}
	if own, err := p.isAdminOf(r.Context(), admin, one.City); err != nil {
		return err
	} else if trouble == nameTaken && own { // the form to register was sent twice, and both links were opened
		http.Redirect(w, r, "/city/"+one.City, http.StatusSeeOther)
		return nil
	}
	if trouble != "" {
		p.Tell(w, r, "/cities", p.Text(r, trouble, "City", one.City, "Max", maxCities), true)
		return nil
	}
	return p.announceCity(w, r, *first)
}

func (p *Pages) isAdminOf(ctx context.Context, admin db.Admin, city string) (bool, error) {
	cities, err := p.DB.CitiesOf(ctx, admin.ID)
	return slices.Contains(cities, city), err
}

// confirmPassword checks the form's password. If the address has an account by now, the password must be the account's, and one
// gets its hash: the owner may have confirmed another registration first, or somebody else may have made this one.
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
