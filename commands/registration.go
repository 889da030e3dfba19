package commands

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/mail"
	"linienfunk/settings"
)

// RegistrationLink lets somebody register one city while that is by invitation.
type RegistrationLink struct {
	Token     string    `gorm:"primaryKey;size:64"` // hash of the link's secret
	ExpiresAt time.Time `gorm:"not null;index"`
}

// TableName is the table's name for gorm.
func (RegistrationLink) TableName() string { return "command_registration_links" }

// RegistrationInvited is the result of "registration invite".
type RegistrationInvited struct {
	URL     string    `json:"url" doc:"Opens the form to register one city. It is shown once."`
	Expires time.Time `json:"expires"`
}

// RegistrationRuled is the result of "registration approve" and "registration refuse".
type RegistrationRuled struct {
	City     string `json:"city"`
	Approved bool   `json:"approved"`
	Reason   string `json:"reason" doc:"Why not, as the owners were told."`
}

var ofRegistration = []Command{
	{Name: "registration invite", Level: Operator, NoCity: true, Result: RegistrationInvited{}, run: inviteCity},
	{Name: "registration approve", Level: Operator, Result: RegistrationRuled{}, run: approveCity},
	{Name: "registration refuse", Level: Operator, Result: RegistrationRuled{}, run: refuseCity, Params: []Param{{Name: "why", Kind: Text, Required: true, Min: 3, Max: 500}}},
}

// registrationLife is how long the link of an invitation works.
const registrationLife = 14 * 24 * time.Hour

// ErrNotInvited means that a city needs an invitation that has not been used.
var ErrNotInvited = errors.New("not invited to register a city")

// Invited returns ErrNotInvited if a city cannot be registered with the secret of a link, which may be empty.
func (c *Commands) Invited(ctx context.Context, secret string) error {
	if c.Registration != config.ByInvitation {
		return nil
	}
	var found int64
	err := c.Tables.WithContext(ctx).Model(&RegistrationLink{}).Where("token = ? AND expires_at > ?", tokenHash(secret), db.Time(c.Now())).Count(&found).Error
	if err == nil && found == 0 {
		err = ErrNotInvited
	}
	return err
}

// Enter uses the link of an invitation up, or has a new city wait for the operator, in the transaction that makes the city. Call Entered after it.
func (c *Commands) Enter(tx *gorm.DB, city, secret string) error {
	switch c.Registration {
	case config.ByInvitation:
		done := tx.Where("token = ?", tokenHash(secret)).Delete(&RegistrationLink{})
		if done.Error == nil && done.RowsAffected == 0 {
			return ErrNotInvited // used in the meantime
		}
		return done.Error
	case config.ByApproval:
		return tx.Create(&Stop{City: city, Kind: settings.Waiting, At: db.Time(c.Now())}).Error
	}
	return nil
}

// Entered has all nodes know that a new city waits, before they know the city, and mails the operators: once a day, however many wait.
func (c *Commands) Entered(ctx context.Context) {
	if c.Registration != config.ByApproval {
		return
	}
	ctx = context.WithoutCancel(ctx)
	c.instanceChanged(ctx)
	for _, address := range c.Operators {
		lang := "en"
		if admin, err := c.DB.AdminByAddress(ctx, address); err == nil {
			lang = admin.Lang
		}
		err := c.Mail.Enqueue(ctx, mail.Message{
			Key: "commands:waiting:" + digest([]byte(address)) + ":" + c.Now().UTC().Format(time.DateOnly), FromName: "Linienfunk", To: address, Expires: c.Now().Add(24 * time.Hour),
			Subject: c.Text(lang, "waiting-subject"), Text: c.Text(lang, "waiting-mail", "URL", c.BaseURL+"/operator?waiting=on"),
		})
		if err != nil {
			c.Log.Error("an operator is not told that a city waits", "err", err)
		}
	}
}

func inviteCity(ctx context.Context, c *Commands, _ Call) (any, error) {
	if c.Registration != config.ByInvitation {
		return nil, refuse(Conflict, "refused-registration")
	}
	secret := rand.Text()
	row := RegistrationLink{Token: tokenHash(secret), ExpiresAt: db.Time(c.Now().Add(registrationLife))}
	return RegistrationInvited{c.BaseURL + "/register?invitation=" + secret, row.ExpiresAt}, c.Tables.WithContext(ctx).Create(&row).Error
}

func approveCity(ctx context.Context, c *Commands, call Call) (any, error) {
	return c.ruleOnCity(ctx, call, c.Tables.WithContext(ctx).Where("city = ? AND kind = ?", call.City, settings.Waiting).Delete(&Stop{}), "approved")
}

// refuseCity leaves the city suspended: its owners see why, and can answer.
func refuseCity(ctx context.Context, c *Commands, call Call) (any, error) {
	return c.ruleOnCity(ctx, call, c.Tables.WithContext(ctx).Model(&Stop{}).Where("city = ? AND kind = ?", call.City, settings.Waiting).
		Updates(map[string]any{"kind": settings.Suspended, "reason": call.Text("why"), "at": db.Time(c.Now())}), "declined")
}

func (c *Commands) ruleOnCity(ctx context.Context, call Call, done *gorm.DB, mailed string) (any, error) {
	if done.Error != nil {
		return nil, done.Error
	}
	if done.RowsAffected == 0 {
		suspended, err := db.Any(c.Tables.WithContext(ctx).Model(&Stop{}), "city = ? AND kind = ?", call.City, settings.Suspended)
		if err != nil {
			return nil, err
		}
		return nil, refuse(Conflict, "refused-not-waiting", "City", call.City, "Suspended", suspended)
	}
	c.instanceChanged(ctx)
	c.mailOwners(ctx, call.City, mailed+"-subject", mailed+"-mail", "Why", call.Text("why"))
	return RegistrationRuled{call.City, mailed == "approved", call.Text("why")}, nil
}
