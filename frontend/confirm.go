package frontend

import (
	"context"
	"errors"
	"net/http"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/settings"
	"linienfunk/settings/chain"
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

// found uses the link up and makes the account, if there is none, and the city. trouble is the text that says why
// there is no city; otherwise first begins the history of its settings.
func (f *Frontend) found(ctx context.Context, token db.Token, one registration) (admin db.Admin, first *chain.Link, trouble string, err error) {
	err = f.DB.Transaction(ctx, func(tx *gorm.DB) error {
		if err := takeToken(tx, token); err != nil {
			return err
		}
		if admin, err = makeAdmin(tx, one.Address, one.Password, one.Lang); err != nil {
			return err
		}
		if admin.Password != one.Password {
			return errPassword
		}
		first, err = f.makeCity(tx, one.City, one.Title, one.Lang, admin.ID)
		if errors.Is(err, errManyCities) {
			trouble = "cities-many"
			return nil
		}
		if first == nil {
			trouble = "name-taken-meanwhile"
		}
		return err
	})
	return admin, first, trouble, err
}

// makeAdmin makes an account. One that is there already stays as it is.
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

// maxCities is how many cities an admin may have. Who looks after more by invitation keeps them, but makes no others.
const maxCities = 10

// errManyCities is returned before anything is written.
var errManyCities = errors.New("admin has too many cities")

// makeCity makes a city with its first admin, and returns the first link of its settings' history; nil if the name is
// taken.
func (f *Frontend) makeCity(tx *gorm.DB, name, title, lang string, admin uint) (*chain.Link, error) {
	var has int64
	if err := tx.Model(&db.CityAdmin{}).Where("admin_id = ?", admin).Count(&has).Error; err != nil {
		return nil, err
	}
	if has >= maxCities {
		return nil, errManyCities
	}
	done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&db.City{Name: name})
	if done.Error != nil || done.RowsAffected == 0 {
		return nil, done.Error
	}
	if err := tx.Create(&db.CityAdmin{City: name, AdminID: admin}).Error; err != nil {
		return nil, err
	}
	fresh := settings.Default(name, lang)
	fresh.Title = title
	first, err := f.History.Create(tx, name, fresh, admin)
	return &first, err
}

// openCity makes a new city known to the rest of the program, and leads to its settings.
func (f *Frontend) openCity(w http.ResponseWriter, r *http.Request, first chain.Link) error {
	if err := f.Settings.Created(r.Context(), first); err != nil {
		return err
	}
	f.Changed(first.City)
	http.Redirect(w, r, "/city/"+first.City, http.StatusSeeOther)
	return nil
}
