package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/mail"
	"linienfunk/settings"
	"linienfunk/supervisor"
)

// Stop is a city that the operator has stopped, whatever its own settings say.
type Stop struct {
	City   string            `gorm:"primaryKey;size:32"`
	Kind   settings.StopKind `gorm:"size:16;not null"`
	Reason string            `gorm:"not null"` // for those who run the city
	At     time.Time         `gorm:"not null"`
}

// TableName is the table's name for gorm.
func (Stop) TableName() string { return "command_stops" }

// CityStop is the result of "city suspend" and "city reinstate".
type CityStop struct {
	City      string `json:"city"`
	Suspended bool   `json:"suspended"`
	Reason    string `json:"reason" doc:"What the owners were told."`
}

// OperatedCities is the result of "city search", by name.
type OperatedCities struct {
	Cities []OperatedCity `json:"cities"`
	Next   string         `json:"next,omitempty" doc:"The value of after for the next page; missing on the last one."`

	Waiting bool `json:"-"` // only those that wait were asked for
}

// OperatedCity is a city as the operator sees it: no text of a report.
type OperatedCity struct {
	City      string    `json:"city"`
	Title     string    `json:"title"`
	Active    bool      `json:"active" doc:"False if the city has paused itself."`
	Suspended bool      `json:"suspended"`
	Waiting   bool      `json:"waiting" doc:"It was registered, and waits for an operator."`
	Reason    string    `json:"reason" doc:"Why it is suspended."`
	Owners    []string  `json:"owners" doc:"Their addresses."`
	Day       int       `json:"day" doc:"Reports of the last 24 hours."`
	Last      time.Time `json:"last" doc:"The newest report; 0001-01-01 if there was none."`
	Rows      int       `json:"rows" doc:"Reports in the ledger, which keeps them without their texts."`
	Failing   []string  `json:"failing" doc:"Networks whose account does not work, on whichever node; of a node that does not answer nothing is known."`
	Ends      time.Time `json:"ends" doc:"When it is deleted; 0001-01-01 if it is not."`
}

// InstanceLog is the result of "instance log", the newest first.
type InstanceLog struct {
	Acts []OperatorAct `json:"acts"`
	Next int           `json:"next,omitempty" doc:"The value of before for the next page; missing on the last one."`
}

// InstanceStatus is the result of "instance status".
type InstanceStatus struct {
	Version    string         `json:"version" doc:"Of the program on this node."`
	Intake     int            `json:"intake" doc:"Messages with reports that wait for the censor."`
	Deliveries int            `json:"deliveries" doc:"Deliveries that wait in the ledger."`
	Mails      int            `json:"mails" doc:"Mails that wait in the queue."`
	Database   int            `json:"database" doc:"Bytes of the database."`
	Streams    []StreamSize   `json:"streams" doc:"Of the broker."`
	Nodes      []InstanceNode `json:"nodes" doc:"The running ones, and those that have gone within a day."`
	Unread     []string       `json:"unread" doc:"What could not be read, so that its numbers are 0: broker, ledger, mails, database or nodes."`
}

// Bytes writes a number of bytes for people: 3 MB.
func Bytes(n int) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	for n >= 10_000 && len(units) > 1 {
		n, units = (n+500)/1000, units[1:]
	}
	return strconv.Itoa(n) + " " + units[0]
}

// Storage is what the database and the streams take together, for people.
func (s InstanceStatus) Storage() string {
	all := s.Database
	for _, one := range s.Streams {
		all += one.Bytes
	}
	return Bytes(all)
}

// Running counts the nodes that run.
func (s InstanceStatus) Running() (count int) {
	for _, n := range s.Nodes {
		if n.Running {
			count++
		}
	}
	return count
}

// StreamSize is how much a stream of the broker holds.
type StreamSize struct {
	Name     string `json:"name"`
	Messages int    `json:"messages"`
	Bytes    int    `json:"bytes"`
}

// InstanceNode is a node of the instance.
type InstanceNode struct {
	Host    string    `json:"host"`
	Version string    `json:"version"`
	Roles   string    `json:"roles" doc:"Separated by commas; empty for all."`
	Started time.Time `json:"started"`
	Running bool      `json:"running"`
	Gone    time.Time `json:"gone" doc:"Since when it is not running; 0001-01-01 if it is."`
	Shards  int       `json:"shards" doc:"How many it has."`
	Judges  bool      `json:"judges" doc:"It judges the reports of all cities."`
}

// MailCheck is the result of "instance mailcheck".
type MailCheck struct {
	Domain   string        `json:"domain"`
	Findings []MailFinding `json:"findings"`
	Right    bool          `json:"right" doc:"Nothing is to be done."`
}

// MailFinding is the state of a kind of DNS record.
type MailFinding struct {
	Name   string `json:"name" doc:"MX, SPF, …"`
	State  string `json:"state" doc:"ok, wrong, missing, unknown (the query failed) or skipped (not needed)."`
	Say    string `json:"say" doc:"In English."`
	Record string `json:"record" doc:"For the zone file."`
}

// OperatorAct is what an operator has done.
type OperatorAct struct {
	At      time.Time      `json:"at"`
	By      string         `json:"by" doc:"The operator's address; empty for the command line."`
	City    string         `json:"city" doc:"Empty if it was about the whole instance."`
	Command string         `json:"command"`
	Values  map[string]any `json:"values"`
}

var ofOperators = slices.Concat([]Command{
	{Name: "city search", Level: Operator, Reads: true, NoCity: true, Result: OperatedCities{}, run: searchCities,
		Params: []Param{{Name: "part", Kind: Text, Max: 100}, {Name: "limit", Kind: Number, Min: 1, Max: 200, Default: 50}, {Name: "after", Kind: Text, Max: 32}, {Name: "waiting", Kind: Switch, Default: false}}},
	{Name: "city suspend", Level: Operator, Tells: true, Result: CityStop{}, run: suspendCity, Params: []Param{{Name: "why", Kind: Text, Required: true, Min: 3, Max: 500}}},
	{Name: "city reinstate", Level: Operator, Tells: true, Result: CityStop{}, run: reinstateCity},
	{Name: "city remove", Level: Operator, Result: CityEnding{}, run: removeCity,
		Params: []Param{{Name: "name", Kind: Text, Required: true, Min: 1, Max: 32}, {Name: "why", Kind: Text, Required: true, Min: 3, Max: 500}}},
	{Name: "instance mailcheck", Level: Operator, Reads: true, NoCity: true, Result: MailCheck{}, run: checkMail},
	{Name: "instance status", Level: Operator, Reads: true, NoCity: true, Result: InstanceStatus{}, run: showInstance},
	{Name: "instance log", Level: Operator, Reads: true, NoCity: true, Result: InstanceLog{}, run: showInstanceLog,
		Params: []Param{{Name: "limit", Kind: Number, Min: 1, Max: 100, Default: 20}, {Name: "before", Kind: Number, Min: 1, Max: 1 << 40}}},
}, ofBlocks, ofAnnouncements)

// OperatorID is Actor.ID of an operator, on the command line or on a page.
const OperatorID = "operator"

// Stops reads which cities are stopped, for settings.Node.SetStops.
func (c *Commands) Stops(ctx context.Context) (map[string]settings.Stop, error) {
	var rows []Stop
	if err := c.Tables.WithContext(ctx).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read which cities are stopped: %w", err)
	}
	all := map[string]settings.Stop{}
	for _, row := range rows {
		all[row.City] = settings.Stop{Kind: row.Kind, Reason: row.Reason, At: row.At}
	}
	return all, nil
}

func suspendCity(ctx context.Context, c *Commands, call Call) (any, error) {
	row := Stop{City: call.City, Kind: settings.Suspended, Reason: call.Text("why"), At: db.Time(c.Now())}
	var same int64
	if err := c.Tables.WithContext(ctx).Model(&Stop{}).Where("city = ? AND kind = ? AND reason = ?", row.City, row.Kind, row.Reason).Count(&same).Error; err != nil {
		return nil, err
	}
	if same > 0 { // the owners know
		return CityStop{call.City, true, row.Reason}, nil
	}
	done := c.Tables.WithContext(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "city"}}, DoUpdates: clause.AssignmentColumns([]string{"kind", "reason", "at"})}).Create(&row)
	if done.Error != nil {
		return nil, done.Error
	}
	c.instanceChanged(ctx)
	c.mailOwners(ctx, call.City, "suspended-subject", "suspended-mail", "Why", row.Reason)
	return CityStop{call.City, true, row.Reason}, nil
}

func reinstateCity(ctx context.Context, c *Commands, call Call) (any, error) {
	done := c.Tables.WithContext(ctx).Where("city = ? AND kind = ?", call.City, settings.Suspended).Delete(&Stop{})
	if done.Error != nil {
		return nil, done.Error
	}
	if done.RowsAffected == 0 {
		return nil, refuse(Conflict, "refused-not-suspended", "City", call.City)
	}
	c.instanceChanged(ctx)
	c.mailOwners(ctx, call.City, "reinstated-subject", "reinstated-mail")
	return CityStop{City: call.City}, nil
}

// instanceChanged has all nodes read what is stored about the instance. One that misses it reads within a minute.
func (c *Commands) instanceChanged(ctx context.Context) {
	if c.InstanceChanged == nil {
		return
	}
	if err := c.InstanceChanged(context.WithoutCancel(ctx)); err != nil {
		c.Log.Error("this node does not know yet what the operator has changed", "err", err)
	}
}

// mailOwners mails the owners of a city what an operator has done; subject and text are ids of texts. What was done holds also if the mails cannot be stored.
func (c *Commands) mailOwners(ctx context.Context, city, subject, text string, pairs ...any) {
	ctx = context.WithoutCancel(ctx)
	now, _, err := c.Settings.Get(ctx, city)
	owners, failed := c.DB.OwnersOf(ctx, city)
	if err = errors.Join(err, failed); err != nil {
		c.Log.Error("the owners are not told what the operator did", "city", city, "err", err)
		return
	}
	pairs = append(pairs, "City", now.Title, "URL", c.BaseURL+"/city/"+city)
	for _, owner := range owners {
		err := c.Mail.Enqueue(ctx, mail.Message{
			Key:      "commands:" + subject + ":" + digest([]byte(city+" "+owner.Address+" "+c.Now().String())),
			FromName: "Linienfunk", To: owner.Address, Expires: c.Now().Add(mail.Lifetime),
			Subject: c.Text(owner.Lang, subject, pairs...), Text: c.Text(owner.Lang, text, pairs...),
		})
		if err != nil {
			c.Log.Error("an owner is not told what the operator did", "city", city, "err", err)
		}
	}
}

func searchCities(ctx context.Context, c *Commands, call Call) (any, error) {
	all, err := c.Settings.All(ctx) // by name
	if err != nil {
		return nil, err
	}
	text, after, limit := strings.ToLower(strings.TrimSpace(call.Text("part"))), call.Text("after"), call.Number("limit")
	list, names := OperatedCities{Cities: []OperatedCity{}, Waiting: call.On("waiting")}, []string{}
	for _, city := range all {
		if list.Waiting && city.Stop.Kind != settings.Waiting || city.City <= after || !strings.Contains(city.City, text) && !strings.Contains(strings.ToLower(city.Title), text) {
			continue
		}
		if len(names) == limit {
			list.Next = names[limit-1]
			break
		}
		names = append(names, city.City)
		list.Cities = append(list.Cities, OperatedCity{City: city.City, Title: city.Title, Active: city.Active, Suspended: city.Stop.Kind == settings.Suspended, Waiting: city.Stop.Kind == settings.Waiting, Reason: city.Stop.Reason, Failing: []string{}})
	}
	figures, err := c.DB.CityFigures(ctx, names, c.Now().Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	ends, err := c.DB.Ending(ctx, names)
	if err != nil {
		return nil, err
	}
	failing := c.failing(call.Actor.Lang, names)
	for i := range list.Cities {
		one := &list.Cities[i]
		one.Ends, one.Failing = ends[one.City], failing[i]
		known := figures[one.City]
		one.Owners, one.Day, one.Last, one.Rows = append([]string{}, known.Owners...), known.Since, known.Last, known.Rows
	}
	return list, nil
}

// failing returns for each city the networks whose account does not work. The cities are asked for at once, since other nodes may have to answer, or do not.
func (c *Commands) failing(lang string, cities []string) [][]string {
	all := make([][]string, len(cities))
	var asking sync.WaitGroup
	for i, city := range cities {
		asking.Go(func() {
			all[i] = []string{}
			for _, account := range c.Status(city) {
				if account.State != supervisor.Running && account.State != supervisor.Starting {
					all[i] = append(all[i], c.title(lang, account.Bot))
				}
			}
		})
	}
	asking.Wait()
	return all
}

func checkMail(ctx context.Context, c *Commands, _ Call) (any, error) {
	result := MailCheck{Domain: c.Domain, Findings: []MailFinding{}}
	if c.CheckMail == nil {
		return result, nil
	}
	found, err := c.CheckMail(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		result.Findings = append(result.Findings, MailFinding{f.Name, string(f.State), f.Say, f.Record})
	}
	result.Right = mail.Incomplete(found) == nil
	return result, nil
}

func showInstance(ctx context.Context, c *Commands, _ Call) (any, error) {
	if c.Instance == nil {
		return InstanceStatus{}, nil
	}
	return c.Instance(ctx)
}

func showInstanceLog(ctx context.Context, c *Commands, call Call) (any, error) {
	limit := call.Number("limit")
	query := c.Tables.WithContext(ctx).Where("actor = ?", OperatorID)
	if before := call.Number("before"); before > 0 {
		query = query.Where("id < ?", before)
	}
	var rows []Act
	if err := query.Order("id DESC").Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	list := InstanceLog{Acts: []OperatorAct{}}
	if len(rows) > limit {
		rows = slices.Clip(rows[:limit])
		list.Next = int(rows[limit-1].ID)
	}
	for _, row := range rows {
		one := OperatorAct{At: row.At, City: row.City, Command: row.Command, Values: map[string]any{}}
		if err := json.Unmarshal([]byte(row.Values), &one.Values); err != nil {
			return nil, fmt.Errorf("read the log: %w", err)
		}
		admin, err := c.DB.AdminByID(ctx, row.AdminID)
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return nil, err
		}
		one.By = admin.Address
		list.Acts = append(list.Acts, one)
	}
	return list, nil
}
