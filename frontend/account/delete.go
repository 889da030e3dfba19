package account

import (
	"net/http"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/frontend/site"
)

// deleteAccount deletes the account and all that is stored about it. Histories of settings keep the number of who made a change, which nothing leads to a person any more.
func (p *Pages) deleteAccount(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := accountData{Errors: site.FormErrors{}}
	if ok, err := p.confirmed(w, r, admin, "delete_password", data); err != nil || !ok {
		return err
	}
	var after func()
	var lastOf []string
	err := p.DB.Transaction(r.Context(), func(tx *gorm.DB) (err error) {
		if lastOf, after, err = p.Commands.EndAccount(tx, admin.ID); err != nil || len(lastOf) > 0 {
			return err
		}
		for _, rows := range []any{&db.Session{}, &db.Token{}, &db.Totp{}, &db.RecoveryCode{}, &db.Passkey{}} {
			if err := tx.Where("admin_id = ?", admin.ID).Delete(rows).Error; err != nil {
				return err
			}
		}
		return tx.Where("id = ?", admin.ID).Delete(&db.Admin{}).Error
	})
	if err != nil {
		return err
	}
	if len(lastOf) > 0 {
		data.Errors.Add("delete_password", p.Text(r, "account-last-owner"))
		return p.showAccount(w, r, http.StatusConflict, admin, data)
	}
	after()
	if err := p.LogOut(r.Context()); err != nil {
		return err
	}
	p.ShowMessage(w, r, http.StatusOK, "account-deleted", "account-deleted-text")
	return nil
}
