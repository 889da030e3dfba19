// Package transit keeps the networks of cities: lines and stops, see package network.
//
//	Store    the table of networks, by the hash of their content. A city's settings name one.
//	Imports  reads feeds that admins upload, or whose address they enter, in the background, and fetches the latter again every week
//	Readers  a read.Reader for each city, in memory
package transit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/transit/network"
)

// MaxCityStops is the limit of the stops of a city's network. The largest cities with their surroundings have some 20,000; a feed may have more, of which admins
// choose a part.
const MaxCityStops = 40_000

// ErrLarge means that a network has more than MaxCityStops stops.
var ErrLarge = fmt.Errorf("the network has more than %d stops", MaxCityStops)

// How long a network is kept that no city's settings name.
const (
	newTime  = 24 * time.Hour      // after it was saved: an admin looks at it, and may choose a part of it
	usedTime = 30 * 24 * time.Hour // after settings named it last, so that an admin can undo
)

// row is a network.
type row struct {
	Hash      string    `gorm:"primaryKey;size:64"` // SHA-256 of Data, in hexadecimal digits
	Data      []byte    `gorm:"not null"`           // see network.Network.Encode
	Lines     int       `gorm:"not null"`
	Stops     int       `gorm:"not null"`
	CreatedAt time.Time `gorm:"not null"`
	KeepUntil time.Time `gorm:"not null;index"`
}

// TableName is the table.
func (row) TableName() string { return "transit_networks" }

// Migrations create the tables, on a handle with the prefix "transit_".
func Migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{{
		ID:      "1-networks",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&row{}, &importRow{}) },
	}, {
		ID:      "2-refreshes",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&importRow{}, &refreshRow{}) },
	}}
}

// Store keeps networks in the database. A network is stored once, however many cities have it, and never changed.
type Store struct {
	db  *db.DB
	now func() time.Time
}

// NewStore returns the Store of a database with the tables of Migrations.
func NewStore(d *db.DB, now func() time.Time) *Store { return &Store{d, now} }

// Save stores a network and returns its hash. It is kept for a day, or longer if a city's settings name it: see Prune.
func (s *Store) Save(ctx context.Context, n *network.Network) (hash string, err error) {
	var data bytes.Buffer
	if err := n.Encode(&data); err != nil {
		return "", err
	}
	sum := sha256.Sum256(data.Bytes())
	one := row{
		Hash: hex.EncodeToString(sum[:]), Data: data.Bytes(), Lines: len(n.Lines), Stops: len(n.Stops),
		CreatedAt: db.Time(s.now()), KeepUntil: db.Time(s.now().Add(newTime)),
	}
	err = s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&one).Error; err != nil {
			return err
		}
		return keep(tx, one.KeepUntil, one.Hash)
	})
	if err != nil {
		return "", fmt.Errorf("save network: %w", err)
	}
	return one.Hash, nil
}

// Use keeps a network for 30 days, before settings that name it are saved: Prune may come later.
func (s *Store) Use(ctx context.Context, hash string) error {
	if err := keep(s.db.WithContext(ctx), db.Time(s.now().Add(usedTime)), hash); err != nil {
		return fmt.Errorf("keep network: %w", err)
	}
	return nil
}

// keep moves the end of networks that would be deleted before.
func keep(tx *gorm.DB, until time.Time, hashes ...string) error {
	return tx.Model(&row{}).Where("hash IN ? AND keep_until < ?", hashes, until).UpdateColumn("keep_until", until).Error
}

// Load returns a network. The error is db.ErrNotFound if there is none with this hash, and network.ErrVersion if another version of the program
// has encoded it.
func (s *Store) Load(ctx context.Context, hash string) (*network.Network, error) {
	var found row
	err := s.db.WithContext(ctx).Where("hash = ?", hash).Take(&found).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, db.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("load network: %w", err)
	}
	return network.Decode(bytes.NewReader(found.Data))
}

// Size returns the numbers of lines and stops of a network; db.ErrNotFound if it is not stored.
func (s *Store) Size(ctx context.Context, hash string) (lines, stops int, err error) {
	var found []row
	if err := s.db.WithContext(ctx).Select("lines", "stops").Where("hash = ?", hash).Limit(1).Find(&found).Error; err != nil {
		return 0, 0, fmt.Errorf("read network: %w", err)
	}
	if len(found) == 0 {
		return 0, 0, db.ErrNotFound
	}
	return found[0].Lines, found[0].Stops, nil
}

// pruneBatch is how many hashes one statement names.
const pruneBatch = 500

// Prune deletes the networks that no settings have named for 30 days, and those that were saved more than a day ago and never named.
// used are the hashes in the present settings of all cities.
func (s *Store) Prune(ctx context.Context, used []string) error {
	now := s.now()
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for from := 0; from < len(used); from += pruneBatch {
			// The end moves once a day only, since each write waits for the disk.
			batch := used[from:min(len(used), from+pruneBatch)]
			soon := db.Time(now.Add(usedTime - 24*time.Hour))
			end := db.Time(now.Add(usedTime))
			if err := tx.Model(&row{}).Where("hash IN ? AND keep_until < ?", batch, soon).UpdateColumn("keep_until", end).Error; err != nil {
				return err
			}
		}
		return tx.Where("keep_until < ?", db.Time(now)).Delete(&row{}).Error
	})
	if err != nil {
		return fmt.Errorf("prune networks: %w", err)
	}
	return nil
}
