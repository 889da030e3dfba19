package account

import (
	"errors"
	"net/http"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/frontend/site"
)

// secondStep is the data of the address of the second step of a login. The password was right.
type secondStep struct {
	Next     string
	Password string // a digest of the account's hash: a new password ends the login
}

const (
	forSecondStep  = "second"
	secondStepTime = 10 * time.Minute
)

type secondStepData struct{ Errors site.FormErrors }

// enter logs an admin in whose password was right, or asks for a code first. next is where it leads.
func (p *Pages) enter(w http.ResponseWriter, r *http.Request, admin db.Admin, next string) error {
	needs, err := p.needsCode(r.Context(), admin.ID)
	if err != nil {
		return err
	}
	if needs {
		token, err := p.newToken(r.Context(), forSecondStep, admin.ID, secondStep{next, tokenHash(admin.Password)}, secondStepTime)
		if err != nil {
			return err
		}
		http.Redirect(w, r, "/login/code/"+token, http.StatusSeeOther)
		return nil
	}
	if err := p.LogIn(r.Context(), admin); err != nil {
		return err
	}
	return p.afterLogin(w, r, admin, next)
}

// secondStepOf reads the address of a second step. db.ErrNotFound if it does not work any more.
func (p *Pages) secondStepOf(r *http.Request) (token db.Token, admin db.Admin, step secondStep, err error) {
	if token, err = p.readToken(r, forSecondStep, &step); err != nil {
		return token, admin, step, err
	}
	if admin, err = p.DB.AdminByID(r.Context(), token.AdminID); err == nil && tokenHash(admin.Password) != step.Password {
		err = db.ErrNotFound
	}
	return token, admin, step, err
}

func (p *Pages) codeForm(w http.ResponseWriter, r *http.Request) error {
	if _, _, _, err := p.secondStepOf(r); errors.Is(err, db.ErrNotFound) {
		return p.showLinkGone(w, r)
	} else if err != nil {
		return err
	}
	return p.showCode(w, r, http.StatusOK, secondStepData{site.FormErrors{}})
}

func (p *Pages) showCode(w http.ResponseWriter, r *http.Request, status int, data secondStepData) error {
	return p.Show(w, r, status, site.Page{Title: p.Text(r, "login"), Private: true}, "code.html", data)
}

func (p *Pages) code(w http.ResponseWriter, r *http.Request) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	token, admin, step, err := p.secondStepOf(r)
	if errors.Is(err, db.ErrNotFound) {
		return p.showLinkGone(w, r)
	}
	if err != nil {
		return err
	}
	data := secondStepData{site.FormErrors{}}
	ok, err := p.useCode(r.Context(), admin.ID, r.PostForm.Get("code"))
	switch {
	case errors.Is(err, errTooOften):
		data.Errors.Add("code", p.Text(r, "too-often"))
		return p.showCode(w, r, http.StatusTooManyRequests, data)
	case err != nil:
		return err
	case !ok:
		data.Errors.Add("code", p.Text(r, "code-wrong"))
		return p.showCode(w, r, http.StatusUnprocessableEntity, data)
	}
	err = p.DB.Transaction(r.Context(), func(tx *gorm.DB) error { return useToken(tx, token) })
	if errors.Is(err, db.ErrNotFound) {
		return p.showLinkGone(w, r)
	}
	if err != nil {
		return err
	}
	if err := p.LogIn(r.Context(), admin); err != nil {
		return err
	}
	return p.afterLogin(w, r, admin, step.Next)
}
