package frontend

import (
	"context"
	"errors"
	"net/http"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/settings"
)

// confirmForm only asks: programs that look at mails open links, too.
func (f *Frontend) confirmForm(w http.ResponseWriter, r *http.Request) error {
	var one registration
	if _, err := f.peekToken(r, forRegister, &one); errors.Is(err, db.ErrNotFound) {
		return f.gone(w, r)
	} else if err != nil {
		return err
	}
	return f.show(w, r, http.StatusOK, page{Title: f.t(r, "confirm"), Private: true}, "confirm.html", one)
}

// confirm makes the account and its city, and logs in.
func (f *Frontend) confirm(w http.ResponseWriter, r *http.Request) error {
	var one registration
	token, err := f.peekToken(r, forRegister, &one)
	if errors.Is(err, db.ErrNotFound) {
		return f.gone(w, r)
	}
	if err != nil {
		return err
	}
	var admin db.Admin
	made := false
	err = f.DB.Transaction(r.Context(), func(tx *gorm.DB) error {
		if err := takeToken(tx, token); err != nil {
			return err
		}
		if admin, err = makeAdmin(tx, one.Address, one.Password, one.Lang); err != nil {
			return err
		}
		made, err = f.makeCity(r.Context(), tx, one.City, one.Title, one.Lang, admin.ID)
		return err
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
	if !made {
		f.flash(w, r, f.t(r, "name-taken-meanwhile", "City", one.City), true)
		http.Redirect(w, r, "/cities", http.StatusSeeOther)
		return nil
	}
	f.flash(w, r, f.t(r, "city-made"), false)
	return f.openCity(w, r, one.City)
}

// makeAdmin makes an account. One that is there already stays as it is: its owner has two links, and used the other.
func makeAdmin(tx *gorm.DB, address, password, lang string) (db.Admin, error) {
	admin := db.Admin{Address: address, Password: password, Lang: lang, Confirmed: true}
	err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "address"}}, DoNothing: true}).Create(&admin).Error
	if err != nil {
		return admin, err
	}
	admin = db.Admin{}
	err = tx.Where("address = ?", address).Take(&admin).Error
	return admin, err
}

// makeCity makes a city with its first admin, and reports false if the name is taken.
func (f *Frontend) makeCity(ctx context.Context, tx *gorm.DB, name, title, lang string, admin uint) (bool, error) {
	done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&db.City{Name: name})
	if done.Error != nil || done.RowsAffected == 0 {
		return false, done.Error
	}
	if err := tx.Create(&db.CityAdmin{City: name, AdminID: admin}).Error; err != nil {
		return false, err
	}
	fresh := settings.Default(name, lang)
	fresh.Title = title
	return true, f.Settings.Create(ctx, tx, name, fresh)
}

// openCity makes a new city known to the rest of the program, and leads to its settings.
func (f *Frontend) openCity(w http.ResponseWriter, r *http.Request, city string) error {
	if err := f.Settings.Created(r.Context(), city); err != nil {
		return err
	}
	f.Changed(city)
	http.Redirect(w, r, "/city/"+city, http.StatusSeeOther)
	return nil
}
