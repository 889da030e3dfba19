package inbound

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/internal/limits"
	"linienfunk/mail/text"
)

// Greylist is a row of the greylist (RFC 6647). It holds no address, only a keyed hash of the client's network,
// the envelope's sender and the recipient.
type Greylist struct {
	Triplet string `gorm:"primaryKey;size:64"`
	FirstAt int64  `gorm:"not null"`       // when it was first seen, seconds since 1970
	SeenAt  int64  `gorm:"not null;index"` // when it was last seen
	Passed  bool   `gorm:"not null"`
}

// Times and size of the greylist. RFC 6647, section 5: the wait is between a minute and a day, and triplets that passed are remembered for a
// week at least.
const (
	greyWait   = time.Minute
	greyWindow = 24 * time.Hour      // for the second try
	GreyMemory = 30 * 24 * time.Hour // of triplets that passed, since the last mail
	maxGrey    = 200_000             // rows; when the table is full, all pass
)

// Greylisting lets a sender that is new to a recipient try again later.
type Greylisting struct {
	DB     *gorm.DB            // with the table of Greylist
	Digest func(string) string // a keyed hash
	Now    func() time.Time
	Log    *slog.Logger
}

// defers reports whether the client has to try again later. Bounces pass, since servers use them to check addresses; if the database fails, all mails
// pass. A nil Greylisting defers nothing.
func (g *Greylisting) defers(ctx context.Context, client netip.Addr, from, recipient string) bool {
	if g == nil || from == "" {
		return false
	}
	passes, err := g.passes(ctx, g.Digest(networkOf(client)+"\x00"+text.Canonical(from)+"\x00"+recipient))
	if err != nil {
		g.Log.Error("greylist not read; the mail passes", "err", err)
		return false
	}
	return !passes
}

// networkOf is the part of an address that most likely belongs to one owner. A server that tries again may do so from a neighbour's address.
func networkOf(ip netip.Addr) string { return limits.Network(ip, 24, 64).String() }

// passes reports whether a triplet has waited long enough, and remembers that it was seen.
func (g *Greylisting) passes(ctx context.Context, triplet string) (passed bool, err error) {
	now := g.Now().Unix()
	err = g.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var found []Greylist
		if err := tx.Where("triplet = ?", triplet).Limit(1).Find(&found).Error; err != nil {
			return err
		}
		if len(found) == 0 || isForgotten(found[0], now) {
			passed, err = g.add(tx, triplet, now)
			return err
		}
		if passed = found[0].Passed || now-found[0].FirstAt >= int64(greyWait.Seconds()); !passed {
			return nil
		}
		return tx.Model(&Greylist{}).Where("triplet = ?", triplet).Updates(map[string]any{"passed": true, "seen_at": now}).Error
	})
	if err != nil {
		return false, fmt.Errorf("read greylist: %w", err)
	}
	return passed, nil
}

func isForgotten(row Greylist, now int64) bool {
	if row.Passed {
		return now-row.SeenAt > int64(GreyMemory.Seconds())
	}
	return now-row.FirstAt > int64(greyWindow.Seconds())
}

// add stores a new triplet and deletes old ones.
func (g *Greylisting) add(tx *gorm.DB, triplet string, now int64) (passed bool, err error) {
	err = tx.Where("passed = ? AND seen_at < ? OR passed = ? AND first_at < ?", true, now-int64(GreyMemory.Seconds()),
		false, now-int64(greyWindow.Seconds())).Delete(&Greylist{}).Error
	if err != nil {
		return false, err
	}
	var count int64
	if err := tx.Model(&Greylist{}).Count(&count).Error; err != nil || count >= maxGrey {
		return true, err
	}
	return false, tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&Greylist{Triplet: triplet, FirstAt: now, SeenAt: now}).Error
}
