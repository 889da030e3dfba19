package frontend

import (
	"errors"
	"net/http"

	"gorm.io/gorm"

	"linienfunk/db"
)

type resetData struct {
	Address string // for the browser's store of passwords
	Errors  formErrors
}

func (f *Frontend) resetForm(w http.ResponseWriter, r *http.Request) error {
	_, admin, err := f.resetToken(r)
	if errors.Is(err, db.ErrNotFound) {
		return f.gone(w, r)
	}
	if err != nil {
		return err
	}
	return f.showReset(w, r, http.StatusOK, resetData{Address: admin.Address})
}

func (f *Frontend) showReset(w http.ResponseWriter, r *http.Request, status int, data resetData) error {
	return f.show(w, r, status, page{Title: f.t(r, "reset"), Private: true}, "reset.html", data)
}

func (f *Frontend) resetToken(r *http.Request) (db.Token, db.Admin, error) {
	var none any
	token, err := f.peekToken(r, forReset, &none)
	if err != nil {
		return token, db.Admin{}, err
	}
	admin, err := f.DB.AdminByID(r.Context(), token.AdminID)
	return token, admin, err
}

// reset sets the new password, ends all sessions of the account and its other links, and logs in.
func (f *Frontend) reset(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	token, admin, err := f.resetToken(r)
	if errors.Is(err, db.ErrNotFound) {
		return f.gone(w, r)
	}
	if err != nil {
		return err
	}
	password := r.PostForm.Get("password")
	if wrong := f.words.passwordError(password, admin.Address); wrong != "" {
		data := resetData{Address: admin.Address, Errors: formErrors{}}
		data.Errors.add("password", f.t(r, wrong, "Min", minPassword))
		return f.showReset(w, r, http.StatusUnprocessableEntity, data)
	}
	if admin.Password, err = f.passwords.hash(r.Context(), password); err != nil {
		return err
	}
	err = f.DB.Transaction(r.Context(), func(tx *gorm.DB) error {
		if err := takeToken(tx, token); err != nil {
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
		return f.gone(w, r)
	}
	if err != nil {
		return err
	}
	if err := f.start(r.Context(), admin); err != nil {
		return err
	}
	f.flash(w, r, f.t(r, "reset-done"), false)
	return f.afterLogin(w, r, admin, "")
}
