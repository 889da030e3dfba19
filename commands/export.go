package commands

import (
	"archive/zip"
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"linienfunk/bots/ending"
	"linienfunk/db"
	"linienfunk/settings"
)

// exportLinkLife is how long the link of "city export" works. Whoever has it can download the file.
const exportLinkLife = 15 * time.Minute

// exportPage is how many rows are in memory at a time.
const exportPage = 500

// exportFormat names the form of the file, in about.json.
const exportFormat = "linienfunk city 1"

// CityExport is the result of "city export".
type CityExport struct {
	City  string    `json:"city"`
	URL   string    `json:"url" doc:"Where the file is. Whoever has the address can download it: subscribers' addresses are in it."`
	Until time.Time `json:"until" doc:"Until when the address works."`
}

func exportCity(_ context.Context, c *Commands, call Call) (any, error) {
	until := c.Now().Add(exportLinkLife).Truncate(time.Second)
	at := strconv.FormatInt(until.Unix(), 10)
	return CityExport{call.City, c.BaseURL + "/export/" + call.City + "/" + at + "/" + c.exportSeal(call.City, at), until.UTC()}, nil
}

func (c *Commands) exportSeal(city, until string) string {
	return c.Box.Digest("export link", city+" "+until)[:32]
}

// ExportAllowed reports whether an address that "city export" has given still works.
func (c *Commands) ExportAllowed(city, until, seal string) bool {
	at, err := strconv.ParseInt(until, 10, 64)
	return err == nil && c.Now().Unix() < at && subtle.ConstantTimeCompare([]byte(seal), []byte(c.exportSeal(city, until))) == 1
}

// ExportName is the name of a city's file.
func ExportName(city string, at time.Time) string {
	return "linienfunk-" + city + "-" + at.UTC().Format(time.DateOnly) + ".zip"
}

type (
	exportAbout struct {
		Format string    `json:"format"`
		City   string    `json:"city"`
		Title  string    `json:"title"`
		At     time.Time `json:"at"`
		Advice string    `json:"advice"`

		LeftOut []string `json:"left_out"` // files that whoever made this one may not have
	}
	exportVersion struct {
		Number int             `json:"number"`
		Hash   string          `json:"hash"`
		Person uint            `json:"person"` // as in people.json; 0 for a program
		At     time.Time       `json:"at"`
		Note   string          `json:"note"`
		After  json.RawMessage `json:"document"`
	}
	exportSubscriber struct {
		Network string `json:"network"`
		ending.Subscriber
	}
)

const exportAdvice = "This file has the addresses of people who run the city and of its subscribers. Keep it where nobody else reads it, and delete what you do not need. " +
	"Subscribers have agreed to get reports from this instance: ask them before you send them anything from another one."

// withAddresses are the files of an export that list addresses of people.
var withAddresses = []string{"people.json", "subscribers.json"}

// Export writes all that is kept of a city, but for passwords, tokens and logins, as a zip of JSON files; without addresses, those that list people are left out. Rows are read while it is
// written. A file that ends early has no directory, so that no program opens it.
func (c *Commands) Export(ctx context.Context, city string, addresses bool, to io.Writer) error {
	snapshot, ok, err := c.Settings.Get(ctx, city)
	if err != nil || !ok {
		return fmt.Errorf("export: %w", firstError(err, db.ErrNotFound))
	}
	file := zip.NewWriter(to)
	x := exporting{c: c, city: snapshot, leftOut: []string{}, call: Call{City: city, Actor: Actor{ID: "export", Level: Owner, Lang: snapshot.Lang}}}
	if !addresses {
		x.leftOut = withAddresses
	}
	for _, part := range []struct {
		name  string
		write func(context.Context, io.Writer) error
	}{
		{"about.json", x.about}, {"settings.json", x.settings}, {"history.json", x.history}, {"people.json", x.people}, {"network.json", x.network}, {"reports.json", x.reports},
		{"numbers.json", x.numbers}, {"subscribers.json", x.subscribers}, {"log.json", x.log},
	} {
		if slices.Contains(x.leftOut, part.name) {
			continue
		}
		w, err := file.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate, Modified: c.Now()})
		if err == nil {
			err = part.write(ctx, w)
		}
		if err != nil {
			return fmt.Errorf("export %s: %w", part.name, err)
		}
	}
	return file.Close()
}

func firstError(all ...error) error {
	return all[slices.IndexFunc(all, func(err error) bool { return err != nil })]
}

// exportPause is how long a slow connection may take for one piece of the file.
const exportPause = time.Minute

// ServeExport answers with a city's file while it is made: see Export. One that cannot be completed is cut off.
func (c *Commands) ServeExport(w http.ResponseWriter, r *http.Request, city string, addresses bool) {
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="`+ExportName(city, c.Now())+`"`)
	h.Set("Cache-Control", "no-store")
	if err := c.Export(r.Context(), city, addresses, patient{w, http.NewResponseController(w)}); err != nil {
		if r.Context().Err() == nil {
			c.Log.Error("a city's file was not completed", "city", city, "err", err)
		}
		panic(http.ErrAbortHandler)
	}
}

// patient sets a new deadline before each write.
type patient struct {
	io.Writer
	*http.ResponseController
}

func (p patient) Write(data []byte) (int, error) {
	_ = p.SetWriteDeadline(time.Now().Add(exportPause)) // without one, that of the page holds
	return p.Writer.Write(data)
}

// exporting is one file that is being written.
type exporting struct {
	c    *Commands
	city settings.Snapshot
	call Call

	leftOut []string
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// writeList writes a JSON list of what next returns, page by page, until it returns none.
func writeList[T any](w io.Writer, next func() ([]T, error)) error {
	separator := "[\n"
	for {
		page, err := next()
		if err != nil {
			return err
		}
		for _, one := range page {
			text, err := json.Marshal(one)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w, "%s%s", separator, text); err != nil {
				return err
			}
			separator = ",\n"
		}
		if len(page) == 0 {
			end := "\n]\n"
			if separator == "[\n" {
				end = "[]\n"
			}
			_, err := io.WriteString(w, end)
			return err
		}
	}
}

func (x exporting) about(_ context.Context, w io.Writer) error {
	return writeJSON(w, exportAbout{exportFormat, x.city.City, x.city.Title, x.c.Now().UTC(), exportAdvice, x.leftOut})
}

// settings writes the file that a page of settings can load.
func (x exporting) settings(_ context.Context, w io.Writer) error {
	text, err := settings.NewExport(x.city.City, x.city.Hash, x.city.Document)
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

func (x exporting) history(ctx context.Context, w io.Writer) error {
	versions, err := x.c.History.History(ctx, x.city.City)
	if err != nil {
		return err
	}
	list := []exportVersion{}
	for _, v := range versions {
		list = append(list, exportVersion{v.Number, string(v.Hash), v.Admin, v.Time, v.Note, v.After})
	}
	return writeJSON(w, list)
}

func (x exporting) people(ctx context.Context, w io.Writer) error {
	found, err := people(ctx, x.c, x.call)
	if err != nil {
		return err
	}
	return writeJSON(w, found.(People).People)
}

func (x exporting) network(ctx context.Context, w io.Writer) error {
	if x.city.Network == "" {
		return writeJSON(w, nil)
	}
	n, err := x.c.Transit.Load(ctx, x.city.Network)
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"hash": x.city.Network, "lines": n.Lines, "stops": n.Stops})
}

func (x exporting) reports(ctx context.Context, w io.Writer) error {
	before, ended := uint(0), false
	return writeList(w, func() ([]Report, error) {
		if ended {
			return nil, nil
		}
		entries, err := x.c.DB.Entries(ctx, x.city.City, before, exportPage)
		list := make([]Report, 0, len(entries))
		for _, e := range entries {
			list, before = append(list, x.c.shown(x.city.Lang, e)), e.ID
		}
		ended = len(entries) < exportPage
		return list, err
	})
}

func (x exporting) numbers(ctx context.Context, w io.Writer) error {
	all, err := x.c.DB.Numbers(ctx, x.city.City, x.c.Now().In(x.city.Clock()))
	if err != nil {
		return err
	}
	type number struct {
		Kind    string `json:"kind"`
		Name    string `json:"name"`
		Reports int    `json:"reports"`
	}
	list := []number{}
	for _, one := range all {
		list = append(list, number{one.Kind, one.Name, one.Reports})
	}
	return writeJSON(w, list)
}

func (x exporting) subscribers(ctx context.Context, w io.Writer) error {
	names, cursor := slices.Sorted(maps.Keys(x.c.Rosters)), ""
	return writeList(w, func() (list []exportSubscriber, err error) {
		for len(names) > 0 && len(list) == 0 {
			name := names[0]
			found, next, err := x.c.Rosters[name].Subscribers(ctx, x.city.City, cursor)
			if err != nil {
				return nil, err
			}
			for _, one := range found {
				list = append(list, exportSubscriber{name, one})
			}
			if cursor = next; next == "" {
				names = names[1:]
			}
		}
		return list, nil
	})
}

func (x exporting) log(ctx context.Context, w io.Writer) error {
	before, ended := 0, false
	return writeList(w, func() ([]LoggedAct, error) {
		if ended {
			return nil, nil
		}
		call := x.call
		call.Args = map[string]any{"limit": exportPage, "before": before}
		page, err := showLog(ctx, x.c, call)
		if err != nil {
			return nil, err
		}
		before = page.(Log).Next
		ended = before == 0
		return page.(Log).Acts, nil
	})
}
