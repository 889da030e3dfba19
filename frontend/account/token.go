package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/internal/secret"
)

// Purposes of mailed links, and how long they work.
const (
	forRegister = "register"
	forReset    = "reset"

	RegisterTime = 24 * time.Hour
	resetTime    = time.Hour
)

// newToken creates a link's token with data and returns it. admin is the id of an admin, or 0.
func (p *Pages) newToken(ctx context.Context, purpose string, admin uint, data any, lasts time.Duration) (string, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("make link: %w", err)
	}
	token, now := rand.Text(), db.Time(p.Now())
	hash := tokenHash(token)
	err = p.DB.WithContext(ctx).Create(&db.Token{
		Hash: hash, Purpose: purpose, AdminID: admin, ExpiresAt: now.Add(lasts),
		Data: base64.StdEncoding.EncodeToString(p.Box.Seal(tokenCell(hash), text)),
	}).Error
	if err != nil {
		return "", fmt.Errorf("make link: %w", err)
	}
	return token, nil
}

// readToken reads a link's data without using the link up. It returns db.ErrNotFound if the link has expired or was used.
func (p *Pages) readToken(r *http.Request, purpose string, data any) (db.Token, error) {
	token, err := p.DB.PeekToken(r.Context(), tokenHash(r.PathValue("token")), purpose)
	if err != nil {
		return token, err
	}
	sealed, err := base64.StdEncoding.DecodeString(token.Data)
	if err != nil {
		return token, fmt.Errorf("read link: %w", err)
	}
	text, err := p.Box.Open(tokenCell(token.Hash), sealed)
	if err != nil {
		return token, fmt.Errorf("read link: %w", err)
	}
	return token, json.Unmarshal(text, data)
}

// tokenCell is the cell of a link's data, which is sealed: it contains addresses, and the hash of a password.
func tokenCell(hash string) secret.Cell {
	return secret.Cell{Table: "tokens", Row: hash, Column: "data"}
}

// useToken uses a link up. Call it in the transaction that does what the link is for, so that both happen or neither. It
// returns db.ErrNotFound if the link was used in the meantime.
func useToken(tx *gorm.DB, token db.Token) error {
	done := tx.Where("hash = ?", token.Hash).Delete(&db.Token{})
	if done.Error == nil && done.RowsAffected == 0 {
		return db.ErrNotFound
	}
	return done.Error
}

// showLinkGone answers that a link no longer works.
func (p *Pages) showLinkGone(w http.ResponseWriter, r *http.Request) error {
	p.ShowMessage(w, r, http.StatusGone, "link-gone", "link-gone-text")
	return nil
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
