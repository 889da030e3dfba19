package site

import (
	"hash/fnv"
	"strconv"

	"linienfunk/settings"
)

// lines is how many line colours style.css has.
const lines = 6

// lineOf is the class of a city's colour: always the same for the same name.
func LineOf(city string) string {
	h := fnv.New32a()
	h.Write([]byte(city))
	return "line-" + strconv.Itoa(int(h.Sum32()%lines)+1)
}

// cityLink is a city in a list of cities.
type CityLink struct {
	Name, Title, Line, Lang string
	Active                  bool
}

func LinkTo(s settings.Snapshot) CityLink {
	return CityLink{Name: s.City, Title: s.Title, Line: LineOf(s.City), Lang: s.Lang, Active: s.Active}
}
