package account

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// cityFields are the fields of a new city.
type cityFields struct {
	Name, Title string
	TimeZone    string // of the browser; empty if it is not known
}

func readCityFields(r *http.Request) cityFields {
	c := cityFields{
		Name: strings.ToLower(strings.TrimSpace(r.PostForm.Get("city"))), Title: strings.TrimSpace(r.PostForm.Get("title")),
		TimeZone: r.PostForm.Get("time_zone"),
	}
	c.TimeZone = cmp.Or(browserZones[c.TimeZone], c.TimeZone)
	if !slices.Contains(settings.Zones(), c.TimeZone) {
		c.TimeZone = "" // the server's; the admin can choose another
	}
	if c.Name == "" {
		c.Name = shortName(c.Title)
	}
	return c
}

// checkCity adds what is wrong with a new city to errs. A short name that is none is replaced by a proposal.
func (p *Pages) checkCity(r *http.Request, city *cityFields, errs site.FormErrors) error {
	title := city.Title
	if city.Name == "" && title != "" {
		errs.Add("city", p.Text(r, "name-none", "Title", title))
	} else if wrong := p.reserved.nameError(city.Name); wrong != "" {
		errs.Add("city", p.Text(r, wrong))
		if proposed := cmp.Or(shortName(city.Name), shortName(title)); wrong == "name-form" && p.reserved.nameError(proposed) == "" {
			errs.Add("city", p.Text(r, "name-proposed", "Name", proposed))
			city.Name = proposed
		}
	} else if _, taken, err := p.Settings.Get(r.Context(), city.Name); err != nil {
		return err
	} else if taken {
		errs.Add("city", p.Text(r, "name-taken", "City", city.Name))
	} else if kept, err := p.DB.NameKept(p.DB.WithContext(r.Context()), city.Name); err != nil {
		return err
	} else if kept {
		errs.Add("city", p.Text(r, "name-kept", "City", city.Name))
	}
	if strings.ContainsRune(title, utf8.RuneError) { // ParseForm's replacement for invalid UTF-8
		errs.Add("title", p.Text(r, "settings-error-json"))
	}
	fresh := settings.Default(city.Name, p.Lang(r))
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

// nameTaken is the id of the text for a name that was free at the registration.
const nameTaken = "name-taken-meanwhile"

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
		first, err = p.createCity(tx, cityFields{one.City, one.Title, one.TimeZone}, one.Lang, admin.ID, one.Invitation)
		if errors.Is(err, errManyCities) {
			trouble = "cities-many"
			return nil
		}
		if first == nil {
			trouble = nameTaken
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
func (p *Pages) createCity(tx *gorm.DB, city cityFields, lang string, admin uint, invitation string) (*chain.Link, error) {
	var has int64
	if err := tx.Model(&db.CityAdmin{}).Where("admin_id = ?", admin).Count(&has).Error; err != nil {
		return nil, err
	}
	if has >= maxCities {
		return nil, errManyCities
	}
	if kept, err := p.DB.NameKept(tx, city.Name); err != nil || kept {
		return nil, err
	}
	done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&db.City{Name: city.Name})
	if done.Error != nil || done.RowsAffected == 0 {
		return nil, done.Error
	}
	if err := tx.Create(&db.CityAdmin{City: city.Name, AdminID: admin}).Error; err != nil {
		return nil, err
	}
	if err := p.Commands.Enter(tx, city.Name, invitation); err != nil {
		return nil, err
	}
	fresh := settings.Default(city.Name, lang)
	fresh.Title, fresh.TimeZone = city.Title, city.TimeZone
	first, err := p.History.Create(tx, city.Name, fresh, admin)
	return &first, err
}

// announceCity announces a new city to the rest of the program, and redirects to its settings.
func (p *Pages) announceCity(w http.ResponseWriter, r *http.Request, first chain.Link) error {
	p.Commands.Entered(r.Context())
	if err := p.Settings.AnnounceCity(r.Context(), first); err != nil {
		return err
	}
	p.Changed(first.City)
	p.Tell(w, r, "/city/"+first.City, p.Text(r, "city-made"), false)
	return nil
}
