package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Errors of the core's tables.
var (
	ErrNotFound = errors.New("not found")
	ErrTaken    = errors.New("taken")
)

// Admin is a person who manages cities. Address is the person's e-mail address, in lower case.
type Admin struct {
	ID        uint   `gorm:"primaryKey"`
	Address   string `gorm:"size:254;uniqueIndex;not null"`
	Password  string `gorm:"size:255;not null"` // PHC string, argon2id; of an imported account that has not logged in yet, a hash that package oldhash reads
	Lang      string `gorm:"size:8;not null"`
	Confirmed bool   `gorm:"not null"`
	CreatedAt time.Time
	SeenOn    string `gorm:"size:10;not null;default:''"` // the day of the last visit, as 2026-11-28 in UTC; empty before the first
}

// City is a city of this instance. Its configuration is in package settings.
type City struct {
	Name      string `gorm:"primaryKey;size:32"`
	CreatedAt time.Time
}

// ImportedCity is a city that was imported from an older program, so that it is imported once.
type ImportedCity struct {
	Origin string    `gorm:"primaryKey;size:64"` // a keyed digest of what it was there
	City   string    `gorm:"size:32;not null"`
	At     time.Time `gorm:"not null"`
}

// Role is what an admin is in a city.
type Role string

// The roles. An owner may do everything, also decide who else runs the city; a moderator reads, and rules on reports.
const (
	RoleOwner     Role = "owner"
	RoleModerator Role = "moderator"
)

// CityAdmin gives an admin access to a city.
type CityAdmin struct {
	City      string     `gorm:"primaryKey;size:32"`
	AdminID   uint       `gorm:"primaryKey;autoIncrement:false;index"`
	Role      Role       `gorm:"size:16;not null;default:'owner'"`
	CreatedAt *time.Time // nil for those from before there were roles
}

// Token is a one-time link that was sent by mail. Only its hash is stored.
type Token struct {
	Hash      string    `gorm:"primaryKey;size:64"`
	Purpose   string    `gorm:"size:16;not null"`
	AdminID   uint      `gorm:"index;not null"`
	Data      string    // JSON, depending on the purpose
	ExpiresAt time.Time `gorm:"index;not null"`
}

// Session is a login session of the library scs. Token is the SHA-256 of the cookie's value.
type Session struct {
	Token     string `gorm:"primaryKey;size:64"`
	AdminID   uint   `gorm:"index"`
	Data      []byte
	ExpiresAt time.Time `gorm:"index;not null"`
}

// Totp is an app that shows codes, the second step of an admin's logins.
type Totp struct {
	AdminID   uint   `gorm:"primaryKey;autoIncrement:false"`
	Secret    []byte `gorm:"not null"`           // sealed
	Step      int64  `gorm:"not null;default:0"` // of the last code that was accepted; none counts twice
	Confirmed bool   `gorm:"not null"`           // a code was typed, so the admin has the app
	CreatedAt time.Time
}

// TableName is the table's name for gorm.
func (Totp) TableName() string { return "admin_totps" }

// RecoveryCode takes the place of a code of the app, once. Only its keyed digest is stored.
type RecoveryCode struct {
	AdminID uint   `gorm:"primaryKey;autoIncrement:false"`
	Hash    string `gorm:"primaryKey;size:64"`
}

// TableName is the table's name for gorm.
func (RecoveryCode) TableName() string { return "admin_recovery_codes" }

// Passkey is a key of WebAuthn by which an admin logs in without a password.
type Passkey struct {
	ID           uint   `gorm:"primaryKey"`
	AdminID      uint   `gorm:"not null;index"`
	Name         string `gorm:"size:60;not null"`               // for people
	CredentialID string `gorm:"size:1400;not null;uniqueIndex"` // base64url
	Credential   string `gorm:"not null"`                       // JSON of package webauthn: a public key, and what its authenticator can do
	CreatedAt    time.Time
	UsedAt       *time.Time
}

// TableName is the table's name for gorm.
func (Passkey) TableName() string { return "admin_passkeys" }

// AdminByAddress returns ErrNotFound for an unknown address.
func (d *DB) AdminByAddress(ctx context.Context, address string) (Admin, error) {
	return findOne[Admin](d.WithContext(ctx).Where("address = ?", address))
}

// AdminByID returns ErrNotFound for an unknown id.
func (d *DB) AdminByID(ctx context.Context, id uint) (Admin, error) {
	return findOne[Admin](d.WithContext(ctx).Where("id = ?", id))
}

// AdminsOf lists the admins of a city.
func (d *DB) AdminsOf(ctx context.Context, city string) ([]Admin, error) {
	var admins []Admin
	err := d.WithContext(ctx).Joins("JOIN city_admins ON city_admins.admin_id = admins.id").
		Where("city_admins.city = ?", city).Order("admins.id").Find(&admins).Error
	return admins, wrap("list admins", err)
}

// OwnersOf lists the owners of a city.
func (d *DB) OwnersOf(ctx context.Context, city string) ([]Admin, error) {
	var admins []Admin
	err := d.WithContext(ctx).Joins("JOIN city_admins ON city_admins.admin_id = admins.id").
		Where("city_admins.city = ? AND city_admins.role = ?", city, RoleOwner).Order("admins.id").Find(&admins).Error
	return admins, wrap("list owners", err)
}

// RoleIn returns what an admin is in a city; ErrNotFound for somebody who is none of its admins.
func (d *DB) RoleIn(ctx context.Context, city string, admin uint) (Role, error) {
	row, err := findOne[CityAdmin](d.WithContext(ctx).Where("city = ? AND admin_id = ?", city, admin))
	return row.Role, err
}

// CitiesOf lists the names of an admin's cities.
func (d *DB) CitiesOf(ctx context.Context, admin uint) ([]string, error) {
	var names []string
	err := d.WithContext(ctx).Model(&CityAdmin{}).Where("admin_id = ?", admin).Order("city").Pluck("city", &names).Error
	return names, wrap("list cities", err)
}

// CityNames lists all cities.
func (d *DB) CityNames(ctx context.Context) ([]string, error) {
	var names []string
	err := d.WithContext(ctx).Model(&City{}).Order("name").Pluck("name", &names).Error
	return names, wrap("list cities", err)
}

// CityExists reports whether the city exists.
func (d *DB) CityExists(ctx context.Context, name string) (bool, error) {
	var n int64
	err := d.WithContext(ctx).Model(&City{}).Where("name = ?", name).Count(&n).Error
	return n > 0, wrap("find city", err)
}

// UseToken deletes the token and returns it, so that a link works once. ErrNotFound if it does not exist, was used, or has expired.
func (d *DB) UseToken(ctx context.Context, hash, purpose string) (Token, error) {
	var token Token
	err := d.Transaction(ctx, func(tx *gorm.DB) error {
		var err error
		token, err = findOne[Token](tx.Where("hash = ? AND purpose = ? AND expires_at > ?", hash, purpose, d.now()))
		if err != nil {
			return err
		}
		done := tx.Where("hash = ?", hash).Delete(&Token{})
		if done.Error == nil && done.RowsAffected == 0 {
			return ErrNotFound
		}
		return done.Error
	})
	return token, err
}

// PeekToken returns what UseToken would, and leaves the token valid.
func (d *DB) PeekToken(ctx context.Context, hash, purpose string) (Token, error) {
	return findOne[Token](d.WithContext(ctx).Where("hash = ? AND purpose = ? AND expires_at > ?", hash, purpose, d.now()))
}

// Transaction runs f in a transaction.
func (d *DB) Transaction(ctx context.Context, f func(tx *gorm.DB) error) error {
	end := d.observer.Transaction()
	err := d.WithContext(ctx).Transaction(f)
	end(err)
	return err
}

// Snapshot calls f with a transaction that only reads, sees one state of the database, and waits for no writer.
func (d *DB) Snapshot(ctx context.Context, f func(tx *gorm.DB) error) error {
	return d.WithContext(ctx).Transaction(f, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

func findOne[T any](query *gorm.DB) (T, error) {
	var row T
	err := query.Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, ErrNotFound
	}
	return row, wrap("read", err)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, explain(err))
}
