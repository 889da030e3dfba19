package account

import (
	"errors"
	"net/http"

	"gorm.io/gorm"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

type acceptData struct {
	City          site.CityLink
	Address, Role string
	NeedsPassword bool // the address has no account yet, so it needs a password
	Errors        site.FormErrors
}

// readInvitation reads an invitation's link. It returns db.ErrNotFound if the link does not work any more: see commands.Guest.
func (p *Pages) readInvitation(r *http.Request) (commands.Guest, settings.Snapshot, acceptData, error) {
	guest, err := p.Commands.Guest(r.Context(), r.PathValue("token"))
	if err != nil {
		return guest, settings.Snapshot{}, acceptData{}, err
	}
	city, ok, err := p.Settings.Get(r.Context(), guest.City)
	if err == nil && !ok {
		err = db.ErrNotFound
	}
	data := acceptData{City: site.LinkTo(city), Address: guest.Address, Role: string(guest.Role), Errors: site.FormErrors{}}
	if err != nil {
		return guest, city, data, err
	}
	_, err = p.DB.AdminByAddress(r.Context(), guest.Address)
	if data.NeedsPassword = errors.Is(err, db.ErrNotFound); data.NeedsPassword {
		err = nil
	}
	return guest, city, data, err
}

func (p *Pages) inviteForm(w http.ResponseWriter, r *http.Request) error {
	_, city, data, err := p.readInvitation(r)
	if errors.Is(err, db.ErrNotFound) {
		return p.showLinkGone(w, r)
	}
	if err != nil {
		return err
	}
	return p.showAccept(w, r, http.StatusOK, city, data)
}

func (p *Pages) showAccept(w http.ResponseWriter, r *http.Request, status int, city settings.Snapshot, data acceptData) error {
	about := site.Page{Title: p.Text(r, "accept", "City", city.Title), Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, status, about, "accept.html", data)
}

// accept makes the recipient of an invitation an admin of the city, and creates an account if the address has none.
func (p *Pages) accept(w http.ResponseWriter, r *http.Request) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	guest, city, data, err := p.readInvitation(r)
	if errors.Is(err, db.ErrNotFound) {
		return p.showLinkGone(w, r)
	}
	if err != nil {
		return err
	}
	hash := ""
	if data.NeedsPassword {
		password := r.PostForm.Get("password")
		if wrong := p.reserved.passwordError(password, data.Address, city.City); wrong != "" {
			data.Errors.Add("password", p.Text(r, wrong, "Min", minPassword))
			return p.showAccept(w, r, http.StatusUnprocessableEntity, city, data)
		}
		if hash, err = p.passwords.hash(r.Context(), password); err != nil {
			return err
		}
	}
	admin, err := p.addAdmin(r, guest, data.NeedsPassword, hash)
	if errors.Is(err, db.ErrNotFound) {
		return p.showLinkGone(w, r)
	}
	if err != nil {
		return err
	}
	p.Flash(w, r, p.Text(r, "accepted", "City", city.Title), false)
	if data.NeedsPassword {
		if err := p.LogIn(r.Context(), admin); err != nil {
			return err
		}
	}
	next, err := p.firstPage(r.Context(), city.City, admin.ID)
	if err != nil {
		return err
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (p *Pages) addAdmin(r *http.Request, guest commands.Guest, isNew bool, hash string) (admin db.Admin, err error) {
	err = p.DB.Transaction(r.Context(), func(tx *gorm.DB) error {
		if isNew {
			if admin, err = createAdmin(tx, guest.Address, hash, p.Lang(r)); err != nil {
				return err
			}
		} else if err := tx.Where("address = ?", guest.Address).Take(&admin).Error; err != nil {
			return err
		}
		return p.Commands.Accept(tx, r.PathValue("token"), admin.ID)
	})
	if err == nil {
		p.Commands.Joined(r.Context(), guest, admin.ID)
	}
	return admin, err
}
