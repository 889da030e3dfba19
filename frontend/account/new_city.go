package account

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// checkCity reads the name of a new city from the form into name, and adds what is wrong with it or with the title to errs.
func (p *Pages) checkCity(r *http.Request, name *string, title string, errs site.FormErrors) error {
	*name = strings.ToLower(strings.TrimSpace(r.PostForm.Get("city")))
	if wrong := p.reserved.nameError(*name); wrong != "" {
		errs.Add("city", p.Text(r, wrong))
	} else if _, taken, err := p.Settings.Get(r.Context(), *name); err != nil {
		return err
	} else if taken {
		errs.Add("city", p.Text(r, "name-taken", "City", *name))
	}
	if strings.ContainsRune(title, utf8.RuneError) { // ParseForm's replacement for invalid UTF-8
		errs.Add("title", p.Text(r, "settings-error-json"))
	}
	fresh := settings.Default(*name, p.Lang(r))
	fresh.Title = title
	document, err := fresh.Document()
	if err != nil {
		return err
	}
	var found settings.Errors
	if _, _, err := p.Settings.Schema().Check([]byte("{}"), document); errors.As(err, &found) {
		for _, one := range found {
			errs.Add(one.Field, p.words.Mistake(r, one))
		}
	}
	return nil
}

// createAccountAndCity uses up the link and creates the city, and the account if there is none. first is the first link of the settings'
// history. If there is no city, trouble is the id of the text that says why.
func (p *Pages) createAccountAndCity(ctx context.Context, token db.Token, one registration) (admin db.Admin, first *chain.Link, trouble string, err error) {
	err = p.DB.Transaction(ctx, func(tx *gorm.DB) error {
		if err := useToken(tx, token); err != nil {
			return err
		}
		if admin, err = createAdmin(tx, one.Address, one.Password, one.Lang); err != nil {
			return err
		}
		if admin.Password != one.Password {
			return errPassword
		}
		first, err = p.createCity(tx, one.City, one.Title, one.Lang, admin.ID)
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

// createAdmin creates an account. An existing account is not changed.
func createAdmin(tx *gorm.DB, address, password, lang string) (db.Admin, error) {
	admin := db.Admin{Address: address, Password: password, Lang: lang, Confirmed: true}
	err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "address"}}, DoNothing: true}).Create(&admin).Error
	if err != nil {
		return admin, err
	}
	admin = db.Admin{}
	err = tx.Where("address = ?", address).Take(&admin).Error
	return admin, err
}

// maxCities is how many cities an admin can create. Invitations to others are not limited.
const maxCities = 10

// errManyCities is returned before anything is written.
var errManyCities = errors.New("admin has too many cities")

// createCity creates a city with its first admin. It returns the first link of the settings' history, nil if the name is taken.
func (p *Pages) createCity(tx *gorm.DB, name, title, lang string, admin uint) (*chain.Link, error) {
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
	first, err := p.History.Create(tx, name, fresh, admin)
	return &first, err
}

// announceCity announces a new city to the rest of the program, and redirects to its settings.
func (p *Pages) announceCity(w http.ResponseWriter, r *http.Request, first chain.Link) error {
	if err := p.Settings.AnnounceCity(r.Context(), first); err != nil {
		return err
	}
	p.Changed(first.City)
	p.Tell(w, r, "/city/"+first.City, p.Text(r, "city-made"), false)
	return nil
}
