// Package oldhash checks passwords against hashes that other programs have made: scrypt as pylibscrypt writes it, and argon2 as passlib does. Accounts that were imported keep
// such a hash until their first login.
package oldhash

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/scrypt"
)

// Limits of what a hash may cost, since whoever makes a database by hand chooses the parameters. Those of the programs above stay below a quarter of them.
const (
	maxMemory = 128 << 20 // bytes
	maxWork   = 1 << 30   // bytes written, all passes and lanes together
	minSalt   = 4         // bytes
	minKey    = 16
	maxLength = 255 // of the text
)

// Errors of Parse.
var (
	ErrUnknown   = errors.New("not a hash of a kind that can be checked")
	ErrExpensive = errors.New("the hash would cost too much memory or time")
)

// Hash is a hash that can be checked.
type Hash struct {
	salt, key []byte
	derive    func(password, salt []byte, length uint32) ([]byte, error)
}

// Is reports whether a text begins as one of these hashes. argon2id is none of them: the program's own are.
func Is(text string) bool {
	return strings.HasPrefix(text, "$s1$") || strings.HasPrefix(text, "$7$") || strings.HasPrefix(text, "$argon2i$") || strings.HasPrefix(text, "$argon2id$")
}

// Parse reads one of
//
//	$s1$NNrrpp$salt$key                      scrypt: log2 N, r and p in hex; base64
//	$7$Nrrrrrppppp salt$key                  scrypt as crypt(3) writes it; the salt is the text itself
//	$argon2i$v=19$m=…,t=…,p=…$salt$key       also argon2id; base64 without padding; m in KiB
//
// and returns ErrUnknown or ErrExpensive, wrapped, for anything else.
func Parse(text string) (h Hash, err error) {
	parts := strings.Split(text, "$")
	switch {
	case len(text) > maxLength:
		err = ErrUnknown
	case strings.HasPrefix(text, "$s1$") && len(parts) == 5:
		h, err = parseS1(parts[2], parts[3], parts[4])
	case strings.HasPrefix(text, "$7$") && len(parts) == 4:
		h, err = parse7(parts[2], parts[3])
	case (strings.HasPrefix(text, "$argon2i$") || strings.HasPrefix(text, "$argon2id$")) && len(parts) == 6:
		h, err = parseArgon2(parts[1], parts[2], parts[3], parts[4], parts[5])
	default:
		err = ErrUnknown
	}
	if err == nil && (len(h.salt) < minSalt || len(h.key) < minKey) {
		err = fmt.Errorf("%w: its salt or key is too short", ErrUnknown)
	}
	if err != nil {
		return Hash{}, err
	}
	return h, nil
}

// Matches reports whether the hash is that of a password. Its error is one of the parameters that Parse has not found.
func (h Hash) Matches(password string) (bool, error) {
	key, err := h.derive([]byte(password), h.salt, uint32(len(h.key)))
	return err == nil && subtle.ConstantTimeCompare(key, h.key) == 1, err
}

func scryptHash(logN, r, p uint64, salt, key []byte) (Hash, error) {
	if logN < 1 || r < 1 || p < 1 {
		return Hash{}, fmt.Errorf("%w: a parameter is 0", ErrUnknown)
	}
	if logN > 24 || r > 64 || p > 64 || 128*r<<logN > maxMemory || 128*r*p<<logN > maxWork {
		return Hash{}, ErrExpensive
	}
	return Hash{salt, key, func(password, salt []byte, length uint32) ([]byte, error) {
		return scrypt.Key(password, salt, 1<<logN, int(r), int(p), int(length))
	}}, nil
}

func parseS1(parameters, salt, key string) (Hash, error) {
	n, err := hex.DecodeString(parameters)
	s, err2 := base64.StdEncoding.DecodeString(salt)
	k, err3 := base64.StdEncoding.DecodeString(key)
	if errors.Join(err, err2, err3) != nil || len(n) != 3 {
		return Hash{}, ErrUnknown
	}
	return scryptHash(uint64(n[0]), uint64(n[1]), uint64(n[2]), s, k)
}

// alphabet are the digits of crypt(3), of 6 bits each.
const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// number reads a number whose first digit is the lowest.
func number(text string) (n uint64, ok bool) {
	for i := range len(text) {
		digit := strings.IndexByte(alphabet, text[i])
		if digit < 0 {
			return 0, false
		}
		n |= uint64(digit) << (6 * i)
	}
	return n, true
}

func parse7(setting, key string) (Hash, error) {
	if len(setting) < 11 {
		return Hash{}, ErrUnknown
	}
	logN, ok := number(setting[:1])
	r, ok2 := number(setting[1:6])
	p, ok3 := number(setting[6:11])
	var bytes []byte
	for group := range groups(key) { // of 4 digits, 3 bytes; the last one may have fewer
		n, ok := number(group)
		if ok3 = ok3 && ok; !ok {
			break
		}
		for i := range len(group) * 6 / 8 {
			bytes = append(bytes, byte(n>>(8*i)))
		}
	}
	if !ok || !ok2 || !ok3 {
		return Hash{}, ErrUnknown
	}
	return scryptHash(logN, r, p, []byte(setting[11:]), bytes)
}

// groups yields four characters at a time.
func groups(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for len(text) > 0 {
			n := min(4, len(text))
			if !yield(text[:n]) {
				return
			}
			text = text[n:]
		}
	}
}

func parseArgon2(kind, version, parameters, salt, key string) (Hash, error) {
	s, err := base64.RawStdEncoding.DecodeString(salt)
	k, err2 := base64.RawStdEncoding.DecodeString(key)
	values, err3 := costs(parameters)
	memory, passes, lanes := values["m"], values["t"], values["p"]
	switch {
	case errors.Join(err, err2, err3) != nil, version != "v="+strconv.Itoa(argon2.Version), memory == 0, passes == 0, lanes == 0, lanes > 255:
		return Hash{}, ErrUnknown
	case memory > maxMemory>>10, passes > 1000, memory*passes > maxWork>>10:
		return Hash{}, ErrExpensive
	}
	derive := argon2.Key
	if kind == "argon2id" {
		derive = argon2.IDKey
	}
	return Hash{s, k, func(password, salt []byte, length uint32) ([]byte, error) {
		return derive(password, salt, uint32(passes), uint32(memory), uint8(lanes), length), nil
	}}, nil
}

// costs reads m=65536,t=3,p=4 in any order.
func costs(text string) (map[string]uint64, error) {
	values := map[string]uint64{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		n, err := strconv.ParseUint(value, 10, 32)
		if _, twice := values[name]; err != nil || twice {
			return nil, ErrUnknown
		}
		values[name] = n
	}
	return values, nil
}
