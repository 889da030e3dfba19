package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"linienfunk/db"
	"linienfunk/internal/oldhash"
)

// Limits of a password, in characters and in bytes.
const (
	minPassword = 10
	maxPassword = 1024
)

// passwordCost is what OWASP recommends at least for argon2id
// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html). A hash contains its own cost, so hashes
// stay valid when this changes.
func passwordCost() *argon2id.Params {
	return &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32} // memory in KiB
}

// passwords hashes and checks passwords, a few at the same time: each takes 19 MiB.
type passwords struct {
	slots chan struct{}
	decoy string // the hash of a random password
}

func newPasswords() (*passwords, error) {
	decoy, err := argon2id.CreateHash(rand.Text(), passwordCost())
	return &passwords{slots: make(chan struct{}, 4), decoy: decoy}, err
}

// hash returns a PHC string. Its only error is ctx's.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	return argon2id.CreateHash(password, passwordCost())
}

// check compares a password with a hash. An empty hash takes as long and never matches.
func (p *passwords) check(ctx context.Context, hash, password string) (bool, error) {
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer p.leave()
	known := hash != ""
	if !known {
		hash = p.decoy
	}
	if isForeign(hash) {
		return checkForeign(hash, password)
	}
	if err := checkHash(hash); err != nil {
		return false, fmt.Errorf("check password: %w", err)
	}
	same, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("check password: %w", err)
	}
	return same && known, nil
}

// isForeign reports whether a hash was imported from another program: of another kind, or with parameters that hash does not use. A damaged one of hash's own is not.
func isForeign(hash string) bool {
	return oldhash.Is(hash) && (!strings.HasPrefix(hash, "$argon2id$") || importedCost(hash))
}

// importedCost reports whether an argon2id hash is as passlib makes them, with several lanes or a short key, and not as hash ever did.
func importedCost(hash string) bool {
	cost, _, key, err := argon2id.DecodeHash(hash)
	made := passwordCost()
	return err == nil && (cost.Parallelism != made.Parallelism || len(key) < int(made.KeyLength) && cost.Memory != made.Memory)
}

// checkForeign is check for such a hash.
func checkForeign(hash, password string) (bool, error) {
	h, err := oldhash.Parse(hash)
	if err != nil {
		return false, fmt.Errorf("check imported password: %w", err)
	}
	same, err := h.Matches(password)
	if err != nil {
		return false, fmt.Errorf("check imported password: %w", err)
	}
	return same, nil
}

// rehash replaces the hash of an account that was imported, once its password was typed, and returns the account as it is then.
func (p *Pages) rehash(ctx context.Context, admin db.Admin, password string) (db.Admin, error) {
	if !isForeign(admin.Password) {
		return admin, nil
	}
	hash, err := p.passwords.hash(ctx, password)
	if err != nil {
		return admin, err
	}
	done := p.DB.WithContext(ctx).Model(&db.Admin{}).Where("id = ? AND password = ?", admin.ID, admin.Password).Update("password", hash)
	if done.Error != nil {
		return admin, fmt.Errorf("replace imported hash: %w", done.Error)
	}
	if done.RowsAffected == 0 { // another login has, or there is another password now
		return p.DB.AdminByID(ctx, admin.ID)
	}
	admin.Password = hash
	return admin, nil
}

var errDamagedHash = errors.New("the stored hash is damaged")

// checkHash refuses hashes that hash cannot have made. The library checks their syntax, but not their parameters.
func checkHash(hash string) error {
	cost, salt, key, err := argon2id.DecodeHash(hash)
	if err != nil {
		return err
	}
	made := passwordCost()
	if cost.Iterations == 0 || cost.Parallelism == 0 || len(salt) < int(made.SaltLength) || len(key) < int(made.KeyLength) {
		return errDamagedHash
	}
	return nil
}

func (p *passwords) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *passwords) leave() { <-p.slots }

// passwordError returns the id of the text that says why a password is too weak, or "". names are the address and the city,
// which it must not be.
func (l reservedWords) passwordError(password string, names ...string) string {
	folded := strings.ToLower(strings.TrimSpace(password))
	distinct := map[rune]bool{}
	for _, r := range folded {
		distinct[r] = true
	}
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return "password-short"
	case len(password) > maxPassword:
		return "password-long"
	case l.common[folded] || len(distinct) < 5:
		return "password-common"
	}
	for _, name := range names {
		local, _, _ := strings.Cut(strings.ToLower(name), "@")
		if name != "" && (folded == strings.ToLower(name) || folded == local) {
			return "password-name"
		}
	}
	return ""
}
