package app

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/secret"
)

// sealSome fills a column of bytes and one of text with sealed values, some of one row each, others of rows with the same cell.
func sealSome(t *testing.T, p *Program) {
	t.Helper()
	seal := func(table, row, column string) any {
		return sql.Null[[]byte]{V: p.box.Seal(secret.Cell{Table: table, Row: row, Column: column}, []byte("secret "+row)), Valid: true}
	}
	for _, statement := range []struct {
		text   string
		values []any
	}{
		{"INSERT INTO external_accounts (city, revision, name, hash) VALUES ('zuerich', 'r', 'n', ?)", []any{seal("external_accounts", "zuerich", "hash")}},
		{"INSERT INTO mail_messages (key, sealed, open, due_at, lease, attempts, expires_at) VALUES ('k', ?, ?, 0, '', 0, 0)", []any{seal("mail_messages", "k", "sealed"), true}},
		{"INSERT INTO telegram_queued_reports (city, subscriber, report, text, at, expires) VALUES ('zuerich', 1, 'r', ?, 0, 0), ('zuerich', 2, 'r', ?, 0, 0)",
			[]any{seal("telegram_queued_reports", "zuerich/r", "text"), seal("telegram_queued_reports", "zuerich/r", "text")}},
		{"INSERT INTO api_webhooks (id, city, url, secret, kinds, admin_id, created_at, cursor, next_at, attempts) VALUES (7, 'zuerich', 'u', ?, '', 1, ?, 0, ?, 0)",
			[]any{seal("api_webhooks", "7", "secret"), time.Now(), time.Now()}},
	} {
		if err := p.db.Exec(statement.text, statement.values...).Error; err != nil {
			t.Fatal(err)
		}
	}
	token := sealedColumns()[0]
	stored, _ := token.Encode(p.box.Seal(token.Cell([]string{"h"}), []byte("secret"))).(string)
	if err := p.db.Create(&db.Token{Hash: "h", Purpose: "register", Data: stored, ExpiresAt: time.Now()}).Error; err != nil {
		t.Fatal(err)
	}
}

func TestARotationThatIsInterruptedAnywhereGoesOn(t *testing.T) {
	t.Parallel()
	for name, interrupt := range map[string]func(t *testing.T, p *Program, key secret.Key) error{
		"not at all":             nil,
		"before the first value": func(*testing.T, *Program, secret.Key) error { return nil },
		"between two columns":    func(t *testing.T, p *Program, _ secret.Key) error { return resealSome(t, p, 3) },
		"before the new print":   func(t *testing.T, p *Program, _ secret.Key) error { return resealSome(t, p, 100) },
		"before the old key goes": func(t *testing.T, p *Program, key secret.Key) error {
			prints, err := key.Prints()
			return errors.Join(err, resealSome(t, p, 100), p.db.ReplaceInstanceKey(t.Context(), prints, p.box.Print()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := openWard(t)
			sealSome(t, p)
			c, id := p.config, p.hideID("zuerich:email:1")
			path := filepath.Join(c.Data, keyFile)
			old, err := os.ReadFile(path)
			if err := errors.Join(err, p.Close()); err != nil {
				t.Fatal(err)
			}
			for range 2 { // a rotated key is rotated again
				if interrupt != nil {
					p, key, err := openRotation(t.Context(), c, t.Output())
					if err != nil {
						t.Fatal(err)
					}
					if err := errors.Join(interrupt(t, p, key), p.Close()); err != nil {
						t.Fatal(err)
					}
					if _, err := openStores(t.Context(), c, nil, t.Output()); err == nil || !strings.Contains(err.Error(), "linienfunk secrets rotate") {
						t.Errorf("a program starts meanwhile: %v", err)
					}
				}
				var out bytes.Buffer
				if err := rotateSecrets(t.Context(), c, &out, t.Output()); err != nil {
					t.Fatal(err)
				}
				p, err := openStores(t.Context(), c, nil, t.Output())
				if err != nil {
					t.Fatal(err)
				}
				if err := p.openBus(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := findings(t, p, false); got != "" {
					t.Error(got)
				}
				if p.hideID("zuerich:email:1") != id {
					t.Error("the ledger would not know a report again")
				}
				if err := p.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(path, old, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := openStores(t.Context(), c, nil, t.Output()); err == nil || !strings.Contains(err.Error(), "sealed with another key") {
				t.Errorf("with the old key: %v", err)
			}
			if err := rotateSecrets(t.Context(), c, t.Output(), t.Output()); !errors.Is(err, db.ErrOtherKey) {
				t.Errorf("rotating with the old key: %v", err)
			}
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, old) {
				t.Errorf("the key file was changed: %v", err)
			}
		})
	}
}

func resealSome(t *testing.T, p *Program, columns int) error {
	t.Helper()
	all := sealedColumns()
	for _, c := range all[:min(columns, len(all))] {
		if _, _, err := p.reseal(t.Context(), c); err != nil {
			return err
		}
	}
	return nil
}
