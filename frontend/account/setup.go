package account

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// SetUp creates an admin and a city without mails and pages. An existing admin gets the new password, an existing city is not
// changed. It is for the demo and for tests.
func (p *Pages) SetUp(ctx context.Context, address, password, city string, first settings.Settings) error {
	hash, err := p.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	var begin chain.Link
	made := false
	err = p.DB.Transaction(ctx, func(tx *gorm.DB) error {
		admin, err := createAdmin(tx, address, hash, first.Lang)
		if err != nil {
			return err
		}
		if err := tx.Model(&db.Admin{}).Where("id = ?", admin.ID).Update("password", hash).Error; err != nil {
			return err
		}
		done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&db.City{Name: city})
		if made = done.RowsAffected > 0; done.Error != nil || !made {
			return done.Error
		}
		if err := tx.Create(&db.CityAdmin{City: city, AdminID: admin.ID}).Error; err != nil {
			return err
		}
		begin, err = p.History.Create(tx, city, first, admin.ID)
		return err
	})
	if err != nil || !made {
		return err
	}
	if err := p.Settings.AnnounceCity(ctx, begin); err != nil {
		return err
	}
	p.Changed(city)
	return nil
}
