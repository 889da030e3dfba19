package mastodon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// App is the program's registration on an instance.
type App struct {
	Instance    string `gorm:"primaryKey;size:300"`
	ClientID    string `gorm:"not null"`
	Secret      []byte `gorm:"not null"` // sealed
	RedirectURI string `gorm:"not null"`
	Scopes      string `gorm:"not null;default:''"` // a login can ask for no others; empty for those from before blocks were looked up
	CreatedAt   time.Time
}

// app returns the registration on an instance and its secret; ok is false when a new one is needed.
//
// Instances delete applications without a login after a day (app/lib/vacuum/applications_vacuum.rb of Mastodon), and then show
// browsers that we send there an error page of their own. So an application without a login is used for an hour only.
func (s store) app(ctx context.Context, instance, redirectURI string) (app App, key string, ok bool, err error) {
	err = s.db.WithContext(ctx).Where("instance = ?", instance).Take(&app).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return app, "", false, nil
	}
	if err != nil {
		return app, "", false, fmt.Errorf("read app: %w", err)
	}
	var users int64
	if err := s.db.WithContext(ctx).Model(&Account{}).Where("instance = ?", instance).Count(&users).Error; err != nil {
		return app, "", false, fmt.Errorf("count accounts: %w", err)
	}
	var logins int64
	if err := s.db.WithContext(ctx).Model(&Login{}).Where("instance = ? AND expires_at > ?", instance, s.utc()).Count(&logins).Error; err != nil {
		return app, "", false, fmt.Errorf("count logins: %w", err)
	}
	age := s.now().Sub(app.CreatedAt)
	fresh := users > 0 || age < time.Hour || logins > 0 && age < time.Hour+loginTime // a login ends with the app it began with
	opened, err := s.box.Open(s.place("apps", instance, "secret"), app.Secret)
	return app, string(opened), fresh && (redirectURI == "" || app.RedirectURI == redirectURI), err
}

// saveApp stores a registration in place of the one with the client id old, "" for none. If another login has stored one meanwhile, that
// stays: a code is valid for one registration only, and the other login may be under way.
func (s store) saveApp(ctx context.Context, app App, key, old string) error {
	app.Secret = s.box.Seal(s.place("apps", app.Instance, "secret"), []byte(key))
	app.CreatedAt = s.utc()
	db := s.db.WithContext(ctx)
	if old == "" {
		return wrap("store app", db.Clauses(clause.OnConflict{DoNothing: true}).Create(&app).Error)
	}
	return wrap("replace app", db.Model(&App{}).Where("instance = ? AND client_id = ?", app.Instance, old).Select("*").Updates(&app).Error)
}

// forgetApp makes the next login register again.
func (s store) forgetApp(ctx context.Context, instance string) error {
	return wrap("delete app", s.db.WithContext(ctx).Where("instance = ?", instance).Delete(&App{}).Error)
}
