package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"linienfunk/commands"
	"linienfunk/db"
)

// Key lets a program do some things to a city, in the name of the admin who has made it, as long as they are one of the city's. Its text is shown once.
type Key struct {
	ID        uint      `gorm:"primaryKey"`
	City      string    `gorm:"size:32;not null;index"`
	Name      string    `gorm:"size:60;not null"`             // for people
	Public    string    `gorm:"size:12;not null;uniqueIndex"` // the part of its text by which it is found
	Hash      string    `gorm:"size:64;not null"`             // SHA-256 of the secret part
	Scopes    string    `gorm:"size:200;not null"`            // separated by spaces
	AdminID   uint      `gorm:"not null"`
	CreatedAt time.Time `gorm:"not null"`
	ExpiresAt time.Time `gorm:"not null"`
	UsedAt    *time.Time
	Client    string `gorm:"size:400;not null;default:''"` // the program that has used it last, as it says

	// Level is what the admin may do to the city now, and so the most that the key may. Keys.Use sets it.
	Level commands.Level `gorm:"-"`
}

// TableName is the table's name for gorm.
func (Key) TableName() string { return "api_keys" }

// Migrations are those of the tables with the prefix "api_".
func Migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{
		{ID: "1-keys", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Key{}) }},
		{ID: "2-events", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&event{}) }},
		{ID: "3-webhooks", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Webhook{}) }},
	}
}

// Has reports whether the key has a scope.
func (k Key) Has(scope commands.Scope) bool {
	return scope != "" && slices.Contains(strings.Fields(k.Scopes), string(scope))
}

// name is commands.Actor.ID.
func (k Key) name() string { return fmt.Sprintf("key %d", k.ID) }

func (k Key) actor(lang string) commands.Actor {
	return commands.Actor{ID: k.name(), Level: k.Level, Admin: k.AdminID, Lang: lang}
}

// Bounds of keys.
const (
	MaxKeyName = 60 // characters
	MaxKeyDays = 366
	MaxKeys    = 50 // of a city
)

// Errors of keys. ErrNoKey is the only one for a text that is no key, or of one that is revoked, expired, or of somebody who is no admin any more.
var (
	ErrNoKey    = errors.New("not a key")
	ErrKeyName  = errors.New("the name of a key must have 1 to 60 characters, in one line")
	ErrScopes   = errors.New("a key needs a scope, and only those that there are")
	ErrKeyDays  = errors.New("a key lasts from 1 to 366 days")
	ErrManyKeys = errors.New("the city has as many keys as it can have")
)

// Keys are the keys of all cities. All nodes read them from the database for each call, so that one that is revoked ends at once.
type Keys struct {
	Tables *gorm.DB // those of this package: see Migrations
	Log    *slog.Logger
	Now    func() time.Time

	// Revoked announces to all nodes that a key was revoked, which ends its streams. May be nil.
	Revoked func(id uint)
}

// A key's text is "lf_", 12 characters by which it is found, "_", and the secret of 52 characters, which have 5 random bits each.
const (
	keyPrefix    = "lf_"
	publicLength = 12
	secretLength = 52
)

// New makes a key and returns its text.
func (k *Keys) New(ctx context.Context, city string, admin uint, name string, scopes []commands.Scope, days int) (text string, key Key, err error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "" || len([]rune(name)) > MaxKeyName || strings.ContainsFunc(name, unicode.IsControl):
		return "", key, ErrKeyName
	case len(scopes) == 0 || slices.ContainsFunc(scopes, func(s commands.Scope) bool { return !slices.Contains(commands.Scopes, s) }):
		return "", key, ErrScopes
	case days < 1 || days > MaxKeyDays:
		return "", key, ErrKeyDays
	}
	existing, err := k.List(ctx, city)
	if err != nil {
		return "", key, err
	}
	if len(existing) >= MaxKeys {
		return "", key, ErrManyKeys
	}
	random := strings.ToLower(rand.Text() + rand.Text() + rand.Text()) // 26 characters each
	public, secret := random[:publicLength], random[publicLength:publicLength+secretLength]
	key = Key{City: city, Name: name, Public: public, Hash: hashOf(secret), Scopes: join(scopes), AdminID: admin, CreatedAt: k.Now(), ExpiresAt: db.Time(k.Now().AddDate(0, 0, days))}
	err = k.Tables.WithContext(ctx).Create(&key).Error
	return keyPrefix + public + "_" + secret, key, err
}

// join joins scopes in the order of commands.Scopes, each once.
func join(scopes []commands.Scope) string {
	var names []string
	for _, scope := range commands.Scopes {
		if slices.Contains(scopes, scope) {
			names = append(names, string(scope))
		}
	}
	return strings.Join(names, " ")
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Begins is the beginning of the key's text, by which people recognize it.
func (k Key) Begins() string { return keyPrefix + k.Public }

// List lists the keys of a city, also those that have expired.
func (k *Keys) List(ctx context.Context, city string) (all []Key, err error) {
	err = k.Tables.WithContext(ctx).Where("city = ?", city).Order("id").Find(&all).Error
	return all, err
}

// Revoke ends a key of a city. ErrNoKey if there is none.
func (k *Keys) Revoke(ctx context.Context, city string, id uint) error {
	done := k.Tables.WithContext(ctx).Where("city = ? AND id = ?", city, id).Delete(&Key{})
	if done.Error == nil && done.RowsAffected == 0 {
		return ErrNoKey
	}
	if done.Error == nil && k.Revoked != nil {
		k.Revoked(id)
	}
	return done.Error
}

// EndPrograms deletes the keys and webhooks that an admin has made since a time for a city, or for all if it is empty, in a transaction on the core's tables. announce ends open streams, after the
// transaction.
func (a *API) EndPrograms(tx *gorm.DB, city string, admin uint, since time.Time) (announce func(), err error) {
	var keys []Key
	mine := func() *gorm.DB {
		return tx.Where("admin_id = ? AND (city = ? OR ? = '') AND created_at >= ?", admin, city, city, db.Time(since))
	}
	if err := mine().Find(&keys).Error; err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	for _, rows := range []any{&Key{}, &Webhook{}} {
		if err := mine().Delete(rows).Error; err != nil {
			return nil, fmt.Errorf("end keys and webhooks: %w", err)
		}
	}
	return func() {
		for _, key := range keys {
			if a.Keys.Revoked != nil {
				a.Keys.Revoked(key.ID)
			}
		}
	}, nil
}

// MadeKey is a key or a webhook as the export of its admin's account has it.
type MadeKey struct {
	City    string    `json:"city"`
	Name    string    `json:"name"` // or address
	Created time.Time `json:"created"`
}

// MadeBy lists the keys and webhooks that an admin has made.
func (a *API) MadeBy(ctx context.Context, admin uint) (keys, webhooks []MadeKey, err error) {
	keys, webhooks = []MadeKey{}, []MadeKey{}
	var keyRows []Key
	var hookRows []Webhook
	for _, rows := range []any{&keyRows, &hookRows} {
		if err := a.Keys.Tables.WithContext(ctx).Where("admin_id = ?", admin).Order("id").Find(rows).Error; err != nil {
			return nil, nil, fmt.Errorf("list keys and webhooks: %w", err)
		}
	}
	for _, row := range keyRows {
		keys = append(keys, MadeKey{row.City, row.Name, row.CreatedAt})
	}
	for _, row := range hookRows {
		webhooks = append(webhooks, MadeKey{row.City, row.URL, row.CreatedAt})
	}
	return keys, webhooks, nil
}

// Use returns the key of a text, which a program has used that calls itself client.
func (k *Keys) Use(ctx context.Context, text, client string) (Key, error) {
	key, err := k.find(ctx, text)
	if err == nil {
		k.note(ctx, key, client)
	}
	return key, err
}

// find takes as long for a text that is wrong in its first part as for one that is wrong in its last: both read the database once and compare once.
func (k *Keys) find(ctx context.Context, text string) (Key, error) {
	public, secret, _ := strings.Cut(strings.TrimPrefix(text, keyPrefix), "_")
	if !strings.HasPrefix(text, keyPrefix) || len(public) != publicLength || len(secret) != secretLength {
		return Key{}, ErrNoKey
	}
	var found struct {
		Key
		Role db.Role
	}
	err := k.Tables.WithContext(ctx).Model(&Key{}).
		Select("api_keys.*, coalesce((SELECT a.role FROM city_admins a WHERE a.city = api_keys.city AND a.admin_id = api_keys.admin_id), '') AS role").
		Where("public = ?", public).Limit(1).Scan(&found).Error
	if err != nil {
		return Key{}, err
	}
	want := found.Hash
	if found.ID == 0 {
		want = hashOf("") // of the same length
	}
	same := subtle.ConstantTimeCompare([]byte(hashOf(secret)), []byte(want)) == 1
	if !same || found.ID == 0 || found.Role == "" || !k.Now().Before(found.ExpiresAt) {
		return Key{}, ErrNoKey
	}
	found.Level = commands.LevelOf(found.Role)
	return found.Key, nil
}

// noteEvery is how often the last use of a key is written at most.
const noteEvery = time.Minute

func (k *Keys) note(ctx context.Context, key Key, client string) {
	now := db.Time(k.Now())
	if key.UsedAt != nil && now.Sub(*key.UsedAt) < noteEvery {
		return
	}
	client = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, client)
	if all := []rune(client); len(all) > maxClient {
		client = string(all[:maxClient])
	}
	err := k.Tables.WithContext(context.WithoutCancel(ctx)).Model(&Key{}).Where("id = ? AND (used_at IS NULL OR used_at < ?)", key.ID, now).
		Updates(map[string]any{"used_at": now, "client": client}).Error
	if err != nil {
		k.Log.Warn("cannot note the use of a key", "key", key.ID, "err", err)
	}
}

// Prune deletes keys that have expired three months ago.
func (k *Keys) Prune(ctx context.Context) error {
	old := []any{"expires_at < ?", db.Time(k.Now().AddDate(0, -3, 0))}
	if due, err := db.Any(k.Tables.WithContext(ctx).Model(&Key{}), old...); err != nil || !due {
		return err
	}
	return k.Tables.WithContext(ctx).Where(old[0], old[1:]...).Delete(&Key{}).Error
}
