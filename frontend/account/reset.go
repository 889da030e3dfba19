package account

import (
	"errors"
	"net/http"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/frontend/site"
)

type resetData struct {
	Address string // for the browser's password manager
	Errors  site.FormErrors
}

func (p *Pages) resetForm(w http.ResponseWriter, r *http.Request) error {
	_, admin, err := p.resetToken(r)
	if errors.Is(err, db.ErrNotFound) {
		return p.showLinkGone(w, r)
	}
	if err != nil {
		return err
	}
	return p.showReset(w, r, http.StatusOK, resetData{Address: admin.Address})
}

func (p *Pages) showReset(w http.ResponseWriter, r *http.Request, status int, data resetData) error {
	return p.Show(w, r, status, site.Page{Title: p.Text(r, "reset"), Private: true}, "reset.html", data)
}

func (p *Pages) resetToken(r *http.Request) (db.Token, db.Admin, error) {
	var none any
	token, err := p.readToken(r, forReset, &none)
	if err != nil {
		return token, db.Admin{}, err
	}
	admin, err := p.DB.AdminByID(r.Context(), token.AdminID)
	return token, admin, err
}

// reset sets the new password, ends all sessions of the account, invalidates its other links, and logs in, unless that takes a code, too.
func (p *Pages) reset(w http.ResponseWriter, r *http.Request) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	token, admin, err := p.resetToken(r)
	if errors.Is(err, db.ErrNotFound) {
		return p.showLinkGone(w, r)
	}
	if err != nil {
		return err
	}
	password := r.PostForm.Get("password")
	if wrong := p.reserved.passwordError(password, admin.Address); wrong != "" {
		data := resetData{Address: admin.Address, Errors: site.FormErrors{}}
		data.Errors.Add("password", p.Text(r, wrong, "Min", minPassword))
		return p.showReset(w, r, http.StatusUnprocessableEntity, data)
	}
	if admin.Password, err = p.passwords.hash(r.Context(), password); err != nil {
		return err
	}
	err = p.DB.Transaction(r.Context(), func(tx *gorm.DB) error {
		if err := useToken(tx, token); err != nil {
			return err
		}
		if err := tx.Where("admin_id = ? AND purpose = ?", admin.ID, forReset).Delete(&db.Token{}).Error; err != nil {
			return err
		}
		if err := tx.Where("admin_id = ?", admin.ID).Delete(&db.Session{}).Error; err != nil {
			return err
		}
		return tx.Model(&admin).Update("password", admin.Password).Error
	})
	if errors.Is(err, db.ErrNotFound) {
		return p.showLinkGone(w, r)
	}
	if err != nil {
		return err
	}
	p.mailChange(r, admin, changedPassword)
	p.Flash(w, r, p.Text(r, "reset-done"), false)
	return p.enter(w, r, admin, "")
}
