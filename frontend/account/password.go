package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
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
	if err := checkHash(hash); err != nil {
		return false, fmt.Errorf("check password: %w", err)
	}
	same, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("check password: %w", err)
	}
	return same && known, nil
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
