package commands

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"linienfunk/bots/ending"
	"linienfunk/db"
	"linienfunk/report"
	"linienfunk/settings"
)

// Arrived is the row of a city to which subscribers came from another instance who are to be told.
type Arrived struct {
	City string    `gorm:"primaryKey;size:32"`
	At   time.Time `gorm:"not null"`

	LeaseUntil *time.Time // of the node that tells them
}

// TableName is the table's name for gorm.
func (Arrived) TableName() string { return "command_arrivals" }

// maxOwnArrivals is how many subscribers an owner can have come along. The operator can have any number: nobody can prove to this instance that they have agreed.
const maxOwnArrivals = 2000

// arrivalPage is how many subscribers are stored in one transaction.
const arrivalPage = 500

// arriveCommand is what takes in a file. It is none of the registry, since chats and programs cannot hand in files.
var arriveCommand = Command{Name: "city import", Group: "city", Level: Owner, Scope: ScopeSettings, Tells: true, Result: CityArrival{}}

// Parts says what of a file is taken in.
type Parts struct{ Settings, Subscribers bool }

// CityArrival is what came of a file.
type CityArrival struct {
	City string    `json:"city"`
	From string    `json:"from"` // its short name in the file
	At   time.Time `json:"at"`   // when the file was made

	Settings     bool `json:"settings"` // the settings were taken over
	Lines, Stops int

	Subscribers  int      `json:"subscribers"` // who came along
	Known        int      `json:"known"`       // who agreed, and is here or was here before
	NotAgreed    int      `json:"not_agreed"`
	Elsewhere    int      `json:"elsewhere"` // who agreed to another address than this city's page
	Late         int      `json:"late"`      // who agreed too long ago
	Invalid      int      `json:"invalid"`   // whose address cannot be used
	OtherNetwork int      `json:"other_network"`
	WithPeople   bool     `json:"with_people"` // the file has subscribers
	Dropped      []string `json:"dropped"`     // settings that this instance does not know
	Addresses    []string `json:"addresses"`   // to which those of Elsewhere have agreed, five at most
}

// ArriveFile is Arrive with a file that is read. One is in memory at a time.
func (c *Commands) ArriveFile(ctx context.Context, call Call, from io.ReaderAt, size int64, parts Parts) (CityArrival, error) {
	select {
	case c.arrivals <- struct{}{}:
		defer func() { <-c.arrivals }()
	case <-ctx.Done():
		return CityArrival{}, ctx.Err()
	}
	a, err := ReadArrival(from, size)
	if err != nil {
		return CityArrival{}, err
	}
	return c.Arrive(ctx, call, a, parts)
}

// Arrive takes a city from another instance into one here: its settings with the lists and texts, lines and stops, and the subscribers who have agreed to go along to this city's page. What it changes of the
// settings, the history can undo. It may be repeated with the same file or a later one: nobody comes twice.
func (c *Commands) Arrive(ctx context.Context, call Call, a *Arrival, parts Parts) (result CityArrival, err error) {
	call.Name = arriveCommand.Name
	if err := c.allowed(ctx, arriveCommand, call); err != nil {
		return result, err
	}
	result = CityArrival{City: call.City, From: a.City, At: a.At, WithPeople: a.WithPeople, Dropped: []string{}, Addresses: []string{}}
	people := map[string][]ending.Arriving{}
	if parts.Subscribers {
		people = c.whoComes(call.City, a.Subscribers, &result)
		count := 0
		for _, list := range people {
			count += len(list)
		}
		if count > maxOwnArrivals && call.Actor.Level < Operator {
			return result, wrong("file", "refused-file-many", "Limit", maxOwnArrivals)
		}
	}
	if parts.Settings {
		if err := c.takeSettings(ctx, call, a, &result); err != nil {
			return result, err
		}
	}
	if err := c.takeSubscribers(ctx, call.City, people, &result); err != nil {
		return result, err
	}
	c.note(ctx, arriveCommand, call)
	c.tell(ctx, arriveCommand, call, result)
	c.Log.Info("a city came from another instance", "city", call.City, "by", call.Actor.ID, "settings", result.Settings, "subscribers", result.Subscribers)
	return result, nil
}

// cutLine shows something of a file in one short line.
func cutLine(text string) string {
	return report.Cut(strings.Join(strings.Fields(report.Clean(text)), " "), 100)
}

// ArrivalReport says in a language what has come of a file, and what has not, and why.
func (c *Commands) ArrivalReport(lang string, r CityArrival) (came, not []string) {
	add := func(list *[]string, id string, n int) {
		if n > 0 {
			*list = append(*list, c.Text(lang, id, "Count", n))
		}
	}
	if r.Settings {
		came = append(came, c.Text(lang, "arrived-settings"))
		if r.Stops > 0 || r.Lines > 0 {
			came = append(came, c.Text(lang, "arrived-network", "Lines", r.Lines, "Stops", r.Stops))
		}
		for _, field := range r.Dropped {
			not = append(not, c.Text(lang, "arrived-dropped", "Field", field))
		}
	}
	add(&came, "arrived-subscribers", r.Subscribers)
	add(&not, "arrived-known", r.Known)
	add(&not, "arrived-not-agreed", r.NotAgreed)
	if r.Elsewhere > 0 {
		not = append(not, c.Text(lang, "arrived-elsewhere", "Count", r.Elsewhere, "Addresses", strings.Join(r.Addresses, ", "), "Page", c.pageOf(r.City)))
	}
	add(&not, "arrived-late", r.Late)
	add(&not, "arrived-invalid", r.Invalid)
	add(&not, "arrived-other-network", r.OtherNetwork)
	if !r.WithPeople {
		not = append(not, c.Text(lang, "arrived-no-people"))
	}
	for _, id := range []string{"arrived-never-accounts", "arrived-never-people", "arrived-never-mutes", "arrived-never-reports"} {
		not = append(not, c.Text(lang, id))
	}
	return came, not
}

// whoComes returns those who have agreed to go along to the city's page here, by network, and counts the others.
func (c *Commands) whoComes(city string, list []arrivingPerson, result *CityArrival) map[string][]ending.Arriving {
	people := map[string][]ending.Arriving{}
	now := c.Now()
	for _, one := range list {
		switch consent := one.Consent; {
		case c.Movers[one.Network] == nil:
			result.OtherNetwork++
		case consent == nil:
			result.NotAgreed++
		case !samePage(consent.To, c.pageOf(city)):
			result.Elsewhere++
			if shown := cutLine(consent.To); len(result.Addresses) < 5 && !slices.Contains(result.Addresses, shown) {
				result.Addresses = append(result.Addresses, shown)
			}
		case consent.At.Before(now.Add(-ending.ConsentLife)) || consent.At.After(now.Add(time.Hour)): // clocks may differ a little
			result.Late++
		default:
			people[one.Network] = append(people[one.Network], ending.Arriving{Address: one.Address, Wants: one.Wants, At: consent.At})
		}
	}
	return people
}

// samePage reports whether two addresses are the same page.
func samePage(a, b string) bool {
	first, err := url.Parse(a)
	second, err2 := url.Parse(b)
	return err == nil && err2 == nil && strings.EqualFold(first.Scheme, second.Scheme) && strings.EqualFold(first.Host, second.Host) &&
		strings.TrimRight(first.Path, "/") == strings.TrimRight(second.Path, "/")
}

// takeSettings takes over the settings. The network is stored before: settings may name only one that is there.
func (c *Commands) takeSettings(ctx context.Context, call Call, a *Arrival, result *CityArrival) error {
	hash := ""
	if a.Network != nil {
		var err error
		if hash, err = c.Transit.Save(ctx, a.Network); err != nil {
			return err
		}
		if err := c.Transit.Use(ctx, hash); err != nil {
			return err
		}
		result.Lines, result.Stops = len(a.Network.Lines), len(a.Network.Stops)
	}
	call.Args = map[string]any{"note": c.Text(call.Actor.Lang, "arrival-note", "City", a.City)}
	_, _, err := c.submit(ctx, call, edit{param: "file", to: func(_ []byte, now settings.Settings) ([]byte, error) {
		document, dropped, err := c.arrivingDocument(a.Document, hash, now.Active)
		result.Dropped = dropped
		return document, err
	}})
	if err != nil {
		return err
	}
	result.Settings = true
	return c.Imports.Unfollow(ctx, call.City) // a feed that was followed here would replace the network
}

// arrivingDocument is the settings in a file as they hold here. Whether the city is paused is decided here, and settings that this instance does not know are left out, and named.
func (c *Commands) arrivingDocument(document []byte, network string, active bool) (_ []byte, dropped []string, err error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(document, &values); err != nil {
		return nil, nil, err
	}
	values["active"], _ = json.Marshal(active) // a bool
	delete(values, "network")
	if network != "" {
		values["network"], _ = json.Marshal(network) // a string
	}
	text, err := json.Marshal(values)
	if err != nil {
		return nil, nil, err
	}
	var found settings.Errors
	if _, _, err := c.Settings.Schema().Check([]byte("{}"), text); !errors.As(err, &found) {
		return text, []string{}, err
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, nil, err
	}
	dropped = []string{}
	for _, one := range found {
		if one.TextID == "settings-error-unknown" || one.TextID == "settings-error-option" {
			removeField(whole, one.Field)
			dropped = append(dropped, cutLine(one.Field))
		}
	}
	text, err = json.Marshal(whole)
	return text, dropped, err
}

// removeField removes a field that settings.Fields has named, and what is empty without it.
func removeField(document map[string]any, field string) {
	first, rest, inside := strings.Cut(field, ".")
	inner, ok := document[first].(map[string]any)
	if !inside || !ok {
		delete(document, first)
		return
	}
	if removeField(inner, rest); len(inner) == 0 {
		delete(document, first)
	}
}

// takeSubscribers stores those who come. That they are to be told is noted before, so that a crash leaves nobody untold.
func (c *Commands) takeSubscribers(ctx context.Context, city string, people map[string][]ending.Arriving, result *CityArrival) error {
	if len(people) == 0 {
		return nil
	}
	row := Arrived{City: city, At: db.Time(c.Now())}
	if err := c.Tables.WithContext(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "city"}}, DoUpdates: clause.AssignmentColumns([]string{"at"})}).Create(&row).Error; err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(people)) {
		for some := range slices.Chunk(people[name], arrivalPage) {
			taken, err := c.Movers[name].TakeIn(ctx, city, some)
			if err != nil {
				return err
			}
			result.Subscribers += taken.New
			result.Known += taken.Known
			result.Invalid += taken.Invalid
		}
	}
	return nil
}

// welcome tells those who came to cities here, each city on one node. A city that the operator has stopped, or has not approved yet, sends nothing.
func (c *Commands) welcome(ctx context.Context) error {
	var rows []Arrived
	err := c.Tables.WithContext(ctx).Order("city").Find(&rows).Error
	for _, row := range rows {
		if city, ok, _ := c.Settings.Get(ctx, row.City); !ok || city.Stop.Kind != "" { // reads memory
			continue
		}
		err = errors.Join(err, c.leased(ctx, row.City, &Arrived{}, func(ctx context.Context) error {
			for _, name := range slices.Sorted(maps.Keys(c.Movers)) {
				if err := untilNone(ctx, func(ctx context.Context) (int, error) { return c.Movers[name].Welcome(ctx, row.City) }); err != nil {
					return err
				}
			}
			if c.Now().Sub(row.At) < arrivedFor { // those of an import that goes on are still to come
				return nil
			}
			return c.Tables.WithContext(ctx).Where("city = ? AND at = ?", row.City, row.At).Delete(&Arrived{}).Error
		}))
	}
	return err
}

// arrivedFor is how long after an import it is looked for people to be told.
const arrivedFor = 10 * time.Minute
