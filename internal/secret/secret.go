// Package secret keeps what must not be read in the database: it seals secrets and makes pseudonyms of names, both
// under the instance key.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// KeySize is the size of the instance key in bytes.
const KeySize = 32

// ErrKey is returned by Open when the ciphertext was not sealed with this key for this table, row and column.
var ErrKey = errors.New("sealed with another key, or for another place")

// Box seals and opens values, and makes pseudonyms. It is safe for concurrent use.
type Box struct {
	aead   cipher.AEAD
	macKey []byte
}

// NewBox makes a Box from an instance key of KeySize bytes.
func NewBox(key []byte) (*Box, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("instance key has %d bytes, wants %d", len(key), KeySize)
	}
	sealing, err := hkdf.Key(sha256.New, key, nil, "linienfunk seal", KeySize)
	if err != nil {
		return nil, err
	}
	names, err := hkdf.Key(sha256.New, key, nil, "linienfunk names", KeySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Box{aead: aead, macKey: names}, nil
}

// Place is where a sealed value stands in the database. It is bound into the ciphertext, so that a value copied
// to another place does not open there.
type Cell struct{ Table, Row, Column string }

func (p Cell) additionalData() []byte {
	return []byte(strings.Join([]string{p.Table, p.Row, p.Column}, "\x00"))
}

// Seal encrypts plain with AES-256-GCM. The result starts with the random nonce.
func (b *Box) Seal(at Cell, plain []byte) []byte {
	nonce := make([]byte, b.aead.NonceSize())
	rand.Read(nonce) // never fails, see crypto/rand
	return b.aead.Seal(nonce, nonce, plain, at.additionalData())
}

// Open decrypts what Seal made for the same place.
func (b *Box) Open(at Cell, sealed []byte) ([]byte, error) {
	size := b.aead.NonceSize()
	if len(sealed) < size {
		return nil, fmt.Errorf("open %s.%s: %w", at.Table, at.Column, ErrKey)
	}
	plain, err := b.aead.Open(nil, sealed[:size], sealed[size:], at.additionalData())
	if err != nil {
		return nil, fmt.Errorf("open %s.%s: %w", at.Table, at.Column, ErrKey)
	}
	return plain, nil
}

// Digest is a keyed hash of value, for columns that must be looked up but not read. It stays the same over time.
func (b *Box) Digest(purpose, value string) string {
	return b.mac("digest", purpose, value)
}

// Author is the pseudonym of a name or address in one network of one city on one day (UTC).
func (b *Box) Pseudonym(city, bot, name string, at time.Time) string {
	return b.mac("author", at.UTC().Format(time.DateOnly), city, bot, strings.ToLower(name))[:32]
}

func (b *Box) mac(parts ...string) string {
	h := hmac.New(sha256.New, b.macKey)
	h.Write([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(h.Sum(nil))
}

// LoadKey reads the instance key from path, base64 in one line; a missing file is made with a new key, readable
// by its owner only.
func LoadKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return createKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read instance key: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != KeySize {
		return nil, fmt.Errorf("read instance key %s: it must hold %d bytes in base64", path, KeySize)
	}
	return key, nil
}

// newKey writes beside the path and renames, so that a crash leaves no half a key.
func createKey(path string) ([]byte, error) {
	key := make([]byte, KeySize)
	rand.Read(key)
	file, err := os.CreateTemp(filepath.Dir(path), ".key-*")
	if err != nil {
		return nil, fmt.Errorf("make instance key: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, fmt.Errorf("make instance key: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return nil, fmt.Errorf("make instance key: %w", err)
	}
	return key, nil
}
