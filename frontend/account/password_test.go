package account

import (
	"strings"
	"testing"
)

func TestPasswordHashes(t *testing.T) {
	t.Parallel()
	p, err := newPasswords()
	if err != nil {
		t.Fatal(err)
	}
	hash, err := p.hash(t.Context(), "richtig")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %s", hash)
	}
	for password, want := range map[string]bool{"richtig": true, "falsch": false} {
		if got, err := p.check(t.Context(), hash, password); err != nil || got != want {
			t.Errorf("%s: %v, %v", password, got, err)
		}
	}
	if got, err := p.check(t.Context(), "", "richtig"); err != nil || got {
		t.Errorf("no hash: %v, %v", got, err)
	}
	for _, bad := range []string{
		"x", "$argon2id$v=1$m=1,t=1,p=1$YQ$YQ", "$argon2id$v=19$m=19456,t=2,p=1$!$YQ", "$2a$10$x",
		"$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$L+jxfcyYq5/2nktrLFmkQw", // a truncated key
	} {
		if _, err := p.check(t.Context(), bad, "x"); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestPasswordHashesOfEarlierVersionsStayValid(t *testing.T) {
	t.Parallel()
	p, err := newPasswords()
	if err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{
		"$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$L+jxfcyYq5/2nktrLFmkQ/e5wGzpV7EEkFXmapkX/Zk",
		"$argon2id$v=19$m=8,t=1,p=1$ZnJvbnRlbmR0ZXN0c2FsdA$GbX0D+XWp3DIt5mfjOR9Rbyka+rUoLRt5DWRAhhemLk", // other parameters
	} {
		for password, want := range map[string]bool{"drei Umstiege bis Wedding": true, "drei Umstiege bis Weddinf": false} {
			if got, err := p.check(t.Context(), hash, password); err != nil || got != want {
				t.Errorf("%s, %s: %v, %v", hash, password, got, err)
			}
		}
	}
}
