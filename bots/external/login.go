package external

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/bcrypt"

	"linienfunk/bots/kit"
	"linienfunk/internal/limits"
)

// loginRate limits logins from one address.
var loginRate = limits.Rate{Burst: 30, Every: 3 * time.Second}

// newPassword returns a password of 130 random bits, and its hash as nats-server reads it. Nobody can try so many, so the hash has the lowest cost: that
// each login is cheap matters more.
func newPassword() (password, hash string, err error) {
	password = rand.Text()
	sum, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		return "", "", fmt.Errorf("hash password: %w", err)
	}
	return password, string(sum), nil
}

// Authenticate implements programs.Network. A program whose city is switched off may connect: it is told so when it hands something in.
func (b *bot) Authenticate(ctx context.Context, name, password, address string) (bool, error) {
	if !b.logins.Allow(limits.Client(address)) {
		return false, nil
	}
	city, program, ok := splitUser(name)
	if !ok || len(password) > 72 { // bcrypt reads no more
		return false, nil
	}
	row, hash, err := b.accounts.Load(ctx, city)
	if errors.Is(err, kit.ErrNoAccount) || err == nil && row.Name != program {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil, nil
}
