package settings

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/go-gormigrate/gormigrate/v2"

	"linienfunk/bots"
	"linienfunk/censor"
	"linienfunk/db"
)

// ErrConflict is returned by Save when somebody else has saved since the given revision.
var ErrConflict = errors.New("the settings have been changed meanwhile")

// Document is the row of one city.
type Document struct {
	City      string `gorm:"primaryKey;size:32"`
	Settings  string `gorm:"not null"` // JSON
	UpdatedBy uint   `gorm:"not null"` // an admin's id, 0 for the program
	UpdatedAt time.Time
}

// TableName is the table.
func (Document) TableName() string { return "settings_documents" }

// Migrations makes the table.
func Migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{{ID: "1-documents", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Document{}) }}}
}

// Snapshot is one city's configuration at one moment. Nobody changes it: a change makes a new Snapshot.
type Snapshot struct {
	City string
	Settings
	Revision string // SHA-256 of the document, in hex
	Filter   *censor.Filter
}

// Store keeps all cities' Snapshots in memory and in the database.
type Store struct {
	db      *db.DB
	log     *slog.Logger
	lists   compiler
	changed func(city string) // tells all nodes, this one included

	mu     sync.RWMutex
	cities map[string]Snapshot
}

// NewStore makes an empty Store; see Load. lists compiles the lists together with those of the instance. changed is
// called after a change was stored: it must make every node call Reload.
func NewStore(database *db.DB, log *slog.Logger, lists compiler, changed func(city string)) *Store {
	return &Store{db: database, log: log, lists: lists, changed: changed, cities: map[string]Snapshot{}}
}

// Load reads all cities. One that cannot be used is logged and stays as it was, or inactive: it must not keep the others
// from running.
func (s *Store) Load(ctx context.Context) error {
	var rows []Document
	if err := s.db.WithContext(ctx).Find(&rows).Error; err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	found := map[string]bool{}
	for _, row := range rows {
		found[row.City] = true
		if err := s.keep(row); err != nil {
			s.log.Error("cannot use a city's settings", "city", row.City, "err", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.cities, func(city string, _ Snapshot) bool { return !found[city] })
	return nil
}

// loadEvery is how often all cities are read again: a hint that one has changed may get lost.
const loadEvery = time.Minute

// Run keeps up with changes that this node has not heard of, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	ticker := time.NewTicker(loadEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		if err := s.Load(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("cannot look for changed settings", "err", err)
		}
	}
}

// Reload reads one city again.
func (s *Store) Reload(ctx context.Context, city string) error {
	var row Document
	err := s.db.WithContext(ctx).Where("city = ?", city).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		s.mu.Lock()
		delete(s.cities, city)
		s.mu.Unlock()
		return nil
	}
	if err != nil {
		return fmt.Errorf("reload settings: %w", err)
	}
	return s.keep(row)
}

func (s *Store) keep(row Document) error {
	revision := hash(row.Settings)
	s.mu.RLock()
	have, known := s.cities[row.City]
	s.mu.RUnlock()
	if known && have.Revision == revision {
		return nil
	}
	var doc Settings
	err := json.Unmarshal([]byte(row.Settings), &doc)
	var filter *censor.Filter
	if err == nil {
		filter, err = doc.compile(s.lists)
	}
	if err != nil && known {
		return err
	}
	if err != nil { // a city that is there, but at rest, until somebody saves settings that work
		doc = Default(row.City, languages[0])
		doc.Active, doc.Listed = false, false
		broken := err
		if filter, err = doc.compile(s.lists); err != nil {
			return err
		}
		err = broken
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cities[row.City] = Snapshot{City: row.City, Settings: doc, Revision: revision, Filter: filter}
	return err
}

func hash(doc string) string {
	sum := sha256.Sum256([]byte(doc))
	return hex.EncodeToString(sum[:])
}

// Get returns a city's configuration from memory; false if there is no such city.
func (s *Store) Get(_ context.Context, city string) (Snapshot, bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	snapshot, ok := s.cities[city]
	return snapshot, ok, nil
}

// All returns all cities, in the order of their names.
func (s *Store) All(context.Context) ([]Snapshot, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]Snapshot, 0, len(s.cities))
	for _, snapshot := range s.cities {
		all = append(all, snapshot)
	}
	slices.SortFunc(all, func(a, b Snapshot) int { return cmp.Compare(a.City, b.City) })
	return all, nil
}

// Create writes a new city's configuration in the transaction that makes the city. Call Created when it is committed.
func (s *Store) Create(ctx context.Context, tx *gorm.DB, city string, doc Settings) error {
	if _, err := doc.compile(s.lists); err != nil {
		return err
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	return tx.WithContext(ctx).Create(&Document{City: city, Settings: string(text)}).Error
}

// Created makes the new city known to all nodes.
func (s *Store) Created(ctx context.Context, city string) error {
	return s.publish(ctx, city)
}

// publish makes what is in the database be in force everywhere, even if whoever saved it has gone meanwhile.
func (s *Store) publish(ctx context.Context, city string) error {
	err := s.Reload(context.WithoutCancel(ctx), city)
	s.changed(city)
	return err
}

// Save replaces a city's configuration, if base is still its revision. It returns Errors for what Validate would not accept, and
// ErrConflict together with the present Snapshot if somebody else was faster.
func (s *Store) Save(ctx context.Context, city, base string, admin uint, doc Settings) (Snapshot, error) {
	if _, err := doc.compile(s.lists); err != nil {
		return Snapshot{}, err
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return Snapshot{}, err
	}
	err = s.db.Transaction(ctx, func(tx *gorm.DB) error {
		var row Document
		if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("city = ?", city).Take(&row).Error; err != nil {
			return err
		}
		if hash(row.Settings) != base {
			return ErrConflict
		}
		row.Settings, row.UpdatedBy = string(text), admin
		return tx.Save(&row).Error
	})
	if err != nil && !errors.Is(err, ErrConflict) {
		return Snapshot{}, fmt.Errorf("save settings: %w", err)
	}
	refresh := s.Reload
	if err == nil {
		refresh = s.publish
	}
	if err := refresh(ctx, city); err != nil {
		return Snapshot{}, err
	}
	snapshot, _, _ := s.Get(ctx, city)
	return snapshot, err
}

// Rules is what the censor asks.
func (s *Store) Rules(city string) (censor.Rules, bool) {
	snapshot, ok, _ := s.Get(context.Background(), city)
	return censor.Rules{Filter: snapshot.Filter, Active: snapshot.Active, Freshness: snapshot.Freshness()}, ok
}

// Cities is what the bots see.
func (s *Store) Cities() bots.Cities { return view{s} }
