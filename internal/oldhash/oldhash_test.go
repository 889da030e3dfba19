package oldhash_test

import (
	"errors"
	"strings"
	"testing"

	"linienfunk/internal/oldhash"
)

// The first two were made with Python's hashlib.scrypt and with crypt(3), the third is an example of the reference implementation's README, the last of passlib's documentation.
var made = map[string]string{
	"$s1$0e0801$c2FsdHNhbHQ=$gFCYf7Knab/saK5kQtvq/LXbJXKEbNN3EmRXN58V1dED2KT/7gAePunfaWpdJQeVS4p20+WHarDt3chvaFVYaQ==": "drei Umstiege bis Wedding",
	"$7$CU..../....ticketfrei$.hXFJxFPxoQRdFx3jSfnVM6zZQbvb59.kDYQNdT4wD9":                                             "drei Umstiege bis Wedding",
	"$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG":                                       "password",
	"$argon2i$v=19$m=512,t=2,p=2$aI2R0hpDyLm3ltLa+1/rvQ$LqPKjd6n8yniKtAithoR7A":                                        "password",
	"$argon2id$v=19$m=8,t=1,p=1$ZnJvbnRlbmR0ZXN0c2FsdA$GbX0D+XWp3DIt5mfjOR9Rbyka+rUoLRt5DWRAhhemLk":                    "drei Umstiege bis Wedding",
}

func TestAPasswordMatchesItsHashOnly(t *testing.T) {
	t.Parallel()
	for text, password := range made {
		if !oldhash.Is(text) {
			t.Errorf("%s is none", text)
		}
		h, err := oldhash.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for typed, want := range map[string]bool{password: true, password + " ": false, "": false} {
			if got, err := h.Matches(typed); got != want || err != nil {
				t.Errorf("%s, %q: %v, %v", text, typed, got, err)
			}
		}
	}
}

func TestAHashThatCannotBeCheckedIsRefused(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("A", 43) + "="
	for text, want := range map[string]error{
		"":                                    oldhash.ErrUnknown,
		"secret":                              oldhash.ErrUnknown,
		"$2b$12$abcdefghijklmnopqrstuv":       oldhash.ErrUnknown,
		"$s1$0e0801$c2FsdHNhbHQ=":             oldhash.ErrUnknown,
		"$s1$0e08$c2FsdHNhbHQ=$" + key:        oldhash.ErrUnknown,
		"$s1$000801$c2FsdHNhbHQ=$" + key:      oldhash.ErrUnknown,
		"$s1$0e0801$c2FsdHNhbHQ=$AAAA":        oldhash.ErrUnknown,
		"$s1$0e0801$$" + key:                  oldhash.ErrUnknown,
		"$s1$ff0801$c2FsdHNhbHQ=$" + key:      oldhash.ErrExpensive,
		"$s1$14ff01$c2FsdHNhbHQ=$" + key:      oldhash.ErrExpensive,
		"$s1$0e08ff$c2FsdHNhbHQ=$" + key:      oldhash.ErrExpensive,
		"$7$CU..../....saltsalt$!" + key[:42]: oldhash.ErrUnknown,
		"$7$CU..$" + key:                      oldhash.ErrUnknown,
		"$7$zU..../....saltsalt$" + key[:43]:  oldhash.ErrExpensive,
		"$7$CU..../zzzzsaltsalt$" + key[:43]:  oldhash.ErrExpensive,
		"$argon2d$v=19$m=8,t=1,p=1$ZnJvbnRlbmR0ZXN0c2FsdA$" + key[:43]:          oldhash.ErrUnknown,
		"$argon2i$v=16$m=8,t=1,p=1$ZnJvbnRlbmR0ZXN0c2FsdA$" + key[:43]:          oldhash.ErrUnknown,
		"$argon2i$v=19$m=8,t=1$ZnJvbnRlbmR0ZXN0c2FsdA$" + key[:43]:              oldhash.ErrUnknown,
		"$argon2i$v=19$m=4000000,t=1,p=1$ZnJvbnRlbmR0ZXN0c2FsdA$" + key[:43]:    oldhash.ErrExpensive,
		"$argon2i$v=19$m=8,t=4000000000,p=1$ZnJvbnRlbmR0ZXN0c2FsdA$" + key[:43]: oldhash.ErrExpensive,
	} {
		if _, err := oldhash.Parse(text); !errors.Is(err, want) {
			t.Errorf("%s: %v, not %v", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for text := range made {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := oldhash.Parse(text)
		switch {
		case err != nil && !errors.Is(err, oldhash.ErrUnknown) && !errors.Is(err, oldhash.ErrExpensive):
			t.Errorf("%q: %v is no error of the package", text, err)
		case err == nil && !oldhash.Is(text):
			t.Errorf("%q is read, but Is knows it not", text)
		}
		_ = h
	})
}
