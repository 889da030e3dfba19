package account

import (
	"context"
	"errors"
	"net/http"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/frontend/site"
)

// addressChange is the data of both links of a change: the one in the mail to the new address, which confirms it, and the one in the mail to the old address, which takes it back.
type addressChange struct{ Old, New string }

const (
	forAddress     = "address"
	forAddressBack = "address-back"

	addressTime     = 24 * time.Hour
	addressBackTime = 14 * 24 * time.Hour // people do not read mail every day
)

// changeAddress mails both addresses. It does not tell whether the new one has an account.
func (p *Pages) changeAddress(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := accountData{Errors: site.FormErrors{}}
	var wrong string
	data.NewAddress, wrong = p.ParseAddress(r.PostForm.Get("address"))
	if wrong == "" && data.NewAddress == admin.Address {
		wrong = "account-address-same"
	}
	if wrong == "" && p.Commands.AddressBlocked(data.NewAddress) {
		wrong = "address-blocked"
	}
	if wrong != "" {
		data.Errors.Add("address", p.Text(r, wrong))
		return p.showAccount(w, r, http.StatusUnprocessableEntity, admin, data)
	}
	if ok, err := p.confirmed(w, r, admin, "address_password", data); err != nil || !ok {
		return err
	}
	if !p.limits.mailClient.Allow(client(r)) || !p.limits.address.allow(data.NewAddress, r) {
		data.Errors.Add("address", p.Text(r, "too-often"))
		return p.showAccount(w, r, http.StatusTooManyRequests, admin, data)
	}
	change := addressChange{admin.Address, data.NewAddress}
	for _, one := range []struct {
		id, to, path, purpose string
		lasts                 time.Duration
	}{{"address-back", change.Old, "/account/back/", forAddressBack, addressBackTime}, {"address-new", change.New, "/account/address/", forAddress, addressTime}} {
		token, err := p.newToken(r.Context(), one.purpose, admin.ID, change, one.lasts)
		if err != nil {
			return err
		}
		err = p.Send(r.Context(), site.Letter{ID: one.id, Lang: admin.Lang, To: one.to, Key: tokenHash(token), Expires: p.Now().Add(one.lasts),
			Pairs: []any{"Old", change.Old, "New", change.New, "URL", p.BaseURL + one.path + token}})
		if err != nil {
			return err
		}
	}
	p.Tell(w, r, "/account#address", p.Text(r, "account-address-sent", "Address", change.New), false)
	return nil
}

// newAddressForm changes nothing: mail scanners follow links, too.
func (p *Pages) newAddressForm(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	var change addressChange
	token, err := p.readToken(r, forAddress, &change)
	if errors.Is(err, db.ErrNotFound) || err == nil && token.AdminID != admin.ID {
		return p.showLinkGone(w, r)
	}
	if err != nil {
		return err
	}
	return p.Show(w, r, http.StatusOK, site.Page{Title: p.Text(r, "address-new"), Private: true}, "address.html", change)
}

// newAddress makes the new address that of the account. Only the admin can do so, logged in: whoever has the mailbox of an address that was mistyped is a stranger.
func (p *Pages) newAddress(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	var change addressChange
	token, err := p.readToken(r, forAddress, &change)
	if err == nil && token.AdminID != admin.ID {
		err = db.ErrNotFound
	}
	if err == nil {
		err = p.DB.Transaction(r.Context(), func(tx *gorm.DB) error {
			if err := useToken(tx, token); err != nil {
				return err
			}
			return setAddress(tx, admin.ID, change.Old, change.New)
		})
	}
	switch {
	case errors.Is(err, db.ErrNotFound):
		return p.showLinkGone(w, r)
	case errors.Is(err, db.ErrTaken):
		p.Tell(w, r, "/account#address", p.Text(r, "account-address-taken", "Address", change.New), true)
		return nil
	case err != nil:
		return err
	}
	p.Tell(w, r, "/account#address", p.Text(r, "account-address-done", "Address", change.New), false)
	return nil
}

// setAddress changes an address, and invalidates links that were mailed to the old one for a new password. db.ErrTaken if the new one has an account, db.ErrNotFound if the account has
// another address by now.
func setAddress(tx *gorm.DB, admin uint, from, to string) error {
	var n int64
	if err := tx.Model(&db.Admin{}).Where("address = ? AND id <> ?", to, admin).Count(&n).Error; err != nil {
		return err
	}
	if n > 0 {
		return db.ErrTaken
	}
	done := tx.Model(&db.Admin{}).Where("id = ? AND address = ?", admin, from).Update("address", to)
	if done.Error == nil && done.RowsAffected == 0 {
		return db.ErrNotFound
	}
	if done.Error != nil {
		return done.Error
	}
	return tx.Where("admin_id = ? AND purpose = ?", admin, forReset).Delete(&db.Token{}).Error
}

// addressBackForm changes nothing: mail scanners follow links, too.
func (p *Pages) addressBackForm(w http.ResponseWriter, r *http.Request) error {
	var change addressChange
	if _, err := p.readToken(r, forAddressBack, &change); errors.Is(err, db.ErrNotFound) {
		return p.showLinkGone(w, r)
	} else if err != nil {
		return err
	}
	return p.Show(w, r, http.StatusOK, site.Page{Title: p.Text(r, "address-back"), Private: true}, "address_back.html", change)
}

// addressBack gives the account its old address back, or keeps it if the new one was not confirmed. Whoever has asked for the change knew the password: all sessions end, and a new
// password has to be chosen. What was made since then to act on cities without the account ends as well.
func (p *Pages) addressBack(w http.ResponseWriter, r *http.Request) error {
	var change addressChange
	after := func(context.Context) {}
	token, err := p.readToken(r, forAddressBack, &change)
	since := token.ExpiresAt.Add(-addressBackTime)
	if err == nil {
		err = p.DB.Transaction(r.Context(), func(tx *gorm.DB) error {
			if err := useToken(tx, token); err != nil {
				return err
			}
			var admin db.Admin
			if err := tx.Where("id = ?", token.AdminID).Take(&admin).Error; err != nil {
				return err
			}
			if err := setAddress(tx, admin.ID, admin.Address, change.Old); err != nil {
				return err
			}
			if after, err = p.Commands.TakenBack(tx, admin.ID, since); err != nil {
				return err
			}
			return errors.Join(
				tx.Model(&db.Admin{}).Where("id = ?", admin.ID).Update("password", "").Error, // matches none
				tx.Where("admin_id = ? AND purpose = ?", admin.ID, forAddress).Delete(&db.Token{}).Error,
				tx.Where("admin_id = ?", admin.ID).Delete(&db.Session{}).Error,
				tx.Where("admin_id = ? AND created_at >= ?", admin.ID, since).Delete(&db.Totp{}).Error,    // a thief's, who would keep the owner out
				tx.Where("admin_id = ? AND created_at >= ?", admin.ID, since).Delete(&db.Passkey{}).Error, // or come back
			)
		})
	}
	if errors.Is(err, db.ErrNotFound) || errors.Is(err, db.ErrTaken) || errors.Is(err, gorm.ErrRecordNotFound) {
		return p.showLinkGone(w, r)
	}
	if err != nil {
		return err
	}
	after(r.Context())
	reset, err := p.newToken(r.Context(), forReset, token.AdminID, nil, resetTime)
	if err != nil {
		return err
	}
	p.Flash(w, r, p.Text(r, "address-back-done", "Address", change.Old), false)
	http.Redirect(w, r, "/reset/"+reset, http.StatusSeeOther)
	return nil
}
