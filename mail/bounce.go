package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"linienfunk/mail/text"
)

// bouncePrefix begins the local part of bounce addresses: bounce+<token>@domain, the envelope sender of messages whose bounces are
// handled. The token is a keyed hash of owner and BounceID. It identifies the recipient whatever the bounce says (VERP), and nobody
// can guess one.
const bouncePrefix = "bounce+"

const (
	tokenSize        = 32                  // characters
	maxBounceID      = 200                 // bytes
	BounceRetention  = 60 * 24 * time.Hour // how long bounces are handled after the last message
	seenPrecision    = 24 * time.Hour      // of bounceAddress.SeenAt, to save updates
	softBounceWindow = 14 * 24 * time.Hour // soft bounces further apart are not counted together
	unknownInterval  = 24 * time.Hour      // between two bounces that nothing explains
)

// bounceAddress is a row of table mail_returns. Times are milliseconds since 1970.
type bounceAddress struct {
	Token   string `gorm:"primaryKey;size:32"`
	Owner   string `gorm:"size:32;not null"`
	Ref     string `gorm:"size:200;not null"` // Message.BounceID
	Soft    int    `gorm:"not null"`          // soft bounces
	FirstAt int64  `gorm:"not null"`          // of the soft bounces
	LastAt  int64  `gorm:"not null"`
	SeenAt  int64  `gorm:"not null;index"` // when a message was last enqueued
}

// TableName is the table's name from before the type was called bounceAddress.
func (bounceAddress) TableName(namer schema.Namer) string { return namer.TableName("Return") }

// newBounceAddress returns the row for the bounces of a message, or nil if they are ignored.
func (m *Mailer) newBounceAddress(owner, bounceID string) (*bounceAddress, error) {
	if owner == "" || bounceID == "" {
		return nil, nil
	}
	if len(bounceID) > maxBounceID {
		return nil, fmt.Errorf("the bounce id is longer than %d bytes", maxBounceID)
	}
	return &bounceAddress{Token: m.bounceToken(owner, bounceID), Owner: owner, Ref: bounceID, SeenAt: m.now().UnixMilli()}, nil
}

func (m *Mailer) bounceToken(owner, bounceID string) string {
	return m.store.box.Digest("mail bounce", owner+"\x00"+bounceID)[:tokenSize]
}

// insertBounceAddresses adds addresses, or updates SeenAt of those that are known.
func insertBounceAddresses(tx *gorm.DB, addresses []bounceAddress) error {
	if len(addresses) == 0 {
		return nil
	}
	old := addresses[0].SeenAt - seenPrecision.Milliseconds()
	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "token"}}, DoUpdates: clause.AssignmentColumns([]string{"seen_at"}),
		Where: clause.Where{Exprs: []clause.Expression{clause.Lt{Column: clause.Column{Table: clause.CurrentTable, Name: "seen_at"}, Value: old}}},
	}).CreateInBatches(&addresses, insertBatch).Error
}

// deleteBounceAddress makes bounces of a recipient be ignored. Queued messages with this bounce address are dropped when they are due.
func (m *Mailer) deleteBounceAddress(ctx context.Context, owner, bounceID string) error {
	if err := m.store.db.WithContext(ctx).Where("token = ?", m.bounceToken(owner, bounceID)).Delete(&bounceAddress{}).Error; err != nil {
		return fmt.Errorf("delete bounce address: %w", err)
	}
	return nil
}

// Known implements Bounces.
func (m *Mailer) Known(ctx context.Context, local string) (bool, error) {
	_, err := m.findBounceAddress(ctx, local)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (m *Mailer) findBounceAddress(ctx context.Context, local string) (a bounceAddress, err error) {
	token, found := strings.CutPrefix(strings.ToLower(local), bouncePrefix)
	if !found || len(token) != tokenSize {
		return a, gorm.ErrRecordNotFound
	}
	var rows []bounceAddress
	if err := m.store.db.WithContext(ctx).Where("token = ?", token).Limit(1).Find(&rows).Error; err != nil {
		return a, fmt.Errorf("look up bounce address: %w", err)
	}
	if len(rows) == 0 {
		return a, gorm.ErrRecordNotFound
	}
	return rows[0], nil
}

// Handle implements Bounces. What comes back to a bounce address is about its recipient (VERP), whatever its format, unless it is an automatic
// reply, which goes to the envelope sender too (RFC 3834, section 4).
func (m *Mailer) Handle(ctx context.Context, local string, message []byte) error {
	failed, err := parseDSN(message)
	if err == nil {
		return m.recordBounce(ctx, local, m.mildest(failed))
	}
	received, err := text.Parse(bytes.NewReader(message))
	if err != nil {
		return fmt.Errorf("read bounce: %w", err)
	}
	if received.IsAutoReply() || unknownIsAboutUs(message) {
		m.log.Info("message to a bounce address ignored", "reason", "an automatic reply, or about us")
		return nil
	}
	return m.recordBounce(ctx, local, unknownBounce)
}

// handleCopy is Handle for a message that has a copy of ours in it, and came to another address: it may be anything.
func (m *Mailer) handleCopy(ctx context.Context, local string, message []byte) error {
	failed, err := parseDSN(message)
	if err != nil {
		m.log.Info("message with a copy of ours ignored", "err", err)
		return nil
	}
	return m.recordBounce(ctx, local, m.mildest(failed))
}

// mildest is the kind of a bounce: if several recipients failed, the mailbox has forwarded the message, and may still be read.
func (m *Mailer) mildest(failed []reply) bounceKind {
	if len(failed) == 0 {
		return noBounce
	}
	kind := complaintBounce
	for _, r := range failed {
		kind = min(kind, classify(r, m.config.Direct))
	}
	return kind
}

// recordBounce counts a bounce and calls the network. After an error it must be called again.
func (m *Mailer) recordBounce(ctx context.Context, local string, kind bounceKind) error {
	if kind == noBounce {
		return nil
	}
	a, err := m.findBounceAddress(ctx, local)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	b := Bounce{Hard: kind == hardBounce, Complaint: kind == complaintBounce}
	if kind == unknownBounce && a.Soft > 0 && m.now().UnixMilli()-a.LastAt < unknownInterval.Milliseconds() {
		return nil
	}
	if kind == softBounce || kind == unknownBounce {
		if a, err = m.countSoftBounce(ctx, a); err != nil {
			return err
		}
		b.Soft, b.First, b.Last = a.Soft, time.UnixMilli(a.FirstAt), time.UnixMilli(a.LastAt)
	}
	m.log.Info("message bounced", "owner", a.Owner, "hard", b.Hard, "complaint", b.Complaint, "soft", b.Soft)
	network := m.networks[a.Owner]
	if network == nil {
		return nil
	}
	if err := recovered(func() error { return network.Bounced(ctx, a.Ref, b) }); err != nil {
		return fmt.Errorf("report bounce: %w", err)
	}
	if b.Dead() {
		return m.clearSoftBounces(ctx, local) // in case the same recipient subscribes again
	}
	return nil
}

func (m *Mailer) countSoftBounce(ctx context.Context, a bounceAddress) (bounceAddress, error) {
	now := m.now().UnixMilli()
	if a.Soft == 0 || now-a.LastAt > softBounceWindow.Milliseconds() {
		a.Soft, a.FirstAt = 0, now
	}
	a.Soft, a.LastAt = a.Soft+1, now
	err := m.store.db.WithContext(ctx).Model(&bounceAddress{}).Where("token = ?", a.Token).
		Updates(map[string]any{"soft": a.Soft, "first_at": a.FirstAt, "last_at": a.LastAt}).Error
	if err != nil {
		return a, fmt.Errorf("count bounce: %w", err)
	}
	return a, nil
}

// clearSoftBounces resets the count of soft bounces, e.g. after a delivery.
func (m *Mailer) clearSoftBounces(ctx context.Context, local string) error {
	token, found := strings.CutPrefix(local, bouncePrefix)
	if !found {
		return nil
	}
	err := m.store.db.WithContext(ctx).Model(&bounceAddress{}).Where("token = ? AND soft > 0", token).Update("soft", 0).Error
	if err != nil {
		return fmt.Errorf("clear bounces: %w", err)
	}
	return nil
}
