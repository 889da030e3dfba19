package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/internal/secret"
)

// Webhook is an address that gets a city's events. Its queue is the city's events after Cursor: they are sent in their order, each until it is taken.
type Webhook struct {
	ID        uint      `gorm:"primaryKey"`
	City      string    `gorm:"size:32;not null;index"`
	URL       string    `gorm:"size:2000;not null"`
	Secret    []byte    `gorm:"not null"`          // sealed
	Kinds     string    `gorm:"size:200;not null"` // of events, separated by spaces
	AdminID   uint      `gorm:"not null"`
	CreatedAt time.Time `gorm:"not null"`

	Cursor   uint       `gorm:"not null"` // the last event that was taken, or was none of Kinds
	Attempts int        `gorm:"not null"` // that have failed since
	NextAt   time.Time  `gorm:"not null"` // of the next attempt
	Lease    *time.Time // until when a node sends
	SentAt   *time.Time // when an event was taken last
	Problem  string     `gorm:"size:100;not null;default:''"` // why the last attempt failed, for people who know HTTP; empty if it did not
	HeldAt   *time.Time // since when nothing is sent, until an admin resumes
}

// TableName is the table's name for gorm.
func (Webhook) TableName() string { return "api_webhooks" }

// Bounds of webhooks.
const (
	MaxWebhooks = 10 // of a city
	maxURL      = 2000
)

// Errors of webhooks.
var (
	ErrURL          = errors.New("the address of a webhook must be https://…, without a name and password")
	ErrKinds        = errors.New("a webhook needs an event, and only those that there are")
	ErrManyWebhooks = errors.New("the city has as many webhooks as it can have")
	ErrNoWebhook    = errors.New("no such webhook")
)

// Webhooks are the webhooks of all cities.
type Webhooks struct {
	tables *gorm.DB
	box    *secret.Box
	feed   *feed
	http   bool // addresses without TLS are allowed
	now    func() time.Time
	added  func() // has the deliverer look
}

// New makes a webhook that gets what happens from now on, and returns the secret by which its receiver checks signatures.
func (h *Webhooks) New(ctx context.Context, city string, admin uint, address string, kinds []string) (key string, err error) {
	if err := h.checkURL(address); err != nil {
		return "", err
	}
	if len(kinds) == 0 || slices.ContainsFunc(kinds, func(kind string) bool { return !slices.Contains(Kinds, kind) }) {
		return "", ErrKinds
	}
	existing, err := h.List(ctx, city)
	if err != nil {
		return "", err
	}
	if len(existing) >= MaxWebhooks {
		return "", ErrManyWebhooks
	}
	last, err := h.feed.update(ctx, city)
	if err != nil {
		return "", err
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	key = "whsec_" + base64.StdEncoding.EncodeToString(random)
	row := Webhook{City: city, URL: address, Secret: []byte{}, Kinds: strings.Join(kinds, " "), AdminID: admin, CreatedAt: h.now(), Cursor: last, NextAt: db.Time(h.now())}
	err = h.tables.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return tx.Model(&row).Update("secret", h.box.Seal(secretCell(row.ID), []byte(key))).Error
	})
	if err == nil {
		h.added()
	}
	return key, err
}

func secretCell(id uint) secret.Cell {
	return secret.Cell{Table: "api_webhooks", Row: fmt.Sprint(id), Column: "secret"}
}

func (h *Webhooks) checkURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && !(h.http && u.Scheme == "http") {
		return ErrURL
	}
	return nil
}

// List lists the webhooks of a city.
func (h *Webhooks) List(ctx context.Context, city string) (all []Webhook, err error) {
	err = h.tables.WithContext(ctx).Where("city = ?", city).Order("id").Find(&all).Error
	return all, err
}

// Delete deletes a webhook of a city. ErrNoWebhook if there is none.
func (h *Webhooks) Delete(ctx context.Context, city string, id uint) error {
	return changed(h.tables.WithContext(ctx).Where("city = ? AND id = ?", city, id).Delete(&Webhook{}))
}

// Resume sends again to a webhook that was held, beginning with the event that it did not take, or the oldest that is still kept.
func (h *Webhooks) Resume(ctx context.Context, city string, id uint) error {
	err := changed(h.tables.WithContext(ctx).Model(&Webhook{}).Where("city = ? AND id = ?", city, id).
		Updates(map[string]any{"held_at": nil, "attempts": 0, "problem": "", "next_at": db.Time(h.now())}))
	if err == nil {
		h.added()
	}
	return err
}

func changed(done *gorm.DB) error {
	if done.Error == nil && done.RowsAffected == 0 {
		return ErrNoWebhook
	}
	return done.Error
}
