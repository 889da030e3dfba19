// Package secret protects values in the database under the instance key: it encrypts secrets and derives pseudonyms from names.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// KeySize is the size of the instance key in bytes.
const KeySize = 32

// ErrKey is returned by Open when the ciphertext was not sealed with this key for this cell.
var ErrKey = errors.New("sealed with another key, or for another row or column")

// Box encrypts and decrypts values and derives pseudonyms. It is safe for concurrent use.
type Box struct {
	aead   cipher.AEAD
	former cipher.AEAD // opens what the key before has sealed, while all is sealed again; nil otherwise
	macKey []byte
	print  string
}

// NewBox returns a Box for an instance key of KeySize bytes.
func NewBox(key []byte) (*Box, error) { return Key{sealing: key}.Box() }

// Box returns a Box for the key.
func (k Key) Box() (b *Box, err error) {
	if len(k.sealing) != KeySize {
		return nil, fmt.Errorf("instance key has %d bytes, not %d", len(k.sealing), KeySize)
	}
	b = &Box{macKey: k.names}
	if b.aead, err = sealer(k.sealing); err != nil {
		return nil, err
	}
	if k.former != nil {
		if b.former, err = sealer(k.former); err != nil {
			return nil, err
		}
	}
	if k.names == nil { // never rotated
		if b.macKey, err = derived(k.sealing, "linienfunk names"); err != nil {
			return nil, err
		}
		b.print = b.Digest("instance", "key")
		return b, nil
	}
	mark, err := derived(k.sealing, "linienfunk print")
	b.print = b.Digest("instance", "key "+hex.EncodeToString(mark))
	return b, err
}

func derived(key []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, key, nil, purpose, KeySize)
}

func sealer(key []byte) (cipher.AEAD, error) {
	sealing, err := derived(key, "linienfunk seal")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Print identifies the key without revealing it.
func (b *Box) Print() string { return b.print }

// Cell is the position of a sealed value in the database. It is authenticated with the ciphertext (additional data of AES-GCM), so that
// a value copied to another cell cannot be opened there.
type Cell struct{ Table, Row, Column string }

func (p Cell) additionalData() []byte {
	return []byte(strings.Join([]string{p.Table, p.Row, p.Column}, "\x00"))
}

// Seal encrypts plain with AES-256-GCM. The result starts with the random nonce.
func (b *Box) Seal(at Cell, plain []byte) []byte {
	return b.aead.Seal(nil, nil, plain, at.additionalData())
}

// Open decrypts the result of Seal for the same cell.
func (b *Box) Open(at Cell, sealed []byte) ([]byte, error) {
	plain, err := b.aead.Open(nil, nil, sealed, at.additionalData())
	if err != nil && b.former != nil {
		plain, err = b.former.Open(nil, nil, sealed, at.additionalData())
	}
	if err != nil {
		return nil, fmt.Errorf("open %s.%s: %w", at.Table, at.Column, ErrKey)
	}
	return plain, nil
}

// IsSealed reports whether a value is sealed for a cell with the key itself, and not with the one before.
func (b *Box) IsSealed(at Cell, sealed []byte) bool {
	_, err := b.aead.Open(nil, nil, sealed, at.additionalData())
	return err == nil
}

// Digest is a keyed hash of value, constant over time, for columns that must be searchable but not readable.
func (b *Box) Digest(purpose, value string) string {
	return b.mac("digest", purpose, value)
}

// Pseudonym returns the pseudonym of an author's name or address, which differs by city, network (bot) and day (UTC).
func (b *Box) Pseudonym(city, bot, name string, at time.Time) string {
	return b.mac("author", at.UTC().Format(time.DateOnly), city, bot, strings.ToLower(name))[:32]
}

// Mark is a digest of an author's name or address in a city and network, like Pseudonym, that stays the same over the days.
func (b *Box) Mark(city, bot, name string) string {
	return b.mac("mark", city, bot, strings.ToLower(name))[:32]
}

func (b *Box) mac(parts ...string) string {
	h := hmac.New(sha256.New, b.macKey)
	h.Write([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(h.Sum(nil))
}
