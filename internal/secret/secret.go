// Package secret protects values in the database under the instance key: it encrypts secrets and derives pseudonyms from names.
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

// ErrKey is returned by Open when the ciphertext was not sealed with this key for this cell.
var ErrKey = errors.New("sealed with another key, or for another row or column")

// Box encrypts and decrypts values and derives pseudonyms. It is safe for concurrent use.
type Box struct {
	aead   cipher.AEAD
	macKey []byte
}

// NewBox returns a Box for an instance key of KeySize bytes.
func NewBox(key []byte) (*Box, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("instance key has %d bytes, not %d", len(key), KeySize)
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
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Box{aead: aead, macKey: names}, nil
}

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
	if err != nil {
		return nil, fmt.Errorf("open %s.%s: %w", at.Table, at.Column, ErrKey)
	}
	return plain, nil
}

// Digest is a keyed hash of value, constant over time, for columns that must be searchable but not readable.
func (b *Box) Digest(purpose, value string) string {
	return b.mac("digest", purpose, value)
}

// Pseudonym returns the pseudonym of an author's name or address, which differs by city, network (bot) and day (UTC).
func (b *Box) Pseudonym(city, bot, name string, at time.Time) string {
	return b.mac("author", at.UTC().Format(time.DateOnly), city, bot, strings.ToLower(name))[:32]
}

func (b *Box) mac(parts ...string) string {
	h := hmac.New(sha256.New, b.macKey)
	h.Write([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(h.Sum(nil))
}

// LoadKey reads the instance key from path: one line of base64. If the file does not exist, it is created with a new key and
// mode 0600.
func LoadKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return createKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read instance key: %w", err)
	}
	key, err := ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("read instance key %s: %w", path, err)
	}
	return key, nil
}

// ParseKey reads the text of a key file.
func ParseKey(text []byte) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != KeySize {
		return nil, fmt.Errorf("it must hold %d bytes in base64", KeySize)
	}
	return key, nil
}

// createKey writes a temporary file and renames it, so that a crash leaves no partial key.
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
