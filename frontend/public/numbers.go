package public

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

// maxNumbers is how many lines, and how many stops, the page shows. The JSON file has all.
const maxNumbers = 20

// numbers are what a city's reports have been about: from db.Numbers, so each counts db.LeastNumber reports at least.
type numbers struct {
	City         string        `json:"city"`
	TimeZone     string        `json:"time_zone,omitempty"` // empty for the server's
	Since        string        `json:"since"`               // a day
	Until        string        `json:"until"`               // a day, included
	Least        int           `json:"least"`
	Lines        []placeNumber `json:"lines"`
	Stops        []placeNumber `json:"stops"`
	HoursOfAWeek []hourNumber  `json:"hours"`
}

type placeNumber struct {
	Name    string `json:"name"`
	Reports int    `json:"reports"`
}

type hourNumber struct {
	Weekday int `json:"weekday"` // 1 is Monday
	Hour    int `json:"hour"`
	Reports int `json:"reports"`
}

// readNumbers reads the numbers of a city; db.ErrNotFound if it shows none.
func (p *Pages) readNumbers(r *http.Request, city settings.Snapshot) (numbers, error) {
	if !city.Runs() || !city.Numbers {
		return numbers{}, db.ErrNotFound
	}
	now := p.Now().In(city.Clock())
	all := numbers{City: city.City, TimeZone: city.TimeZone, Since: db.NumbersSince(now).Format(time.DateOnly), Until: now.AddDate(0, 0, -1).Format(time.DateOnly),
		Least: db.LeastNumber, Lines: []placeNumber{}, Stops: []placeNumber{}, HoursOfAWeek: []hourNumber{}}
	found, err := p.DB.Numbers(r.Context(), city.City, now)
	for _, n := range found {
		switch n.Kind {
		case db.NumberOfLine:
			all.Lines = append(all.Lines, placeNumber{n.Name, n.Reports})
		case db.NumberOfStop:
			all.Stops = append(all.Stops, placeNumber{n.Name, n.Reports})
		case db.NumberOfHour:
			weekday, hour, err := db.ReadHourName(n.Name)
			if err != nil {
				return all, err
			}
			all.HoursOfAWeek = append(all.HoursOfAWeek, hourNumber{weekday, hour, n.Reports})
		}
	}
	return all, err
}

// hourRow is a row of the table of hours: a cell for each weekday, empty if its number is not told.
type hourRow struct {
	Name  string
	Cells [7]string
}

// hourRows are the hours from the first to the last with a number.
func (n numbers) hourRows() []hourRow {
	first, last := 24, -1
	var cells [24][7]string
	for _, one := range n.HoursOfAWeek {
		first, last = min(first, one.Hour), max(last, one.Hour)
		cells[one.Hour][one.Weekday-1] = strconv.Itoa(one.Reports)
	}
	var rows []hourRow
	for hour := first; hour <= last; hour++ {
		rows = append(rows, hourRow{strconv.Itoa(hour) + "–" + strconv.Itoa(hour+1), cells[hour]})
	}
	return rows
}

type numbersData struct {
	City         site.CityLink
	Since, Zone  string
	Least        int
	Lines, Stops []placeNumber
	Weekdays     []string
	Hours        []hourRow
}

// showNumbers is the page with a city's numbers. Most visitors get it from memory.
func (p *Pages) showNumbers(w http.ResponseWriter, r *http.Request) error {
	city, err := p.RequestedCity(r)
	if err != nil {
		return err
	}
	if !site.ForAll(r) {
		about, data, err := p.numbersPage(r, city)
		if err != nil {
			return err
		}
		return p.Show(w, r, http.StatusOK, about, "numbers.html", data)
	}
	kept, err := p.Memory.Load(city, p.Lang(r), "numbers", func() (*site.Kept, bool, error) {
		r := p.WithoutVisitor(r, r.URL.Path)
		about, data, err := p.numbersPage(r, city)
		if err != nil {
			return nil, false, err
		}
		kept, err := p.Keep(r, about, "numbers.html", data, site.NewOnce())
		return kept, true, err
	})
	if err == nil {
		p.ServeKept(w, r, kept)
	}
	return err
}

func (p *Pages) numbersPage(r *http.Request, city settings.Snapshot) (about site.Page, data numbersData, err error) {
	all, err := p.readNumbers(r, city)
	since, _ := time.Parse(time.DateOnly, all.Since) // as readNumbers wrote it
	data = numbersData{City: site.LinkTo(city), Since: since.Format(p.Text(r, "day-format")), Least: all.Least, Hours: all.hourRows(),
		Zone:  strings.ReplaceAll(city.TimeZone, "_", " "),
		Lines: all.Lines[:min(len(all.Lines), maxNumbers)], Stops: all.Stops[:min(len(all.Stops), maxNumbers)], Weekdays: strings.Fields(p.Text(r, "weekdays"))}
	about = site.Page{Title: p.Text(r, "numbers-of", "City", city.Title), Line: site.LineClass(city.City), Private: !city.Listed}
	return about, data, err
}

// sendNumbers is the page for programs, also for scripts of other sites: it is public and the same for everybody.
func (p *Pages) sendNumbers(w http.ResponseWriter, r *http.Request) error {
	city, err := p.RequestedCity(r)
	if err != nil {
		return err
	}
	kept, err := p.Memory.Load(city, "", "numbers.json", func() (*site.Kept, bool, error) {
		all, err := p.readNumbers(r, city)
		if err != nil {
			return nil, false, err
		}
		var body bytes.Buffer
		encoder := json.NewEncoder(&body)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(all)
		tag := sha256.Sum256(body.Bytes())
		return site.KeepAnswer(http.Header{
			"Content-Type": {"application/json"}, "Cache-Control": {"public, no-cache"}, "Etag": {`"` + hex.EncodeToString(tag[:16]) + `"`},
			"Access-Control-Allow-Origin": {"*"}, "Access-Control-Expose-Headers": {"ETag"},
		}, body.Bytes()), true, err
	})
	if err == nil {
		p.ServeKept(w, r, kept)
	}
	return err
}

// allowNumbers answers a browser that asks whether a script of another site may send If-None-Match.
func (p *Pages) allowNumbers(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}
