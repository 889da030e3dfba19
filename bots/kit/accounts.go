package kit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/internal/secret"
)

// Enabled is the name of the option that switches a network on for a city.
const Enabled = "enabled"

// Errors of Accounts.
var (
	ErrNoAccount = errors.New("city has no account")
	ErrTaken     = errors.New("account belongs to another city")
)

// Base has the common columns of tables of accounts. A network's row embeds it.
type Base struct {
	City     string `gorm:"primaryKey;size:32"`
	Revision string `gorm:"size:64;not null"` // of bots.Account: new with each login
}

//lint:ignore U1000 called through Row
func (b *Base) base() *Base { return b }

// Row is a pointer to a network's row, a struct that embeds Base.
type Row[A any] interface {
	*A
	base() *Base

	// Sealed returns the column that holds the sealed credentials.
	Sealed() *[]byte

	// Identity returns the columns, with their values, that say which account of the network it is.
	Identity() map[string]any

	// Inherit copies what stays from the row that this one replaces: the read position and their like if it is the same account of
	// the network, CreatedAt in any case.
	Inherit(old A)

	// Label is how admins and riders know the account, such as @city@example.org.
	Label() string

	// Link is the account's page on the network.
	Link() string
}

// Accounts is a table with at most one account per city, whose credentials are sealed.
type Accounts[A any, P Row[A]] struct {
	DB  *gorm.DB
	Box *secret.Box

	// Table and Column name the sealed column in full, such as mastodon_accounts and token. They are bound into what is sealed: renaming
	// them makes it unreadable.
	Table, Column string

	// OnConnect and OnDisconnect change what else there is of an account, in the same transaction. old is nil if the city had no
	// account. May be nil.
	OnConnect    func(tx *gorm.DB, row A, old *A) error
	OnDisconnect func(tx *gorm.DB, city string) error

	// Chats lists the cities that somebody runs from a chat of this network: chat.Commands.Cities. May be nil.
	Chats func(ctx context.Context) (map[string]bool, error)

	kept   *sync.Map // for LoadRevision: what it has loaded, by city; may be nil
	listed *listed   // for Running: what it has listed; may be nil
}

// loaded is an account with its credentials.
type loaded[A any] struct {
	row         A
	credentials string
}

func (t Accounts[A, P]) cell(city string) secret.Cell {
	return secret.Cell{Table: t.Table, Row: city, Column: t.Column}
}

// List returns all accounts by city.
func (t Accounts[A, P]) List(ctx context.Context) ([]A, error) {
	var rows []A
	return rows, wrap("list accounts", t.DB.WithContext(ctx).Order("city").Find(&rows).Error)
}

// Load returns a city's account and its credentials, or ErrNoAccount.
func (t Accounts[A, P]) Load(ctx context.Context, city string) (row A, credentials string, err error) {
	return t.Find(ctx, "city", city)
}

// LoadRevision is Load for each report that is sent. It remembers the account while its revision is the one that the worker has, and nothing is
// changed here: on another node a disconnected account is known until its worker stops, and what Update changes may be older.
func (t Accounts[A, P]) LoadRevision(ctx context.Context, a bots.Account) (A, string, error) {
	if t.kept == nil {
		return t.Load(ctx, a.City)
	}
	if found, ok := t.kept.Load(a.City); ok {
		if kept := found.(loaded[A]); P(&kept.row).base().Revision == a.Revision {
			return kept.row, kept.credentials, nil
		}
	}
	row, credentials, err := t.Load(ctx, a.City)
	if err == nil {
		t.kept.Store(a.City, loaded[A]{row, credentials})
	}
	return row, credentials, err
}

// forget makes LoadRevision read the account anew.
func (t Accounts[A, P]) forget(city string) {
	if t.kept != nil {
		t.kept.Delete(city)
	}
}

// Find returns the account with a value in a column that is unique, and its credentials, or ErrNoAccount.
func (t Accounts[A, P]) Find(ctx context.Context, column string, value any) (row A, credentials string, err error) {
	err = t.DB.WithContext(ctx).Where(map[string]any{column: value}).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, "", ErrNoAccount
	}
	if err != nil {
		return row, "", fmt.Errorf("read account: %w", err)
	}
	plain, err := t.Box.Open(t.cell(P(&row).base().City), *P(&row).Sealed())
	return row, string(plain), err
}

// Connect stores an account after a login that succeeded, in place of the one that the city may have. It returns ErrTaken if another
// city has the same account of the network.
func (t Accounts[A, P]) Connect(ctx context.Context, row A, credentials string) error {
	base := P(&row).base()
	*P(&row).Sealed() = t.Box.Seal(t.cell(base.City), []byte(credentials))
	base.Revision = rand.Text()
	defer t.forget(base.City)
	err := t.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var found []A
		if err := tx.Where("city = ?", base.City).Limit(1).Find(&found).Error; err != nil {
			return err
		}
		var old *A
		if len(found) > 0 {
			old = &found[0]
			P(&row).Inherit(*old)
		}
		if t.OnConnect != nil {
			if err := t.OnConnect(tx, row, old); err != nil {
				return err
			}
		}
		return tx.Save(&row).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return ErrTaken
	}
	return wrap("store account", err)
}

// Update sets columns of an account, such as its read position, without a new revision, even if ctx has ended. It does nothing if the
// city has connected another account since row was read. A column of the label is changed by Renew.
func (t Accounts[A, P]) Update(ctx context.Context, row A, columns map[string]any) error {
	defer t.forget(P(&row).base().City)
	return wrap("update account", t.same(ctx, row).UpdateColumns(columns).Error)
}

// Renew is Update with a new revision: the account's worker restarts.
func (t Accounts[A, P]) Renew(ctx context.Context, row A, columns map[string]any) error {
	defer t.forget(P(&row).base().City)
	all := map[string]any{"revision": rand.Text()}
	for column, value := range columns {
		all[column] = value
	}
	return wrap("renew account", t.same(ctx, row).Updates(all).Error)
}

func (t Accounts[A, P]) same(ctx context.Context, row A) *gorm.DB {
	return t.DB.WithContext(context.WithoutCancel(ctx)).Model(new(A)).Where("city = ?", P(&row).base().City).Where(P(&row).Identity())
}

// Disconnect deletes a city's account.
func (t Accounts[A, P]) Disconnect(ctx context.Context, city string) error {
	defer t.forget(city)
	return wrap("delete account", t.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if t.OnDisconnect != nil {
			if err := t.OnDisconnect(tx, city); err != nil {
				return err
			}
		}
		return tx.Where("city = ?", city).Delete(new(A)).Error
	}))
}

func wrap(action string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", action, err)
}
