package mail

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

func TestHeaderInjectionIsRefusedAndNothingIsStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{Outbox: t.TempDir()})
	for name, change := range map[string]func(*Message){
		"line break in the subject":       func(m *Message) { m.Subject = "a\r\nBcc: x@example.org" },
		"line feed in the subject":        func(m *Message) { m.Subject = "a\nb" },
		"NUL in the subject":              func(m *Message) { m.Subject = "a\x00" },
		"line break in the display name":  func(m *Message) { m.FromName = "a\r\nBcc: x@example.org" },
		"line break in the sender":        func(m *Message) { m.From = "a\r\nBcc:" },
		"space in the sender":             func(m *Message) { m.From = "a b" },
		"line break in the recipient":     func(m *Message) { m.To = "a@example.org\r\nDATA" },
		"two recipients":                  func(m *Message) { m.To = "a@example.org, b@example.org" },
		"a name with the recipient":       func(m *Message) { m.To = "A <a@example.org>" },
		"quoted recipient":                func(m *Message) { m.To = `"a b"@example.org` },
		"no recipient":                    func(m *Message) { m.To = "" },
		"recipient that needs SMTPUTF8":   func(m *Message) { m.To = "jürg@example.org" },
		"recipient at an address literal": func(m *Message) { m.To = "a@[127.0.0.1]" },
		"recipient that is too long":      func(m *Message) { m.To = strings.Repeat("a", 65) + "@example.org" },
		"line break in a header's value":  func(m *Message) { m.Header = map[string]string{"X-A": "a\nb"} },
		"line break in a header's name":   func(m *Message) { m.Header = map[string]string{"X-A\nBcc": "a"} },
		"colon in a header's name":        func(m *Message) { m.Header = map[string]string{"X:A": "a"} },
		"a reserved header field":         func(m *Message) { m.Header = map[string]string{"bCC": "x@example.org"} },
		"a header field that is too long": func(m *Message) { m.Header = map[string]string{"X-A": strings.Repeat("a", 2000)} },
		"no key":                          func(m *Message) { m.Key = "" },
	} {
		mail := newMessage("1")
		change(&mail)
		err := w.Enqueue(t.Context(), newMessage("good"), mail)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "example.org") {
			t.Errorf("%s: the error contains an address: %v", name, err)
		}
	}
	if rows := w.items(); len(rows) > 0 {
		t.Errorf("%d messages of refused batches were stored", len(rows))
	}
}

func TestAddressesAreNormalised(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"rider@example.org":     "rider@example.org",
		"Rider+Tag@Example.ORG": "Rider+Tag@example.org",
		"rider@zürich.example":  "rider@xn--zrich-kva.example",
		"o'neill@example.org":   "o'neill@example.org",
	} {
		if got, err := Address(in); err != nil || got != want {
			t.Errorf("Address(%q) = %q, %v", in, got, err)
		}
	}
}

func TestSignaturesVerify(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	rsaPublic, err := x509.MarshalPKIXPublicKey(rsaKey.Public())
	must(t, err)
	for name, c := range map[string]struct {
		key    any
		record string
	}{
		"rsa":     {rsaKey, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(rsaPublic)},
		"ed25519": {private, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)},
	} {
		t.Run(name, func(t *testing.T) {
			der, err := x509.MarshalPKCS8PrivateKey(c.key)
			must(t, err)
			path := writePEM(t, "PRIVATE KEY", der)
			s := newSink(t)
			w := newWorld(t, Config{Smarthost: s.address, DKIMKey: path, DKIMSelector: "s1"})
			w.run(w.Mailer)
			w.enqueue(newMessage("1"))
			got := s.next().Message
			lookup := &dkim.VerifyOptions{LookupTXT: func(domain string) ([]string, error) {
				if domain != "s1._domainkey.linienfunk.example" {
					t.Errorf("key looked up at %s", domain)
				}
				return []string{c.record}, nil
			}}
			results, err := dkim.VerifyWithOptions(bytes.NewReader(got), lookup)
			must(t, err)
			if len(results) != 1 || results[0].Err != nil {
				t.Fatalf("verification: %+v", results)
			}
			signed := strings.ToLower(strings.Join(results[0].HeaderKeys, " "))
			for _, field := range []string{"list-unsubscribe", "list-unsubscribe-post", "from", "subject", "message-id"} {
				if !strings.Contains(" "+signed+" ", " "+field+" ") {
					t.Errorf("%s is not signed: %s", field, signed)
				}
			}
			for _, forged := range []string{"Subject: other\r\n", "From: x@example.org\r\n"} {
				results, err := dkim.VerifyWithOptions(bytes.NewReader(append([]byte(forged), got...)), lookup)
				if err == nil && results[0].Err == nil {
					t.Errorf("verifies with a second %q", forged)
				}
			}
		})
	}
}

func TestTheOutboxHasEachMessageOnceAndReadableByTheOwnerOnly(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "outbox")
	box, err := newOutbox(directory)
	must(t, err)
	at := time.Date(2030, 1, 2, 3, 4, 5, 6e6, time.UTC)
	for _, at := range []time.Time{at, at.Add(time.Minute)} { // the second as after a crash
		e, err := build(newMessage("1"), strings.Repeat("ab", 32), "linienfunk.example", at)
		must(t, err)
		must(t, box.deliver(t.Context(), e))
	}
	entries, err := os.ReadDir(directory)
	must(t, err)
	if len(entries) != 1 || entries[0].Name() != strings.Repeat("ab", 16)+".eml" {
		t.Fatalf("the outbox has %v", entries)
	}
	info, err := entries[0].Info()
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestTemporaryFilesOfAKilledProgramAreDeleted(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for _, name := range []string{".mail-123", "kept.eml", ".kept"} {
		must(t, os.WriteFile(filepath.Join(directory, name), nil, 0o600))
	}
	_, err := newOutbox(directory)
	must(t, err)
	entries, err := os.ReadDir(directory)
	must(t, err)
	if len(entries) != 2 || entries[0].Name() != ".kept" || entries[1].Name() != "kept.eml" {
		t.Errorf("the outbox has %v", entries)
	}
}

func TestTheOutboxForgetsAMessageAfterADay(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for _, name := range []string{"1.eml", "notes.txt"} {
		must(t, os.WriteFile(filepath.Join(directory, name), nil, 0o600))
	}
	for _, after := range []struct {
		age  time.Duration
		want int
	}{{23 * time.Hour, 2}, {25 * time.Hour, 1}} {
		must(t, pruneOutbox(directory, time.Now().Add(after.age)))
		if left, err := os.ReadDir(directory); err != nil || len(left) != after.want {
			t.Errorf("after %s: %v, %v", after.age, left, err)
		}
	}
}

func TestInvalidConfigurationsAreExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{Outbox: t.TempDir()})
	empty := filepath.Join(t.TempDir(), "empty.pem")
	must(t, os.WriteFile(empty, nil, 0o600))
	for want, config := range map[string]Config{
		"neither smarthost nor outbox": {Domain: "d.example"},
		"both set":                     {Domain: "d.example", Smarthost: "h:25", Outbox: "x"},
		"domain":                       {Outbox: "x"},
		"scheme":                       {Domain: "d.example", Smarthost: "http://h:25"},
		"keys of their own":            {Domain: "d.example", Smarthost: "smtp://user:geheim@h:25"},
		"is empty":                     {Domain: "d.example", Smarthost: ":25"},
		"selector":                     {Domain: "d.example", Outbox: "x", DKIMKey: empty},
		"PEM":                          {Domain: "d.example", Outbox: "x", DKIMKey: empty, DKIMSelector: "s"},
		"no such file":                 {Domain: "d.example", Outbox: "x", DKIMKey: empty + "x", DKIMSelector: "s"},
		"no certificate":               {Domain: "d.example", Smarthost: "h", CAFile: empty},
	} {
		_, err := New(w.handle, w.box, config, slog.New(slog.DiscardHandler), w.Now)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%+v: %v, want %q", config, err, want)
		}
	}
}

func TestRetryBackoffGrowsToAnHour(t *testing.T) {
	t.Parallel()
	for attempts, want := range map[int]time.Duration{1: 5 * time.Second, 2: 15 * time.Second, 20: time.Hour} {
		if got := retryBackoff(attempts); got < want*3/4 || got > want*5/4 {
			t.Errorf("backoff after %d: %s", attempts, got)
		}
	}
}

func TestMessagesAreUnreadableInTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{Outbox: t.TempDir()})
	w.enqueue(newMessage("secret-key"))
	row := w.items()[0]
	for _, leak := range []string{"rider", "kontrolle", "secret-key"} {
		if strings.Contains(row.Key+string(row.Sealed), leak) {
			t.Errorf("the row contains %q", leak)
		}
	}
	other := row
	other.Key = strings.Repeat("0", 64)
	if _, err := w.store.open(other); err == nil {
		t.Error("content can be opened in another row")
	}
}
