package twitter

import (
	"context"
	"errors"

	"gorm.io/gorm"
)

// openLogin stores a login under its request token. Those that expired go.
func (s store) openLogin(ctx context.Context, l Login, token, secret, browser string) error {
	l.Token = s.box.Digest("twitter login", token)
	l.Browser = s.box.Digest("twitter browser", browser)
	l.Secret = s.box.Seal(s.place("logins", l.Token, "secret"), []byte(secret))
	l.ExpiresAt = s.utc().Add(loginTime)
	return wrap("store login", s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Where("expires_at < ?", s.utc()).Delete(&Login{}).Error; err != nil {
			return err
		}
		return tx.Create(&l).Error
	}))
}

// useLogin takes the login of a request token away, if it began in this browser, and returns it with the token's secret.
// errNoLogin if there is none.
func (s store) useLogin(ctx context.Context, token, browser string) (Login, string, error) {
	var login Login
	digest := s.box.Digest("twitter login", token)
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := tx.Where("token = ? AND browser = ? AND expires_at > ?", digest, s.box.Digest("twitter browser", browser), s.utc()).
			Take(&login).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return errNoLogin
		}
		if err != nil {
			return err
		}
		done := tx.Where("token = ?", digest).Delete(&Login{})
		if done.Error == nil && done.RowsAffected == 0 {
			return errNoLogin // PostgreSQL lets two readers in, but only one deletes
		}
		return done.Error
	})
	if err != nil {
		return Login{}, "", wrap("use login", err)
	}
	secret, err := s.box.Open(s.place("logins", digest, "secret"), login.Secret)
	return login, string(secret), err
}
