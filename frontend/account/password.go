package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Limits of a password, in characters and in bytes.
const (
	minPassword = 10
	maxPassword = 1024
)

// The cost of a password: what OWASP asks of argon2id at least
// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html).
const (
	argonTime    = 2
	argonMemory  = 19 << 10 // KiB
	argonThreads = 1
	argonKey     = 32 // bytes
	argonSalt    = 16 // bytes
)

var errHash = errors.New("not an argon2id hash")

// passwords hashes and checks passwords, a few at the same time: each takes 19 MiB.
type passwords struct {
	slots chan struct{}
	decoy string // the hash of a random password
}

func newPasswords() *passwords {
	p := &passwords{slots: make(chan struct{}, 4)}
	p.decoy = encodeHash(rand.Text(), []byte(rand.Text())[:argonSalt])
	return p
}

// hash returns a PHC string. Its only error is ctx's.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	salt := make([]byte, argonSalt)
	rand.Read(salt) // never fails, see crypto/rand
	return encodeHash(password, salt), nil
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
	same, err := compareHash(hash, password)
	return same && known, err
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

// encodeHash writes the format of https://github.com/P-H-C/phc-string-format.
func encodeHash(password string, salt []byte) string {
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// compareHash takes the cost from the hash, so that hashes stay valid when the cost changes.
func compareHash(hash, password string) (bool, error) {
	var version int
	var memory, time uint32
	var threads uint8
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return false, errHash
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil {
		return false, errHash
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, errHash
	}
	key, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(key) < 16 || len(key) > 64 || memory > 1<<20 || time < 1 || time > 100 || threads < 1 {
		return false, errHash
	}
	other := argon2.IDKey([]byte(password), salt, time, memory, threads, uint32(len(key)))
	return subtle.ConstantTimeCompare(key, other) == 1, nil
}

// passwordError returns the id of the text that says why a password is too weak, or "". names are the address and the city,
// which it must not be.
func (l wordLists) passwordError(password string, names ...string) string {
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
