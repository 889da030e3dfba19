package frontend

import (
	"errors"
	"net/http"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/settings"
)

type acceptData struct {
	City     cityLink
	Address  string
	NeedsOne bool // a password: the address has no account yet
	Errors   formErrors
}

// invited reads an invitation's link. db.ErrNotFound also if the city is gone, or who invited is no admin of it any more.
func (f *Frontend) invited(r *http.Request) (db.Token, settings.Snapshot, acceptData, error) {
	var one invitation
	token, err := f.peekToken(r, forInvite, &one)
	if err != nil {
		return token, settings.Snapshot{}, acceptData{}, err
	}
	city, ok, err := f.Settings.Get(r.Context(), one.City)
	if err == nil && ok {
		var n int64
		err = f.DB.WithContext(r.Context()).Model(&db.CityAdmin{}).
			Where("city = ? AND admin_id = ?", one.City, token.AdminID).Count(&n).Error
		ok = n > 0
	}
	if err == nil && !ok {
		err = db.ErrNotFound
	}
	data := acceptData{City: linkTo(city), Address: one.Address, Errors: formErrors{}}
	if err != nil {
		return token, city, data, err
	}
	_, err = f.DB.AdminByAddress(r.Context(), one.Address)
	if data.NeedsOne = errors.Is(err, db.ErrNotFound); data.NeedsOne {
		err = nil
	}
	return token, city, data, err
}

func (f *Frontend) inviteForm(w http.ResponseWriter, r *http.Request) error {
	_, city, data, err := f.invited(r)
	if errors.Is(err, db.ErrNotFound) {
		return f.gone(w, r)
	}
	if err != nil {
		return err
	}
	return f.showAccept(w, r, http.StatusOK, city, data)
}

func (f *Frontend) showAccept(w http.ResponseWriter, r *http.Request, status int, city settings.Snapshot, data acceptData) error {
	p := page{Title: f.t(r, "accept", "City", city.Title), Line: lineOf(city.City), Private: true}
	return f.show(w, r, status, p, "accept.html", data)
}

// accept makes the invited an admin of the city. Who has no account gets one; who has one logs in as usual.
func (f *Frontend) accept(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	token, city, data, err := f.invited(r)
	if errors.Is(err, db.ErrNotFound) {
		return f.gone(w, r)
	}
	if err != nil {
		return err
	}
	hash := ""
	if data.NeedsOne {
		password := r.PostForm.Get("password")
		if wrong := f.words.passwordError(password, data.Address, city.City); wrong != "" {
			data.Errors.add("password", f.t(r, wrong, "Min", minPassword))
			return f.showAccept(w, r, http.StatusUnprocessableEntity, city, data)
		}
		if hash, err = f.passwords.hash(r.Context(), password); err != nil {
			return err
		}
	}
	admin, err := f.join(r, token, city.City, data, hash)
	if errors.Is(err, db.ErrNotFound) {
		return f.gone(w, r)
	}
	if err != nil {
		return err
	}
	f.flash(w, r, f.t(r, "accepted", "City", city.Title), false)
	if data.NeedsOne {
		if err := f.start(r.Context(), admin); err != nil {
			return err
		}
	}
	http.Redirect(w, r, "/city/"+city.City, http.StatusSeeOther)
	return nil
}

func (f *Frontend) join(r *http.Request, token db.Token, city string, data acceptData, hash string) (admin db.Admin, err error) {
	err = f.DB.Transaction(r.Context(), func(tx *gorm.DB) error {
		if err := takeToken(tx, token); err != nil {
			return err
		}
		if data.NeedsOne {
			if admin, err = makeAdmin(tx, data.Address, hash, f.lang(r)); err != nil {
				return err
			}
		} else if err := tx.Where("address = ?", data.Address).Take(&admin).Error; err != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&db.CityAdmin{City: city, AdminID: admin.ID}).Error
	})
	return admin, err
}
