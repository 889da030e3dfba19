package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAPublicInstanceNeedsAnImprintAndAContact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"imprint.de.md", "contact.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("text"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	imprint, contact := "imprint = '"+filepath.Join(dir, "imprint.md")+"'\n", "contact = '"+filepath.Join(dir, "contact.md")+"'\n"
	for file, missing := range map[string][]string{
		"": nil, "base_url = 'https://localhost:8443'": nil, "base_url = 'https://127.0.0.1'": nil, "base_url = 'https://[::1]:1'": nil, "base_url = 'http://linienfunk.example'": nil,
		"base_url = 'https://linienfunk.example'":                                {"legal.imprint", "legal.contact"},
		"base_url = 'https://linienfunk.example'\n[legal]\n" + imprint:           {"legal.contact"},
		"base_url = 'https://linienfunk.example'\n[legal]\n" + imprint + contact: nil,
	} {
		c, err := load(t, file, nil, nil)
		if got := c.MissingLegal(); err != nil || !slices.Equal(got, missing) {
			t.Errorf("%s: %v, %v", file, got, err)
		}
	}
}

func TestALegalTextThatDoesNotExistIsNamedWithItsLine(t *testing.T) {
	t.Parallel()
	_, err := load(t, "[legal]\naddress = 'nobody'\nterms = '/nowhere/terms.md'", nil, nil)
	for _, want := range []string{"linienfunk.toml:3: legal.terms", "/nowhere/terms.en.md", "linienfunk.toml:2: legal.address"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}
