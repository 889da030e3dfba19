package account

import (
	"errors"
	"net/http"
	"strings"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/internal/config"
)

// registration is the data of a confirmation link. Until it is confirmed it reserves nothing: anybody can enter anybody's
// address.
type registration struct {
	Address, Password, City, Title, Lang string // Password is a hash
	TimeZone                             string // of the browser; empty if it is not known
	Invitation                           string // of the operator; empty without one
}

// registerData is the page's data. The password is never shown again.
type registerData struct {
	Address      string
	City         cityFields
	Invitation   string
	Approval     bool // the operator has to approve the city
	Domain, Host string
	Errors       site.FormErrors
}

func (p *Pages) registerForm(w http.ResponseWriter, r *http.Request) error {
	return p.showRegister(w, r, http.StatusOK, registerData{Invitation: r.URL.Query().Get("invitation")})
}

// registers answers with a page that says why nobody can register a city, if that is so.
func (p *Pages) registers(action func(w http.ResponseWriter, r *http.Request) error) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		switch {
		case p.Unregistered:
			p.ShowMessage(w, r, http.StatusForbidden, "register-closed", "register-closed-text")
			return nil
		case p.Commands.Registration == config.Closed:
			p.ShowMessage(w, r, http.StatusForbidden, "register-ended", "register-ended-text")
			return nil
		}
		return action(w, r)
	}
}

// invited is registers for the forms of new cities, which may need an invitation.
func (p *Pages) invited(action func(w http.ResponseWriter, r *http.Request) error) func(w http.ResponseWriter, r *http.Request) error {
	return p.registers(func(w http.ResponseWriter, r *http.Request) error {
		if err := site.ParseForm(r); err != nil {
			return err
		}
		err := p.Commands.Invited(r.Context(), r.Form.Get("invitation"))
		if errors.Is(err, commands.ErrNotInvited) {
			p.ShowMessage(w, r, http.StatusForbidden, "register-invited", "register-invited-text")
			return nil
		}
		if err != nil {
			return err
		}
		return action(w, r)
	})
}

func (p *Pages) showRegister(w http.ResponseWriter, r *http.Request, status int, data registerData) error {
	data.Domain, data.Host = p.Domain, strings.TrimPrefix(strings.TrimPrefix(p.BaseURL, "https://"), "http://")
	data.Approval = p.Commands.Registration == config.ByApproval
	return p.Show(w, r, status, site.Page{Title: p.Text(r, "register")}, "register.html", data)
}

// register first checks what does not depend on the address. From there on it gives the same answer after the same work whether
// or not the address has an account; only the mail differs.
func (p *Pages) register(w http.ResponseWriter, r *http.Request) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := registerData{City: readCityFields(r), Invitation: r.PostForm.Get("invitation"), Errors: site.FormErrors{}}
	var wrong string
	if data.Address, wrong = p.ParseAddress(r.PostForm.Get("address")); wrong != "" {
		data.Errors.Add("address", p.Text(r, wrong))
	} else if p.Commands.AddressBlocked(data.Address) {
		data.Errors.Add("address", p.Text(r, "address-blocked"))
	}
	if err := p.checkCity(r, &data.City, data.Errors); err != nil {
		return err
	}
	password := r.PostForm.Get("password")
	if wrong := p.reserved.passwordError(password, data.Address, data.City.Name); wrong != "" {
		data.Errors.Add("password", p.Text(r, wrong, "Min", minPassword))
	}
	if len(data.Errors) > 0 {
		return p.showRegister(w, r, http.StatusUnprocessableEntity, data)
	}
	if !p.limits.mailClient.Allow(client(r)) {
		data.Errors.Add("", p.Text(r, "too-often"))
		return p.showRegister(w, r, http.StatusTooManyRequests, data)
	}
	hash, err := p.passwords.hash(r.Context(), password)
	if err != nil {
		return err
	}
	err = p.mailRegistration(r, registration{data.Address, hash, data.City.Name, data.City.Title, p.Lang(r), data.City.TimeZone, data.Invitation})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/register/sent", http.StatusSeeOther)
	return nil
}

func (p *Pages) mailRegistration(r *http.Request, one registration) error {
	if !p.limits.register.allow(one.Address, r) {
		return nil // silently: the answer must not reveal what others have done
	}
	ctx := r.Context()
	_, err := p.DB.AdminByAddress(ctx, one.Address)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	token, failed := p.newToken(ctx, forRegister, 0, one, RegisterTime) // also for a known address: the same work
	if failed != nil {
		return failed
	}
	l := site.Letter{ID: "register", Lang: one.Lang, To: one.Address, Key: tokenHash(token), Expires: p.Now().Add(RegisterTime)}
	if err == nil {
		l.ID, l.Pairs = "register-known", []any{"City", one.City, "URL", p.BaseURL + "/login"}
	} else {
		l.Pairs = []any{"City", one.City, "URL", p.BaseURL + "/confirm/" + token}
	}
	return p.Send(ctx, l)
}

func (p *Pages) registerSent(w http.ResponseWriter, r *http.Request) error {
	p.ShowMessage(w, r, http.StatusOK, "register-sent", "register-sent-text")
	return nil
}
