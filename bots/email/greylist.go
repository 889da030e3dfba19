package email

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Greylist remembers who has tried to send what to whom: RFC 6647. It holds no address, only a keyed hash of the client's network, the
// envelope's sender and the city.
type Greylist struct {
	Triplet string `gorm:"primaryKey;size:64"`
	FirstAt int64  `gorm:"not null"`       // when it was first seen, seconds since 1970
	SeenAt  int64  `gorm:"not null;index"` // when it was last seen
	Passed  bool   `gorm:"not null"`
}

// Times and size of the greylist: RFC 6647, section 5, wants the wait to be between a minute and a day, and those who passed to be
// remembered for a week at least.
const (
	greyWait   = time.Minute
	greyWindow = 24 * time.Hour      // for the second try
	greyMemory = 30 * 24 * time.Hour // of those who passed, since the last mail
	maxGrey    = 200_000             // rows; when they are full, all pass
)

// parseSwitch reads bots.<name>.greylist.
func parseSwitch(name, value string) (bool, error) {
	switch value {
	case "on":
		return true, nil
	case "off", "":
		return false, nil
	}
	return false, fmt.Errorf("%s: %q is neither on nor off", name, value)
}

// network is what of an address most likely belongs to one owner: /24 of IPv4, /64 of IPv6. A server that tries again may do so from a
// neighbour's address.
func network(ip netip.Addr) netip.Prefix {
	bits := 24
	if ip = ip.Unmap().WithZone(""); ip.Is6() {
		bits = 64
	}
	prefix, _ := ip.Prefix(bits) // fails for the invalid address, which has the invalid network
	return prefix
}

// greylisted says whether a client is to come again later. Servers of our own never are, and neither are bounces, which others use
// to check addresses. A database that does not work lets everybody pass.
func (b *Bot) greylisted(ctx context.Context, c *conn, from, city string) bool {
	if !b.grey || from == "" || !b.foreign(c) {
		return false
	}
	triplet := b.core.Box.Digest("email greylist", network(c.addr).String()+"\x00"+sender(from)+"\x00"+city)
	passes, err := b.store.passes(ctx, triplet)
	if err != nil {
		b.core.Log.Error("greylist not asked", "error", err)
		return false
	}
	return !passes
}

// foreign says whether a client is none of our own servers, and known by its address.
func (b *Bot) foreign(c *conn) bool {
	return c != nil && !c.gate.inner && c.addr.IsValid() && !b.relays.have(c.addr) && !private(c.addr)
}

// passes says whether a triplet has waited long enough, and remembers that it was seen.
func (s store) passes(ctx context.Context, triplet string) (passed bool, err error) {
	now := s.now().Unix()
	err = s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var found []Greylist
		if err := tx.Where("triplet = ?", triplet).Limit(1).Find(&found).Error; err != nil {
			return err
		}
		if len(found) == 0 || s.forgotten(found[0], now) {
			passed, err = s.meet(tx, triplet, now)
			return err
		}
		if passed = found[0].Passed || now-found[0].FirstAt >= int64(greyWait.Seconds()); !passed {
			return nil
		}
		return tx.Model(&Greylist{}).Where("triplet = ?", triplet).Updates(map[string]any{"passed": true, "seen_at": now}).Error
	})
	if err != nil {
		return false, fmt.Errorf("ask greylist: %w", err)
	}
	return passed, nil
}

func (s store) forgotten(g Greylist, now int64) bool {
	if g.Passed {
		return now-g.SeenAt > int64(greyMemory.Seconds())
	}
	return now-g.FirstAt > int64(greyWindow.Seconds())
}

// meet writes down a triplet that is new, and forgets old ones.
func (s store) meet(tx *gorm.DB, triplet string, now int64) (passed bool, err error) {
	err = tx.Where("passed = ? AND seen_at < ? OR passed = ? AND first_at < ?", true, now-int64(greyMemory.Seconds()),
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
