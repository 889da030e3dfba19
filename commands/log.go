package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
)

// Act is what somebody who runs a city has done. Its values have nothing about other people.
type Act struct {
	ID      uint      `gorm:"primaryKey"`
	City    string    `gorm:"size:32;not null;index"`
	At      time.Time `gorm:"not null;index"`
	Actor   string    `gorm:"size:80;not null"` // Actor.ID
	AdminID uint      `gorm:"not null"`
	Network string    `gorm:"size:32;not null;default:''"` // from whose chat; empty for a page or a program
	Command string    `gorm:"size:40;not null"`
	Values  string    `gorm:"not null;default:''"` // of its parameters, as JSON, without documents and what is about a person
}

// TableName is the table's name for gorm.
func (Act) TableName() string { return "command_acts" }

// ActsKept is how long acts are kept.
const ActsKept = 365 * 24 * time.Hour

// Log is the result of "log", the newest first.
type Log struct {
	Acts []LoggedAct `json:"acts"`
	Next int         `json:"next,omitempty" doc:"The value of before for the next page; missing on the last one."`
}

// LoggedAct is a command that was carried out.
type LoggedAct struct {
	At      time.Time      `json:"at"`
	By      string         `json:"by" doc:"The admin's address; empty if they are none any more."`
	Via     string         `json:"via" doc:"The network of the chat, key 7 for a key of the API, operator, or nothing for the page."`
	Command string         `json:"command"`
	Values  map[string]any `json:"values" doc:"Of the command, without those that are about a person, and documents: the history has them."`
}

// note writes what was done into the city's log. A command of riders is none of it.
func (c *Commands) note(ctx context.Context, command Command, call Call) {
	if command.Reads || command.Level < Moderator {
		return
	}
	values := map[string]any{}
	for _, p := range command.Params {
		if value, ok := call.Args[p.Name]; ok && !p.Person && p.Kind != Object && !(command.Names && p.Kind == Text) {
			values[p.Name] = value
		}
	}
	text, err := json.Marshal(values)
	if err == nil {
		row := Act{City: call.City, At: db.Time(c.Now()), Actor: call.Actor.ID, AdminID: call.Actor.Admin, Network: call.Actor.Network, Command: command.Name, Values: string(text)}
		err = c.Tables.WithContext(context.WithoutCancel(ctx)).Create(&row).Error
	}
	if err != nil {
		c.Log.Error("a command is not in the city's log", "name", command.Name, "city", call.City, "by", call.Actor.ID, "err", err)
	}
}

// actsLike keeps the acts of one person, whom "who" names by an address or a number, or of operators, and those of one command.
func (c *Commands) actsLike(ctx context.Context, query *gorm.DB, call Call) (*gorm.DB, error) {
	if name := call.Text("command"); name != "" {
		if c.byName[name] == nil {
			return nil, &Refusal{Reason: NotFound, Param: "command", Say: "refused-command", Pairs: []any{"Name", name}}
		}
		query = query.Where("command = ?", name)
	}
	who := strings.TrimPrefix(call.Text("who"), "#")
	number, err := strconv.ParseUint(who, 10, 31)
	switch {
	case who == "":
		return query, nil
	case who == OperatorID:
		return query.Where("actor = ?", OperatorID), nil
	case err != nil:
		admin, err := c.DB.AdminByAddress(ctx, strings.ToLower(who))
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return nil, err
		}
		number = uint64(admin.ID)
	}
	here, err := c.ActorsOf(ctx, call.City)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(here, func(one LogActor) bool { return number > 0 && one.Person == int(number) }) {
		return nil, &Refusal{Reason: NotFound, Param: "who", Say: "refused-no-acts", Pairs: []any{"Who", who}}
	}
	return query.Where("admin_id = ? AND actor <> ?", number, OperatorID), nil
}

// LogActor is somebody who may have done something to a city.
type LogActor struct {
	Person  int    // 0 for operators
	Address string // empty for operators, and for a person whose account was deleted
}

// ActorsOf lists those who run a city, and those whose acts are in its log: people by their numbers, and operators last.
func (c *Commands) ActorsOf(ctx context.Context, city string) (all []LogActor, err error) {
	admins, err := c.DB.AdminsOf(ctx, city)
	if err != nil {
		return nil, err
	}
	for _, admin := range admins {
		all = append(all, LogActor{int(admin.ID), admin.Address})
	}
	var acts []Act
	if err := c.Tables.WithContext(ctx).Where("city = ?", city).Distinct("admin_id", "actor").Find(&acts).Error; err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	operators := false
	for _, act := range acts {
		if operators = operators || act.Actor == OperatorID; act.Actor == OperatorID || act.AdminID == 0 || slices.ContainsFunc(all, func(one LogActor) bool { return one.Person == int(act.AdminID) }) {
			continue
		}
		admin, err := c.DB.AdminByID(ctx, act.AdminID)
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return nil, err
		}
		all = append(all, LogActor{int(act.AdminID), admin.Address})
	}
	slices.SortFunc(all, func(a, b LogActor) int { return a.Person - b.Person })
	if operators {
		all = append(all, LogActor{})
	}
	return all, nil
}

func showLog(ctx context.Context, c *Commands, call Call) (any, error) {
	limit := call.Number("limit")
	query := c.Tables.WithContext(ctx).Where("city = ?", call.City)
	if before := call.Number("before"); before > 0 {
		query = query.Where("id < ?", before)
	}
	query, err := c.actsLike(ctx, query, call)
	if err != nil {
		return nil, err
	}
	var rows []Act
	if err := query.Order("id DESC").Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	list := Log{Acts: []LoggedAct{}}
	if len(rows) > limit {
		rows = rows[:limit]
		list.Next = int(rows[limit-1].ID)
	}
	for _, row := range rows {
		one := LoggedAct{At: row.At, Via: row.Network, Command: row.Command, Values: map[string]any{}}
		if err := json.Unmarshal([]byte(row.Values), &one.Values); err != nil {
			return nil, fmt.Errorf("read the log: %w", err)
		}
		if admin := fmt.Sprintf("admin %d", row.AdminID); one.Via == "" && row.Actor != admin {
			one.Via = row.Actor
		}
		if row.Actor == OperatorID { // operators have no names for those who run a city
			list.Acts = append(list.Acts, one)
			continue
		}
		admin, err := c.DB.AdminByID(ctx, row.AdminID)
		if err == nil {
			one.By = admin.Address
		} else if !errors.Is(err, db.ErrNotFound) {
			return nil, err
		}
		list.Acts = append(list.Acts, one)
	}
	return list, nil
}
