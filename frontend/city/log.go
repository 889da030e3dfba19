package city

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

// logPage is the number of acts on a page, and of those that the file reads at a time.
const (
	logPage     = 50
	logFilePage = 100
)

// logData is the data of log.html.
type logData struct {
	City          site.CityLink
	Tabs          site.Tabs
	Zone          *time.Location
	Who, Command  string // of the filter; empty for all
	Actors, Kinds []logChoice
	Acts          []act
	First         bool
	Next          int // the value of "before" for the next page; 0 on the last one
}

type logChoice struct{ Value, Name string }

// act is what somebody has done, for people.
type act struct {
	At                    time.Time
	By, Via, What, Values string
}

// Query is that of another page of the log with the same filter; of the first one if before is 0.
func (d logData) Query(before int) string {
	values := url.Values{}
	for name, value := range map[string]string{"who": d.Who, "command": d.Command} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if before > 0 {
		values.Set("before", strconv.Itoa(before))
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// readLog reads a part of the log as its address wants it. What the filter cannot be leads to an empty page.
func (p *Pages) readLog(r *http.Request, admin db.Admin, city settings.Snapshot, limit, before int) (commands.Log, error) {
	args := map[string]any{"limit": limit}
	for _, name := range []string{"who", "command"} {
		if value := r.URL.Query().Get(name); value != "" {
			args[name] = value
		}
	}
	if before > 0 {
		args["before"] = before
	}
	result, err := p.Commands.Run(r.Context(), commands.Call{City: city.City, Name: "log", Args: args, Actor: p.actorOf(r, admin)})
	if commands.AsRefusals(err) != nil {
		return commands.Log{}, nil
	}
	log, _ := result.(commands.Log)
	return log, err
}

// log shows owners what those who run the city have done.
func (p *Pages) log(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	before, _ := strconv.Atoi(r.URL.Query().Get("before"))
	acts, err := p.readLog(r, admin, city, logPage, before)
	if err != nil {
		return err
	}
	data := logData{City: site.LinkTo(city), Tabs: site.TabsOf(r, city, "people"), Zone: city.Zone(), Who: r.URL.Query().Get("who"), Command: r.URL.Query().Get("command"),
		First: before <= 0, Next: acts.Next}
	actors, err := p.Commands.ActorsOf(r.Context(), city.City)
	if err != nil {
		return err
	}
	for _, one := range actors {
		value, name := strconv.Itoa(one.Person), one.Address
		switch {
		case one.Person == 0:
			value, name = commands.OperatorID, p.Text(r, "log-operator")
		case name == "":
			name = p.Text(r, "log-gone") + " #" + value
		}
		data.Actors = append(data.Actors, logChoice{value, name})
	}
	for _, command := range p.Commands.All() {
		if !command.Reads && command.Level >= commands.Moderator {
			data.Kinds = append(data.Kinds, logChoice{command.Name, p.Commands.Help(p.Lang(r), command)})
		}
	}
	for _, one := range acts.Acts {
		data.Acts = append(data.Acts, p.act(r, one))
	}
	about := site.Page{Title: p.Text(r, "log-of", "City", city.Title), Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, http.StatusOK, about, "log.html", data)
}

func (p *Pages) act(r *http.Request, one commands.LoggedAct) act {
	shown := act{At: one.At, By: one.By, Via: one.Via, What: one.Command}
	switch {
	case one.Via == commands.OperatorID:
		shown.By, shown.Via = p.Text(r, "log-operator"), ""
	case one.By == "":
		shown.By = p.Text(r, "log-gone")
	}
	if p.Commands.Networks[one.Via] != nil && shown.Via != "" {
		shown.Via = p.bots.Title(p.Lang(r), one.Via)
	}
	if command, ok := p.Commands.Find(one.Command); ok {
		shown.What = p.Commands.Help(p.Lang(r), command)
	}
	var values []string
	for _, name := range slices.Sorted(maps.Keys(one.Values)) {
		values = append(values, fmt.Sprintf("%s: %v", name, one.Values[name]))
	}
	shown.Values = strings.Join(values, ", ")
	return shown
}

// logFile answers with all acts of the filter as comma-separated values.
func (p *Pages) logFile(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	page, err := p.readLog(r, admin, city, logFilePage, 0)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="log-`+city.City+`.csv"`)
	w.Header().Set("Cache-Control", "no-store")
	file := csv.NewWriter(w)
	_ = file.Write([]string{"at", "by", "via", "command", "values"}) // errors stay in the writer
	for {
		for _, one := range page.Acts {
			values, err := json.Marshal(one.Values)
			if err != nil {
				return err
			}
			_ = file.Write([]string{one.At.UTC().Format(time.RFC3339), cell(one.By), cell(one.Via), one.Command, string(values)})
		}
		if file.Flush(); page.Next == 0 || file.Error() != nil {
			return nil // whoever reads it has left
		}
		if page, err = p.readLog(r, admin, city, logFilePage, page.Next); err != nil {
			p.Log.Error("a file with the log is cut", "city", city.City, "err", err)
			panic(http.ErrAbortHandler) // so that it is not taken for all
		}
	}
}

// cell is a value that programs for tables do not take for a formula: an address may begin with a plus sign.
func cell(value string) string {
	if strings.ContainsAny(value[:min(len(value), 1)], "=+-@\t\r") {
		return "'" + value
	}
	return value
}
