package chat

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"linienfunk/bots"
	"linienfunk/report"
)

// Interest is what a subscriber wants to get. The zero Interest is everything. Lines and stops have names, since the ids of a timetable change.
type Interest struct {
	Lines []string       `json:"lines,omitempty"` // reports about one of these, or about a stop that one of them serves,
	Stops []string       `json:"stops,omitempty"` // or about one of these
	Hours []Hours        `json:"hours,omitempty"` // of the day, in the city's time zone; empty for all
	Days  []time.Weekday `json:"days,omitempty"`  // empty for all; Hours over midnight count to the day on which they begin

	// Placed leaves out reports of which nobody knows where it is. Otherwise they go to all.
	Placed bool `json:"placed,omitempty"`
}

// Hours is a part of the day in minutes since midnight, without its end. It may go over midnight; From and To are the same for the whole day.
type Hours struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// maxName is the most bytes of the name of a line or stop that a subscriber has chosen elsewhere.
const maxName = 300

// MaxInterest is how many lines, stops and parts of the day a subscriber can choose, each.
const MaxInterest = 50

// IsZero reports whether everything is wanted.
func (i Interest) IsZero() bool {
	return len(i.Lines)+len(i.Stops)+len(i.Hours)+len(i.Days) == 0 && !i.Placed
}

// Wants reports whether the subscriber wants a report, by its time and by what it means.
func (i Interest) Wants(city bots.City, r report.Report) bool {
	at := city.In(r.At)
	hours := i.Hours
	if len(hours) == 0 {
		hours = []Hours{{}}
	}
	if !slices.ContainsFunc(hours, func(h Hours) bool { return i.wantsTime(h, at) }) {
		return false
	}
	if len(r.Means.Lines)+len(r.Means.Stops) == 0 {
		return !i.Placed
	}
	return len(i.Lines)+len(i.Stops) == 0 || i.wantsPlace(r.Means)
}

// wantsTime reports whether a time is in a part of the day, on a chosen day. The hours after midnight belong to the day on which the night began.
func (i Interest) wantsTime(h Hours, at time.Time) bool {
	minute, day := at.Hour()*60+at.Minute(), at.Weekday()
	if h.From > h.To && minute < h.To {
		day = (day + 6) % 7
	}
	return h.has(minute) && (len(i.Days) == 0 || slices.Contains(i.Days, day))
}

func (h Hours) has(minute int) bool {
	if h.From < h.To {
		return h.From <= minute && minute < h.To
	}
	return minute >= h.From || minute < h.To
}

func (i Interest) wantsPlace(m report.Reading) bool {
	wanted := func(line report.Line) bool { return slices.Contains(i.Lines, line.Name) }
	if slices.ContainsFunc(m.Lines, wanted) {
		return true
	}
	return slices.ContainsFunc(m.Stops, func(s report.Stop) bool {
		return slices.Contains(i.Stops, s.Name) || slices.ContainsFunc(s.Lines, wanted) // Lines are there if the report names none
	})
}

// UnknownError lists what a subscriber typed that is not in the city, or no time.
type UnknownError struct{ Lines, Stops, Hours []string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("unknown: lines %q, stops %q, hours %q", e.Lines, e.Stops, e.Hours)
}

// ParseInterest reads what a subscriber typed: lines and stops as the city's riders write them, lines separated by spaces or commas, stops by commas or
// line ends; and hours as "7-10 16:30-19". In a city without a network, lines are taken as they are typed, and there are no stops. What is not known is left
// out and named by an *UnknownError; it is also an error to choose more than MaxInterest.
func ParseInterest(city bots.City, lines, stops, hours string) (i Interest, err error) {
	var unknown UnknownError
	for _, typed := range strings.FieldsFunc(lines, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\r' || r == '\t' }) {
		if found := linesIn(city, typed); len(found) > 0 {
			i.Lines = append(i.Lines, found...)
		} else {
			unknown.Lines = append(unknown.Lines, typed)
		}
	}
	for _, typed := range strings.FieldsFunc(stops, func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '\r' }) {
		if typed = strings.TrimSpace(typed); typed == "" {
			continue
		}
		found := false
		for _, stop := range city.Read(typed).Stops {
			i.Stops, found = append(i.Stops, stop.Name), true
		}
		if !found {
			unknown.Stops = append(unknown.Stops, typed)
		}
	}
	for _, typed := range strings.FieldsFunc(aroundDash.ReplaceAllString(hours, "-"), func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\r' }) {
		if h, ok := parseHours(typed); ok {
			i.Hours = append(i.Hours, h)
		} else {
			unknown.Hours = append(unknown.Hours, typed)
		}
	}
	i.Lines, i.Stops, i.Hours = unique(i.Lines), unique(i.Stops), unique(i.Hours)
	if len(unknown.Lines)+len(unknown.Stops)+len(unknown.Hours) > 0 {
		return i, &unknown
	}
	if len(i.Lines) > MaxInterest || len(i.Stops) > MaxInterest || len(i.Hours) > MaxInterest {
		return Interest{}, fmt.Errorf("more than %d lines, stops or times", MaxInterest)
	}
	return i, nil
}

// linesIn returns the names of the lines that somebody typed. A bare number is a line only behind a word for one.
func linesIn(city bots.City, typed string) (names []string) {
	for _, text := range []string{typed, "line " + typed} {
		for _, line := range city.Read(text).Lines {
			names = append(names, line.Name)
		}
		if len(names) > 0 {
			return names
		}
	}
	return nil
}

var (
	aroundDash = regexp.MustCompile(`\s*[-–—]\s*`)
	hoursForm  = regexp.MustCompile(`^([0-9]{1,2})(?:[:.]([0-9]{2}))?-([0-9]{1,2})(?:[:.]([0-9]{2}))?$`)
)

func parseHours(typed string) (h Hours, ok bool) {
	found := hoursForm.FindStringSubmatch(typed)
	if found == nil {
		return h, false
	}
	minutes := func(hour, minute string) int {
		a, _ := strconv.Atoi(hour) // digits, as the form says
		b, _ := strconv.Atoi(minute)
		if b > 59 {
			return 25 * 60
		}
		return a*60 + b
	}
	h = Hours{minutes(found[1], found[2]), minutes(found[3], found[4])}
	if h.From > 24*60 || h.To > 24*60 {
		return Hours{}, false
	}
	h.From, h.To = h.From%(24*60), h.To%(24*60)
	return h, true
}

func (h Hours) String() string {
	clock := func(minute int) string {
		if minute%60 == 0 {
			return strconv.Itoa(minute / 60)
		}
		return fmt.Sprintf("%d:%02d", minute/60, minute%60)
	}
	return clock(h.From) + "-" + clock(h.To)
}

// Form returns the interest as ParseInterest reads it.
func (i Interest) Form() (lines, stops, hours string) {
	var all []string
	for _, h := range i.Hours {
		all = append(all, h.String())
	}
	return strings.Join(i.Lines, " "), strings.Join(i.Stops, ", "), strings.Join(all, " ")
}

// Marshal returns the interest for a column of the network's table; nil for everything.
func (i Interest) Marshal() []byte {
	if i.IsZero() {
		return nil
	}
	text, _ := json.Marshal(i) // of strings and numbers: cannot fail
	return text
}

// UnmarshalInterest reads what Marshal wrote.
func UnmarshalInterest(text []byte) (i Interest, err error) {
	if len(text) > 0 {
		err = json.Unmarshal(text, &i)
	}
	return i, err
}

// UnmarshalForeign reads an Interest that another program has written. Its error means that it is none, or has more than a person could choose.
func UnmarshalForeign(text []byte) (Interest, error) {
	i, err := UnmarshalInterest(text)
	if err != nil {
		return Interest{}, err
	}
	i.Lines, i.Stops, i.Hours, i.Days = unique(i.Lines), unique(i.Stops), unique(i.Hours), unique(i.Days)
	if len(i.Lines) > MaxInterest || len(i.Stops) > MaxInterest || len(i.Hours) > MaxInterest {
		return Interest{}, fmt.Errorf("more than %d lines, stops or times", MaxInterest)
	}
	for _, name := range slices.Concat(i.Lines, i.Stops) {
		if name == "" || len(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
			return Interest{}, errors.New("a name of a line or stop is too long, or no text")
		}
	}
	for _, h := range i.Hours {
		if h.From < 0 || h.To < 0 || h.From >= 24*60 || h.To >= 24*60 {
			return Interest{}, errors.New("hours are not those of a day")
		}
	}
	for _, day := range i.Days {
		if day < time.Sunday || day > time.Saturday {
			return Interest{}, errors.New("a day is none of the week")
		}
	}
	return i, nil
}

// unique removes repetitions and keeps the order.
func unique[T comparable](list []T) (short []T) {
	for _, one := range list {
		if !slices.Contains(short, one) {
			short = append(short, one)
		}
	}
	return short
}
