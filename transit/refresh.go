package transit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/transit/network"
)

// Intervals of refreshing.
const (
	refreshInterval = 10 * time.Minute   // of looking for what is due
	refreshTime     = 7 * 24 * time.Hour // of each city
	retryRefresh    = 24 * time.Hour     // after a failure
	claimTime       = 6 * time.Hour      // after which another node tries, if this one dies meanwhile
)

// ErrOther is returned by Imports.Apply for a city that has another network by now.
var ErrOther = errors.New("the city has another network")

// Refresh is where the network of a city comes from, and how that is going.
type Refresh struct {
	Address string
	Network string             // which it led to last
	Checked time.Time          // when the feed was fetched or found unchanged last
	Failure *network.FeedError // of the last attempt
	Failed  bool
}

// refreshRow is a city whose network is fetched again every week.
type refreshRow struct {
	City         string    `gorm:"primaryKey;size:32"`
	Address      string    `gorm:"size:500;not null"`
	Part         string    `gorm:"not null"` // see part
	Network      string    `gorm:"size:64;not null"`
	ETag         string    `gorm:"column:etag;size:200;not null"`
	LastModified string    `gorm:"size:60;not null"`
	DueAt        time.Time `gorm:"not null;index"`
	CheckedAt    time.Time `gorm:"not null"`
	Failed       bool      `gorm:"not null"`
	Problem      string    `gorm:"not null"` // a network.FeedError as JSON, or empty
}

// TableName is the table.
func (refreshRow) TableName() string { return "transit_refreshes" }

// Follow remembers that a city's network, of the given hash, is a part of the feed that was imported last, and fetches that again every week if it came from an
// address. It may come before the settings name the network. The city's former address is forgotten in any case.
func (i *Imports) Follow(ctx context.Context, city string, last Import, part network.Options, hash string) error {
	s := i.store
	if last.Address == "" {
		return i.Unfollow(ctx, city)
	}
	if part.Circle == nil {
		part.Circle = last.Part.Circle
	}
	r := refreshRow{City: city, Address: last.Address, Part: encodePart(part), Network: hash, ETag: last.etag, LastModified: last.lastModified,
		DueAt: db.Time(s.now().Add(refreshTime)), CheckedAt: db.Time(last.Started)}
	if err := s.db.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&r).Error; err != nil {
		return fmt.Errorf("follow feed: %w", err)
	}
	return nil
}

// Unfollow stops refreshing a city's network.
func (i *Imports) Unfollow(ctx context.Context, city string) error {
	if err := i.store.db.WithContext(ctx).Where("city = ?", city).Delete(&refreshRow{}).Error; err != nil {
		return fmt.Errorf("forget address of feed: %w", err)
	}
	return nil
}

// Refreshed returns where a city's network comes from; false if it is not refreshed.
func (i *Imports) Refreshed(ctx context.Context, city string) (Refresh, bool, error) {
	var found []refreshRow
	if err := i.store.db.WithContext(ctx).Where("city = ?", city).Limit(1).Find(&found).Error; err != nil {
		return Refresh{}, false, fmt.Errorf("read address of feed: %w", err)
	}
	if len(found) == 0 {
		return Refresh{}, false, nil
	}
	r := found[0]
	shown := Refresh{Address: r.Address, Network: r.Network, Checked: r.CheckedAt, Failed: r.Failed}
	if r.Problem != "" {
		shown.Failure = &network.FeedError{}
		if err := json.Unmarshal([]byte(r.Problem), shown.Failure); err != nil {
			return Refresh{}, false, fmt.Errorf("read address of feed: %w", err)
		}
	}
	return shown, true, nil
}

// RefreshDue refreshes the networks of all cities whose turn it is. Run calls it.
func (i *Imports) RefreshDue(ctx context.Context) {
	for ctx.Err() == nil && i.HTTP != nil && i.Apply != nil {
		r, found, err := i.store.claimRefresh(ctx)
		if err != nil && ctx.Err() == nil {
			i.log.Error("cannot look for feeds to refresh", "err", err)
		}
		if err != nil || !found {
			return
		}
		select {
		case i.files <- struct{}{}:
			i.refresh(ctx, r)
			<-i.files
		case <-ctx.Done():
		}
	}
}

// claimRefresh takes a city that is due, so that no other node takes it.
func (s *Store) claimRefresh(ctx context.Context) (r refreshRow, ok bool, err error) {
	for {
		var due []refreshRow
		if err := s.db.WithContext(ctx).Where("due_at <= ?", db.Time(s.now())).Order("due_at").Limit(1).Find(&due).Error; err != nil || len(due) == 0 {
			return r, false, err
		}
		r = due[0]
		claim := s.db.WithContext(ctx).Model(&refreshRow{}).Where("city = ? AND due_at = ?", r.City, r.DueAt).UpdateColumn("due_at", db.Time(s.now().Add(claimTime)))
		if claim.Error != nil || claim.RowsAffected > 0 {
			return r, claim.Error == nil, claim.Error
		}
	}
}

// refresh fetches a feed again and, if it has changed, makes it the city's network. The old one stays if anything is wrong with the new one.
func (i *Imports) refresh(ctx context.Context, r refreshRow) {
	err := i.tryRefresh(ctx, &r)
	var wrong *network.FeedError
	switch {
	case ctx.Err() != nil:
		return // another node, or the next start, tries again
	case errors.Is(err, ErrOther):
		if err := i.Unfollow(ctx, r.City); err != nil {
			i.log.Error("cannot forget the address of a feed", "city", r.City, "err", err)
		}
		return
	case err == nil:
		r.Failed, r.Problem, r.CheckedAt, r.DueAt = false, "", db.Time(i.store.now()), db.Time(i.store.now().Add(refreshTime))
	default:
		r.Failed, r.Problem, r.DueAt = true, "", db.Time(i.store.now().Add(retryRefresh))
		if errors.As(err, &wrong) {
			text, _ := json.Marshal(wrong) // cannot fail for texts and numbers
			r.Problem = string(text)
		}
		i.log.Warn("cannot refresh the network of a city; the old one stays", "city", r.City, "err", err)
	}
	changes := map[string]any{"network": r.Network, "etag": r.ETag, "last_modified": r.LastModified, "due_at": r.DueAt, "checked_at": r.CheckedAt,
		"failed": r.Failed, "problem": r.Problem}
	// Not if an admin has entered another address meanwhile.
	if err := i.store.db.WithContext(ctx).Model(&refreshRow{}).Where("city = ? AND address = ?", r.City, r.Address).UpdateColumns(changes).Error; err != nil {
		i.log.Error("cannot write how a feed was refreshed", "city", r.City, "err", err)
	}
}

func (i *Imports) tryRefresh(ctx context.Context, r *refreshRow) error {
	got, err := i.fetch(ctx, r.Address, fetched{etag: r.ETag, lastModified: r.LastModified})
	if got.path != "" {
		defer i.remove(got.path)
	}
	if err != nil || got.path == "" {
		return err
	}
	n, err := i.readFile(ctx, job{path: got.path, part: decodePart(r.Part)}, &counter{})
	if err != nil {
		return err
	}
	if lines, _, err := i.store.Size(ctx, r.Network); err == nil && 2*len(n.Lines) < lines {
		return &network.FeedError{Problem: Shrunk, Want: fmt.Sprintf("the feed has %d lines now, instead of %d", len(n.Lines), lines)}
	}
	if len(n.Stops) > MaxCityStops {
		return &network.FeedError{Problem: network.TooLarge, Want: fmt.Sprintf("the city's part of the feed has %d stops now; a city has at most %d", len(n.Stops), MaxCityStops)}
	}
	hash, err := i.store.Save(ctx, n)
	if err != nil {
		return err
	}
	if err := i.store.Use(ctx, hash); err != nil {
		return err
	}
	if err := i.Apply(ctx, r.City, r.Network, hash); err != nil {
		return err
	}
	r.Network, r.ETag, r.LastModified = hash, got.etag, got.lastModified
	return nil
}
