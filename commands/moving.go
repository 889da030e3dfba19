package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/internal/outgoing"
	"linienfunk/settings"
)

// Move is a city whose owners say that it is at another instance now. The city goes on until they delete it.
type Move struct {
	City  string    `gorm:"primaryKey;size:32"`
	URL   string    `gorm:"size:200;not null"` // its page there
	At    time.Time `gorm:"not null"`
	AskAt time.Time `gorm:"not null"`            // from then on subscribers are asked
	Told  string    `gorm:"not null;default:''"` // JSON: how far subscribers were told whom a network cannot ask, by network

	LookAt     *time.Time // when it is looked again for subscribers who were not asked
	LeaseUntil *time.Time // of the node that is at it
}

// TableName is the table's name for gorm.
func (Move) TableName() string { return "command_moves" }

// MoveGrace is how long nobody is asked after a city has said that it moved: until then it can be taken back as if nothing had been.
const MoveGrace = time.Hour

// moveEvery is how often it is looked for subscribers of a city that has moved who have not been asked: new ones may come.
const moveEvery = time.Minute

// maxMoveURL is the longest address of a city's page elsewhere, which the answer to a mail has in one line.
const maxMoveURL = 200

// CityMove is the result of "city moved" and "city stays".
type CityMove struct {
	City string     `json:"city"`
	URL  string     `json:"url" doc:"The city's page elsewhere; empty if it stays."`
	Asks *time.Time `json:"asks,omitempty" doc:"When subscribers are asked whether they want to go along. Until then city stays takes it back and nobody has heard of it."`
	Told bool       `json:"told" doc:"Whether subscribers have been asked."`
}

// Moves reads which cities have moved, and where to, for settings.Node.SetMoves.
func (c *Commands) Moves(ctx context.Context) (map[string]string, error) {
	var rows []Move
	if err := c.Tables.WithContext(ctx).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read which cities have moved: %w", err)
	}
	all := map[string]string{}
	for _, row := range rows {
		all[row.City] = row.URL
	}
	return all, nil
}

// MoveOf returns what a city has said about its move; false if it stays.
func (c *Commands) MoveOf(ctx context.Context, city string) (CityMove, bool, error) {
	var rows []Move
	err := c.Tables.WithContext(ctx).Where("city = ?", city).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return CityMove{City: city}, false, err
	}
	return c.moveOf(rows[0]), true, nil
}

func (c *Commands) moveOf(row Move) CityMove {
	asks := row.AskAt
	return CityMove{City: row.City, URL: row.URL, Asks: &asks, Told: !c.Now().Before(asks)}
}

// readMoveURL returns the address of a city's page elsewhere as it is shown: https, a host that may be public, in ASCII, and nothing that is only for one person.
func (c *Commands) readMoveURL(text string) (string, *Refusal) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return "", wrong("url", "refused-move-url")
	}
	host, err := u.Hostname(), error(nil)
	if !strings.Contains(host, ":") { // an IPv6 address
		host, err = idna.Lookup.ToASCII(host)
	}
	switch secure := u.Scheme == "https" || c.PrivateHosts && u.Scheme == "http"; {
	case err != nil || !secure:
		return "", wrong("url", "refused-move-url")
	case !c.PrivateHosts && !outgoing.PublicHost(host):
		return "", wrong("url", "refused-move-host", "Host", u.Hostname())
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	u.Host, u.Fragment, u.RawFragment, u.RawQuery, u.ForceQuery = host, "", "", "", false
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	if address := u.String(); len(address) <= maxMoveURL {
		return address, nil
	}
	return "", wrong("url", "refused-move-long", "Limit", maxMoveURL)
}

// cityMoved says at once on all pages of a city that it is elsewhere, and after an hour asks its subscribers.
func cityMoved(ctx context.Context, c *Commands, call Call) (any, error) {
	address, mistake := c.readMoveURL(call.Text("url"))
	if mistake != nil {
		return nil, mistake
	}
	if address == c.pageOf(call.City) {
		return nil, wrong("url", "refused-move-here")
	}
	now := db.Time(c.Now())
	row := Move{City: call.City, URL: address, At: now, AskAt: now.Add(MoveGrace)}
	made := c.Tables.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if made.Error != nil {
		return nil, made.Error
	}
	if made.RowsAffected == 0 {
		move, _, err := c.MoveOf(ctx, call.City)
		if err != nil {
			return nil, err
		}
		if move.URL == address {
			return move, nil
		}
		return nil, refuse(Conflict, "refused-moved", "URL", move.URL)
	}
	c.instanceChanged(ctx)
	return c.moveOf(row), nil
}

// cityStays takes back that a city has moved. Nobody who has agreed to go along goes anywhere then.
func cityStays(ctx context.Context, c *Commands, call Call) (any, error) {
	move, ok, err := c.MoveOf(ctx, call.City)
	if err != nil {
		return nil, err
	}
	if !ok {
		return CityMove{City: call.City}, nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.Movers)) { // before the row: this can be repeated
		if err := c.Movers[name].ForgetMove(ctx, call.City); err != nil {
			return nil, err
		}
	}
	if err := c.Tables.WithContext(ctx).Where("city = ?", call.City).Delete(&Move{}).Error; err != nil {
		return nil, err
	}
	c.instanceChanged(ctx)
	return CityMove{City: call.City, Told: move.Told}, nil
}

func (c *Commands) pageOf(city string) string { return c.BaseURL + "/c/" + city }

// MoveCities asks the subscribers of cities that have moved, each city on one node, and tells those who came to a city here. What was interrupted goes on.
func (c *Commands) MoveCities(ctx context.Context) error {
	var moves []Move
	now := db.Time(c.Now())
	err := c.Tables.WithContext(ctx).Where("ask_at <= ? AND (look_at IS NULL OR look_at <= ?)", now, now).Order("city").Find(&moves).Error
	for _, row := range moves {
		err = errors.Join(err, c.leased(ctx, row.City, &Move{}, func(ctx context.Context) error { return c.askToMove(ctx, row) }))
	}
	return errors.Join(err, c.welcome(ctx))
}

// leased does what is to be done about a city's row of a table, unless another node is at it. SQLite has one process: what it finds leased is left by one that was killed.
func (c *Commands) leased(ctx context.Context, city string, table any, do func(ctx context.Context) error) error {
	now := db.Time(c.Now())
	query := c.Tables.WithContext(ctx).Model(table).Where("city = ?", city)
	if c.DB.Name() != "sqlite" {
		query = query.Where("lease_until IS NULL OR lease_until < ?", now)
	}
	claimed := query.Updates(map[string]any{"lease_until": now.Add(endLease)})
	if claimed.Error != nil || claimed.RowsAffected == 0 {
		return claimed.Error
	}
	limited, cancel := context.WithTimeout(ctx, endLease-leaveTime)
	defer cancel()
	err := do(limited)
	if err != nil {
		err = fmt.Errorf("%s: %w", city, err)
	}
	return errors.Join(err, c.Tables.WithContext(context.WithoutCancel(ctx)).Model(table).Where("city = ?", city).Updates(map[string]any{"lease_until": nil}).Error)
}

// untilNone calls a step with a limit of a minute, until it has nothing left to do.
func untilNone(ctx context.Context, step func(ctx context.Context) (int, error)) error {
	for {
		limited, cancel := context.WithTimeout(ctx, announceTime)
		n, err := step(limited)
		cancel()
		if err != nil || n == 0 {
			return err
		}
	}
}

// askToMove asks and tells the subscribers of one city, and then leaves it alone for a minute, also after an error. A city that the operator has stopped sends nothing.
func (c *Commands) askToMove(ctx context.Context, row Move) error {
	city, ok, err := c.Settings.Get(ctx, row.City)
	if err != nil || !ok || city.Stop.Kind != "" {
		return err
	}
	err = c.askAll(ctx, city, row)
	return errors.Join(err, c.Tables.WithContext(context.WithoutCancel(ctx)).Model(&Move{}).Where("city = ?", row.City).Update("look_at", db.Time(c.Now().Add(moveEvery))).Error)
}

func (c *Commands) askAll(ctx context.Context, city settings.Snapshot, row Move) (err error) {
	for _, name := range slices.Sorted(maps.Keys(c.Movers)) {
		err = errors.Join(err, untilNone(ctx, func(ctx context.Context) (int, error) { return c.Movers[name].AskToMove(ctx, row.City, row.URL) }))
	}
	told := map[string]string{}
	if row.Told != "" {
		err = errors.Join(err, json.Unmarshal([]byte(row.Told), &told))
	}
	text := c.Text(city.Lang, "moved-told", "City", city.Title, "URL", row.URL)
	key := "moved " + row.City + " " + row.URL
	_, failed := c.tellSubscribers(ctx, subscriberNews{city: row.City, key: key, text: text, since: row.AskAt, told: told, without: c.asks, keep: func(told string) error {
		return c.Tables.WithContext(context.WithoutCancel(ctx)).Model(&Move{}).Where("city = ? AND url = ?", row.City, row.URL).Update("told", told).Error
	}})
	return errors.Join(err, failed)
}

// asks reports whether a network asks its subscribers, and need not tell them.
func (c *Commands) asks(network string) bool { return c.Movers[network] != nil }
