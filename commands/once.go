package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/internal/secret"
)

// doneCall is a call with a key. Its row is made before the command is carried out, so that of two calls at the same time one is.
type doneCall struct {
	Actor  string    `gorm:"primaryKey;size:80"`
	Key    string    `gorm:"primaryKey;size:64"` // a digest: whoever calls may put anything into a key
	Values string    `gorm:"size:64;not null"`   // a digest of the command and its values
	Result []byte    // JSON, sealed; empty until it is carried out
	At     time.Time `gorm:"not null;index"`
}

func (doneCall) TableName() string { return "command_calls" }

// keptFor is how long keys are remembered. abandonedAfter is when a call that has no result yet may be carried out again: the program was killed meanwhile.
const (
	keptFor        = 24 * time.Hour
	abandonedAfter = time.Minute
)

// once carries out a call with a key, unless it was.
func (c *Commands) once(ctx context.Context, command Command, call Call, run func() (any, error)) (any, error) {
	text, err := json.Marshal([]any{command.Name, call.City, call.Args}) // the keys of a map are sorted
	if err != nil {
		return nil, err
	}
	row := doneCall{Actor: call.Actor.ID, Key: digest([]byte(call.Key)), Values: digest(text), At: db.Time(c.Now())}
	if call.Actor.ID == "" {
		row.Actor = c.Box.Digest("command actor", call.Actor.Network+" "+call.Actor.Person)
	}
	claimed, err := c.claim(ctx, row)
	if err != nil {
		return nil, err
	}
	if !claimed {
		return c.earlier(ctx, command, row)
	}
	result, err := run()
	if err != nil {
		err2 := c.Tables.WithContext(context.WithoutCancel(ctx)).Where("actor = ? AND key = ?", row.Actor, row.Key).Delete(&doneCall{}).Error
		if err2 != nil {
			c.Log.Warn("a command that failed cannot be repeated for a minute", "name", command.Name, "err", err2)
		}
		return nil, err
	}
	plain, err := json.Marshal(result)
	if err != nil {
		return nil, err
	}
	// The command was carried out: that counts even if the caller has left.
	err = c.Tables.WithContext(context.WithoutCancel(ctx)).Model(&doneCall{}).Where("actor = ? AND key = ?", row.Actor, row.Key).
		Update("result", c.Box.Seal(resultCell(row), plain)).Error
	if err != nil {
		return nil, fmt.Errorf("remember that the command was carried out: %w", err)
	}
	return result, nil
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func resultCell(row doneCall) secret.Cell {
	return secret.Cell{Table: "command_calls", Row: row.Actor + " " + row.Key, Column: "result"}
}

// claim reports whether the caller is the one that carries out the call.
func (c *Commands) claim(ctx context.Context, row doneCall) (bool, error) {
	made := c.Tables.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if made.Error != nil || made.RowsAffected > 0 {
		return made.RowsAffected > 0, made.Error
	}
	taken := c.Tables.WithContext(ctx).Model(&doneCall{}).
		Where("actor = ? AND key = ? AND (at < ? OR result IS NULL AND at < ? AND \"values\" = ?)", row.Actor, row.Key, db.Time(c.Now().Add(-keptFor)), db.Time(c.Now().Add(-abandonedAfter)), row.Values).
		Updates(map[string]any{"at": row.At, "result": nil, "values": row.Values})
	return taken.RowsAffected > 0, taken.Error
}

// earlier returns the result of the call that was carried out before.
func (c *Commands) earlier(ctx context.Context, command Command, row doneCall) (any, error) {
	var found doneCall
	if err := c.Tables.WithContext(ctx).Where("actor = ? AND key = ?", row.Actor, row.Key).Take(&found).Error; err != nil {
		return nil, err
	}
	switch {
	case found.Values != row.Values:
		return nil, refuse(Conflict, "refused-key")
	case len(found.Result) == 0:
		return nil, refuse(Unavailable, "refused-running")
	}
	plain, err := c.Box.Open(resultCell(row), found.Result)
	if err != nil {
		return nil, err
	}
	result := reflect.New(reflect.TypeOf(command.Result))
	if err := json.Unmarshal(plain, result.Interface()); err != nil {
		return nil, err
	}
	return result.Elem().Interface(), nil
}

// Prune deletes what is not needed any more.
func (c *Commands) Prune(ctx context.Context) error {
	for _, old := range []struct {
		rows  any
		which string
		at    time.Time
	}{{&doneCall{}, "at < ?", c.Now().Add(-keptFor)}, {&RegistrationLink{}, "expires_at < ?", c.Now()}, {&Block{}, "expires_at < ?", c.Now()}, {&Announcement{}, "ends_at < ?", c.Now().Add(-announcementsKept)}, {&Flag{}, "at < ?", c.Now().Add(-FlagsKept)}, {&Act{}, "at < ?", c.Now().Add(-ActsKept)}, {&Invitation{}, "expires_at < ?", c.Now()}, {&InfoPlace{}, "code <> '' AND expires < ?", c.Now()}} {
		due, err := db.Any(c.Tables.WithContext(ctx).Model(old.rows), old.which, db.Time(old.at))
		if err == nil && due {
			err = c.Tables.WithContext(ctx).Where(old.which, db.Time(old.at)).Delete(old.rows).Error
		}
		if err != nil {
			return err
		}
	}
	return c.prunePlaces(ctx)
}

// tables are the tables of this package, for its migrations.
func tables(tx *gorm.DB) error { return tx.AutoMigrate(&doneCall{}, &Link{}) }
