package secret

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Key is an instance key. Its file has one line of base64, with which values are sealed and from which the key for digests and pseudonyms is derived. Once it was rotated
// there are two keys: a line "names …" has the one for digests, which stays for ever, since digests cannot be made anew from what is stored. While it is being rotated, a line
// "former …" has the key with which some values are sealed still.
type Key struct {
	sealing []byte
	names   []byte // nil if it was never rotated
	former  []byte // nil unless it is being rotated
}

const (
	namesLine  = "names "
	formerLine = "former "
)

// LoadKey reads the instance key from path. If the file does not exist, it is created with a new key and mode 0600.
func LoadKey(path string) (Key, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		k := Key{sealing: random()}
		return k, k.Save(path)
	}
	if err != nil {
		return Key{}, fmt.Errorf("read instance key: %w", err)
	}
	k, err := ParseKey(text)
	if err != nil {
		return Key{}, fmt.Errorf("read instance key %s: %w", path, err)
	}
	return k, nil
}

// ParseKey reads the text of a key file.
func ParseKey(text []byte) (k Key, err error) {
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		into := &k.sealing
		if i > 0 {
			var isNames, isFormer bool
			line, isNames = strings.CutPrefix(line, namesLine)
			line, isFormer = strings.CutPrefix(line, formerLine)
			switch {
			case isNames && !isFormer && k.names == nil:
				into = &k.names
			case isFormer && !isNames && k.former == nil:
				into = &k.former
			default:
				return Key{}, fmt.Errorf("line %d is unknown", i+1)
			}
		}
		if *into, err = base64.StdEncoding.DecodeString(strings.TrimSpace(line)); err != nil || len(*into) != KeySize {
			return Key{}, fmt.Errorf("line %d must hold %d bytes in base64", i+1, KeySize)
		}
	}
	if k.former != nil && k.names == nil {
		return Key{}, errors.New("the line with the key for digests is missing")
	}
	return k, nil
}

// Save writes a temporary file and renames it, so that a crash leaves no partial key.
func (k Key) Save(path string) error {
	text := base64.StdEncoding.EncodeToString(k.sealing) + "\n"
	for _, line := range []struct {
		name string
		key  []byte
	}{{namesLine, k.names}, {formerLine, k.former}} {
		if line.key != nil {
			text += line.name + base64.StdEncoding.EncodeToString(line.key) + "\n"
		}
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".key-*")
	if err != nil {
		return fmt.Errorf("write instance key: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write instance key: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("write instance key: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename survive a power cut: what is sealed afterwards must not outlive its key.
func syncDir(dir string) error {
	opened, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write instance key: %w", err)
	}
	defer opened.Close()
	if err := opened.Sync(); err != nil {
		return fmt.Errorf("write instance key: %w", err)
	}
	return nil
}

// Rotating reports whether some values may still be sealed with the key before.
func (k Key) Rotating() bool { return k.former != nil }

// Rotate returns a new key for sealing, whose Box opens what k has sealed, too, and makes the same digests. A key that is being rotated returns itself.
func (k Key) Rotate() (Key, error) {
	if k.Rotating() {
		return k, nil
	}
	names := k.names
	if names == nil {
		var err error
		if names, err = derived(k.sealing, "linienfunk names"); err != nil {
			return k, err
		}
	}
	return Key{sealing: random(), names: names, former: k.sealing}, nil
}

// Rotated returns the key without the one before.
func (k Key) Rotated() Key { return Key{sealing: k.sealing, names: k.names} }

// beforeRotation returns the key that is being replaced, if it had been rotated before.
func (k Key) beforeRotation() Key { return Key{sealing: k.former, names: k.names} }

// Prints returns what Box.Print may be in a database that the key opens: that of the key and, while it is being rotated, those of the one before.
func (k Key) Prints() ([]string, error) {
	keys := []Key{k}
	if k.Rotating() {
		keys = append(keys, k.beforeRotation(), Key{sealing: k.former})
	}
	var prints []string
	for _, one := range keys {
		box, err := one.Box()
		if err != nil {
			return nil, err
		}
		prints = append(prints, box.Print())
	}
	return prints, nil
}

func random() []byte {
	key := make([]byte, KeySize)
	rand.Read(key) // never fails
	return key
}
