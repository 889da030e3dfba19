package site

import (
	"hash/fnv"
	"strconv"

	"linienfunk/settings"
)

// lineColours is the number of line colours in style.css.
const lineColours = 6

// LineClass returns the CSS class of a city's line colour. It depends on nothing but the name.
func LineClass(city string) string {
	h := fnv.New32a()
	h.Write([]byte(city))
	return "line-" + strconv.Itoa(int(h.Sum32()%lineColours)+1)
}

// CityLink is a city in a list of cities.
type CityLink struct {
	Name, Title, Line, Lang string
	Active                  bool // it relays reports
	Stop                    settings.Stop
	Moved                   string // see settings.Snapshot
}

func LinkTo(s settings.Snapshot) CityLink {
	return CityLink{Name: s.City, Title: s.Title, Line: LineClass(s.City), Lang: s.Lang, Active: s.Runs(), Stop: s.Stop, Moved: s.Moved}
}
