package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/mail"
)

// EndGrace is how long a deletion can be stopped. nameKept is how long nobody else may have the name afterwards.
const (
	EndGrace = 24 * time.Hour
	nameKept = 30 * 24 * time.Hour
)

const (
	announceTime = time.Minute      // of one call of Announce
	leaveTime    = 10 * time.Second // of one call of Leave
	announceFor  = time.Hour        // a network that does not take the last message for so long is left without it
	sweepFor     = time.Hour        // rows that come while a city is being deleted are deleted for as long
	endLease     = 5 * time.Minute  // of the node that deletes a city
)

// CityEnding is the result of "city delete".
type CityEnding struct {
	City string    `json:"city"`
	Ends time.Time `json:"ends" doc:"When everything is deleted. Until then, city restore stops it."`
}

// deleteCity pauses a city, and has it deleted after a day.
func deleteCity(ctx context.Context, c *Commands, call Call) (any, error) {
	return c.startEnding(ctx, call, call.Actor.ID, "ending")
}

// removedBy is EndedCity.By of a city that its owners cannot keep.
const removedBy = OperatorID + " remove"

// removeCity is deleteCity for a city that its owners cannot keep.
func removeCity(ctx context.Context, c *Commands, call Call) (any, error) {
	return c.startEnding(ctx, call, removedBy, "removing")
}

// startEnding has a city deleted after a day, and mails its owners the text of this id.
func (c *Commands) startEnding(ctx context.Context, call Call, by, id string) (any, error) {
	if call.Text("name") != call.City {
		return nil, wrong("name", "refused-city-name")
	}
	city, ok, err := c.Settings.Get(ctx, call.City)
	if err != nil || !ok {
		return nil, errors.Join(err, refuseUnless(ok, call.City))
	}
	now := db.Time(c.Now())
	row := db.EndedCity{Name: call.City, By: by, AskedAt: now, EndsAt: now.Add(EndGrace), Active: city.Active}
	made := c.DB.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	switch {
	case made.Error != nil:
		return nil, made.Error
	case made.RowsAffected == 0:
		return nil, refuse(Conflict, "refused-ending")
	}
	if _, err := setActive(ctx, c, call, false); err != nil {
		undone := c.DB.WithContext(context.WithoutCancel(ctx)).Where("name = ? AND begun_at IS NULL", call.City).Delete(&db.EndedCity{}).Error
		return nil, errors.Join(err, undone)
	}
	c.mailEnding(ctx, id, call, row.EndsAt)
	return CityEnding{call.City, row.EndsAt}, nil
}

// restoreCity stops the deletion of a city, which is then as it was.
func restoreCity(ctx context.Context, c *Commands, call Call) (any, error) {
	row, err := c.DB.Ended(ctx, call.City)
	if errors.Is(err, db.ErrNotFound) {
		return nil, refuse(Conflict, "refused-not-ending")
	}
	if err != nil {
		return nil, err
	}
	if row.By == removedBy && call.Actor.Level < Operator {
		return nil, refuse(Forbidden, "refused-removed")
	}
	stopped := c.DB.WithContext(ctx).Where("name = ? AND begun_at IS NULL", call.City).Delete(&db.EndedCity{})
	switch {
	case stopped.Error != nil:
		return nil, stopped.Error
	case stopped.RowsAffected == 0:
		return nil, refuse(TooLate, "refused-ended")
	}
	c.mailEnding(ctx, "restored", call, row.EndsAt)
	return setActive(ctx, c, call, row.Active)
}

// refuseEnding refuses to resume a city that is to be deleted.
func (c *Commands) refuseEnding(ctx context.Context, city string, document []byte) error {
	var wanted struct {
		Active bool `json:"active"`
	}
	if err := json.Unmarshal(document, &wanted); err != nil || !wanted.Active {
		return nil // what is wrong with a document is said elsewhere
	}
	switch _, err := c.DB.Ended(ctx, city); {
	case err == nil:
		return refuse(Conflict, "refused-ending")
	case !errors.Is(err, db.ErrNotFound):
		return err
	}
	return nil
}

// mailEnding mails all owners of a city that somebody has it deleted, or has stopped that.
func (c *Commands) mailEnding(ctx context.Context, id string, call Call, ends time.Time) {
	ctx = context.WithoutCancel(ctx)
	city, _, err := c.Settings.Get(ctx, call.City)
	owners, err2 := c.DB.OwnersOf(ctx, call.City)
	by, err3 := c.nameOf(ctx, call.Actor)
	if err = errors.Join(err, err2, err3); err == nil {
		for _, to := range owners {
			pairs := []any{"City", city.Title, "By", by, "Why", call.Text("why"), "Ends", c.texts.When(to.Lang, ends.In(city.Clock())), "URL", c.BaseURL + "/city/" + call.City + "/end"}
			err = errors.Join(err, c.Mail.Enqueue(ctx, mail.Message{
				Key:      "commands:" + id + ":" + digest([]byte(call.City+" "+to.Address+" "+ends.String()+" "+c.Now().String())),
				FromName: "Linienfunk", To: to.Address, Expires: c.Now().Add(EndGrace),
				Subject: c.Text(to.Lang, id+"-subject", pairs...), Text: c.Text(to.Lang, id+"-mail", pairs...),
			}))
		}
	}
	if err != nil {
		c.Log.Warn("not all owners are told about the deletion of their city", "city", call.City, "err", err)
	}
}

// EndCities deletes the cities whose day of grace is over, each on one node. What was interrupted goes on: each step can be repeated.
func (c *Commands) EndCities(ctx context.Context) error {
	now := db.Time(c.Now())
	tables := c.DB.WithContext(ctx)
	freed := tables.Where("free_at <= ?", now).Delete(&db.EndedCity{})
	if freed.Error != nil {
		return freed.Error
	}
	if freed.RowsAffected > 0 {
		if err := c.DB.Erase(ctx); err != nil {
			c.Log.Warn("the name of a deleted city stays in the database's files until they are written again", "err", err)
		}
	}
	var due []db.EndedCity
	err := tables.Where("ends_at <= ? AND (gone_at IS NULL OR erased = ? OR gone_at > ?)", now, false, now.Add(-sweepFor)).Order("ends_at").Find(&due).Error
	for _, row := range due {
		claimed, claimErr := c.claimEnding(ctx, row.Name)
		if claimErr == nil && claimed {
			limited, cancel := context.WithTimeout(ctx, endLease-leaveTime)
			claimErr = errors.Join(c.endCity(limited, row), c.updateEnding(context.WithoutCancel(ctx), row.Name, map[string]any{"lease_until": nil}))
			cancel()
		}
		if claimErr != nil {
			err = errors.Join(err, fmt.Errorf("delete %s: %w", row.Name, claimErr))
		}
	}
	return err
}

// claimEnding reports whether this node is the one to delete a city. SQLite has one process: what it finds claimed is left by one that was killed.
func (c *Commands) claimEnding(ctx context.Context, city string) (bool, error) {
	now := db.Time(c.Now())
	query := c.DB.WithContext(ctx).Model(&db.EndedCity{}).Where("name = ?", city)
	if c.DB.Name() != "sqlite" {
		query = query.Where("lease_until IS NULL OR lease_until < ?", now)
	}
	claimed := query.Updates(map[string]any{"lease_until": now.Add(endLease)})
	return claimed.RowsAffected > 0, claimed.Error
}

func (c *Commands) updateEnding(ctx context.Context, city string, values map[string]any) error {
	return c.DB.WithContext(ctx).Model(&db.EndedCity{}).Where("name = ?", city).Updates(values).Error
}

// endCity does what is left to do.
func (c *Commands) endCity(ctx context.Context, row db.EndedCity) error {
	if !row.Gone() {
		if row.BegunAt == nil {
			now := db.Time(c.Now())
			row.BegunAt = &now
			begun := c.DB.WithContext(ctx).Model(&db.EndedCity{}).Where("name = ? AND begun_at IS NULL", row.Name).Update("begun_at", now)
			if begun.Error != nil || begun.RowsAffected == 0 { // stopped just now
				return begun.Error
			}
		}
		if told, err := c.sayFarewell(ctx, &row); err != nil || !told {
			return err
		}
		c.leaveNetworks(ctx, row.Name)
	}
	move, _, err := c.MoveOf(ctx, row.Name)
	if err != nil {
		return err
	}
	err = c.DeleteCity(ctx, row.Name, func(tx *gorm.DB) error {
		if row.Gone() {
			return nil
		}
		now := db.Time(c.Now())
		return tx.Model(&db.EndedCity{}).Where("name = ?", row.Name).Updates(map[string]any{"gone_at": now, "free_at": now.Add(nameKept), "by": "", "told": "", "moved_to": move.URL}).Error
	})
	if err == nil {
		err = c.SweepCity(ctx, row.Name)
	}
	if err == nil && !row.Erased {
		c.Log.Info("a city was deleted", "city", row.Name)
		err = c.updateEnding(ctx, row.Name, map[string]any{"erased": true})
	}
	return err
}

// toldAll is the mark of a network whose subscribers were all told.
const toldAll = "all"

// sayFarewell tells the subscribers of a city once that it ends. A city that has relayed nothing ends in silence. It returns false if a network wants to be asked again.
func (c *Commands) sayFarewell(ctx context.Context, row *db.EndedCity) (all bool, err error) {
	city, ok, err := c.Settings.Get(ctx, row.Name)
	if err != nil || !ok {
		return ok, err
	}
	relayed, err := db.Any(c.DB.WithContext(ctx).Model(&db.Entry{}), "city = ? AND passed = ?", row.Name, true)
	if err != nil || !relayed {
		return err == nil, err
	}
	told := map[string]string{}
	if row.Told != "" {
		if err := json.Unmarshal([]byte(row.Told), &told); err != nil {
			return false, err
		}
	}
	text := c.Text(city.Lang, "farewell", "City", city.Title, "URL", city.Moved)
	key := "farewell " + row.Name + " " + row.AskedAt.UTC().Format(time.RFC3339)
	return c.tellSubscribers(ctx, subscriberNews{city: row.Name, key: key, text: text, since: *row.BegunAt, told: told, without: func(string) bool { return false }, keep: func(told string) error {
		return c.updateEnding(context.WithoutCancel(ctx), row.Name, map[string]any{"told": told})
	}})
}

// subscriberNews is a message to the subscribers of a city that is no report.
type subscriberNews struct {
	city, key, text string
	since           time.Time                 // a network that does not take it for announceFor is left without it
	told            map[string]string         // how far each network is
	without         func(network string) bool // the networks that are left out
	keep            func(told string) error   // stores told, as JSON
}

// tellSubscribers tells the subscribers, each once. It returns false if a network wants to be asked again.
func (c *Commands) tellSubscribers(ctx context.Context, news subscriberNews) (all bool, err error) {
	all = true
	for _, name := range slices.Sorted(maps.Keys(c.Announcers)) {
		for news.told[name] != toldAll && !news.without(name) {
			limited, cancel := context.WithTimeout(ctx, announceTime)
			next, err := c.Announcers[name].Announce(limited, news.city, news.key, news.text, news.told[name])
			cancel()
			news.told[name] = next
			if next == "" && err == nil || err != nil && (bots.AsError(err).Kind == bots.KindPermanent || bots.AsError(err).Kind == bots.KindRevoked || c.Now().Sub(news.since) > announceFor) {
				news.told[name] = toldAll
			}
			text, _ := json.Marshal(news.told) // strings
			if err := news.keep(string(text)); err != nil {
				return false, err
			}
			if err != nil {
				c.Log.Warn("not all subscribers of a city could be told what becomes of it", "city", news.city, "bot", name, "err", err)
				if all = all && news.told[name] == toldAll; news.told[name] != toldAll {
					break
				}
			}
		}
	}
	return all, nil
}

// leaveNetworks signs out of the city's accounts.
func (c *Commands) leaveNetworks(ctx context.Context, city string) {
	for _, name := range slices.Sorted(maps.Keys(c.Leavers)) {
		limited, cancel := context.WithTimeout(ctx, leaveTime)
		if err := c.Leavers[name].Leave(limited, city); err != nil {
			c.Log.Warn("a deleted city stays signed in to a network", "city", city, "bot", name, "err", err)
		}
		cancel()
	}
}
