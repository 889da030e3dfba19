package mail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// bouncePrefix begins the sender of an envelope to whom bounces go back: bounce+<token>@domain. The token is a keyed hash of
// whose mail it is, so that nobody can make one up, and tells the mailbox without a look at the bounce's text (VERP).
const bouncePrefix = "bounce+"

const (
	maxBounceID = 200
	keepReturns = 60 * 24 * time.Hour // how long bounces are expected after the last mail
	touchTime   = 24 * time.Hour      // how exactly the time of the last mail is known
	forgetSoft  = 14 * 24 * time.Hour // soft bounces further apart have nothing to do with each other
)

// Return is a row of table mail_returns: where mail that came back is from. Times are milliseconds since 1970.
type Return struct {
	Token   string `gorm:"primaryKey;size:32"`
	Owner   string `gorm:"size:32;not null"`  // whose Mail it was
	Ref     string `gorm:"size:200;not null"` // Message.BounceID
	Soft    int    `gorm:"not null"`
	FirstAt int64  `gorm:"not null"` // of the soft bounces
	LastAt  int64  `gorm:"not null"`
	SeenAt  int64  `gorm:"not null;index"` // when a mail was last enqueued, to a day
}

// Service returns what a network of this name needs for mail, except for Listen, TLS and Warn, which the caller adds.
func (m *Mailer) Service(name string) Service {
	own := owned{m, name}
	return Service{Queue: own, Bounces: own, Domain: m.config.Domain, Dial: m.config.Dial, TrySubmission: m.TrySubmission}
}

// Register sets the network that is called about the messages enqueued under this name. Call it before Run and before mail comes in.
func (m *Mailer) Register(name string, n Network) { m.networks[name] = n }

// owned is the Mailer as one network uses it: bounces and routes of its messages are that network's.
type owned struct {
	*Mailer
	owner string
}

// Enqueue is Mailer.Enqueue for messages whose bounces are handled.
func (o owned) Enqueue(ctx context.Context, messages ...Message) error {
	return o.enqueue(ctx, o.owner, messages)
}

// Forget implements Queue.
func (o owned) Forget(ctx context.Context, bounceID string) error {
	return o.forget(ctx, o.owner, bounceID)
}

// HandleFor implements Bounces.
func (o owned) HandleFor(ctx context.Context, bounceID string, message []byte) error {
	return o.Handle(ctx, bouncePrefix+o.token(o.owner, bounceID), message)
}

// Forget implements Queue. Bounces of messages that no network owns are ignored, so there is nothing to forget.
func (m *Mailer) Forget(context.Context, string) error { return nil }

// forget deletes where the bounces of a mailbox go. A mail that waits finds that out before it leaves.
func (m *Mailer) forget(ctx context.Context, owner, ref string) error {
	if err := m.queue.db.WithContext(ctx).Where("token = ?", m.token(owner, ref)).Delete(&Return{}).Error; err != nil {
		return fmt.Errorf("forget mailbox: %w", err)
	}
	return nil
}

// back returns the row for the bounces of a mail, and nil if nobody wants to know of them.
func (m *Mailer) back(owner, ref string) (*Return, error) {
	if owner == "" || ref == "" {
		return nil, nil
	}
	if len(ref) > maxBounceID {
		return nil, fmt.Errorf("the bounce's id is longer than %d bytes", maxBounceID)
	}
	return &Return{Token: m.token(owner, ref), Owner: owner, Ref: ref, SeenAt: m.now().UnixMilli()}, nil
}

func (m *Mailer) token(owner, ref string) string {
	return m.queue.box.Digest("mail bounce", owner+"\x00"+ref)[:32]
}

// remember stores where bounces go, in the transaction of the mails.
func remember(tx *gorm.DB, returns []Return) error {
	if len(returns) == 0 {
		return nil
	}
	old := returns[0].SeenAt - touchTime.Milliseconds()
	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "token"}}, DoUpdates: clause.AssignmentColumns([]string{"seen_at"}),
		Where: clause.Where{Exprs: []clause.Expression{clause.Lt{Column: clause.Column{Table: clause.CurrentTable, Name: "seen_at"}, Value: old}}},
	}).CreateInBatches(&returns, 200).Error
}

// Known implements Bounces.
func (m *Mailer) Known(ctx context.Context, local string) (bool, error) {
	_, err := m.returned(ctx, local)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (m *Mailer) returned(ctx context.Context, local string) (r Return, err error) {
	token, found := strings.CutPrefix(strings.ToLower(local), bouncePrefix)
	if !found || len(token) != 32 {
		return r, gorm.ErrRecordNotFound
	}
	var rows []Return
	if err := m.queue.db.WithContext(ctx).Where("token = ?", token).Limit(1).Find(&rows).Error; err != nil {
		return r, fmt.Errorf("look up bounce: %w", err)
	}
	if len(rows) == 0 {
		return r, gorm.ErrRecordNotFound
	}
	return rows[0], nil
}

// Handle implements Bounces.
func (m *Mailer) Handle(ctx context.Context, local string, message []byte) error {
	failed, err := parseDSN(message)
	if err != nil {
		m.log.Info("mail for bounces ignored", "why", err)
		return nil
	}
	worst := fine
	for _, a := range failed {
		worst = max(worst, judge(a, m.config.Direct))
	}
	return m.bounced(ctx, local, worst)
}

// bounced counts a bounce and tells the owner.
func (m *Mailer) bounced(ctx context.Context, local string, v verdict) error {
	if v == fine {
		return nil
	}
	r, err := m.returned(ctx, local)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	b := Bounce{Hard: v == hardly}
	if v == softly {
		if r, err = m.countSoft(ctx, r); err != nil {
			return err
		}
		b.Soft, b.First, b.Last = r.Soft, time.UnixMilli(r.FirstAt), time.UnixMilli(r.LastAt)
	}
	m.log.Info("mail bounced", "for", r.Owner, "hard", b.Hard, "soft", b.Soft)
	network := m.networks[r.Owner]
	if network == nil {
		return nil
	}
	if err := guard(func() error { return network.Bounced(ctx, r.Ref, b) }); err != nil {
		return fmt.Errorf("report bounce: %w", err)
	}
	if b.Dead() {
		return m.forgive(ctx, local) // who comes back begins anew
	}
	return nil
}

func (m *Mailer) countSoft(ctx context.Context, r Return) (Return, error) {
	now := m.now().UnixMilli()
	if r.Soft == 0 || now-r.LastAt > forgetSoft.Milliseconds() {
		r.Soft, r.FirstAt = 0, now
	}
	r.Soft, r.LastAt = r.Soft+1, now
	err := m.queue.db.WithContext(ctx).Model(&Return{}).Where("token = ?", r.Token).
		Updates(map[string]any{"soft": r.Soft, "first_at": r.FirstAt, "last_at": r.LastAt}).Error
	if err != nil {
		return r, fmt.Errorf("count bounce: %w", err)
	}
	return r, nil
}

// forgive forgets the soft bounces of a mailbox: it took a mail.
func (m *Mailer) forgive(ctx context.Context, local string) error {
	token, found := strings.CutPrefix(local, bouncePrefix)
	if !found {
		return nil
	}
	err := m.queue.db.WithContext(ctx).Model(&Return{}).Where("token = ? AND soft > 0", token).Update("soft", 0).Error
	if err != nil {
		return fmt.Errorf("forget bounces: %w", err)
	}
	return nil
}
