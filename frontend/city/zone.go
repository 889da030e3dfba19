package city

import (
	"strings"

	"linienfunk/settings"
)

// zoneGroup is the time zones of a continent in the settings form.
type zoneGroup struct {
	Continent string
	Zones     []zoneChoice
}

type zoneChoice struct {
	Name, Place string // Europe/Zurich, Zurich
	Here        bool
}

// zones returns all time zones; chosen is the selected one.
func zones(chosen string) []zoneGroup {
	var groups []zoneGroup
	for _, name := range settings.Zones() {
		continent, place, _ := strings.Cut(name, "/")
		if len(groups) == 0 || groups[len(groups)-1].Continent != continent {
			groups = append(groups, zoneGroup{Continent: continent})
		}
		last := &groups[len(groups)-1]
		last.Zones = append(last.Zones, zoneChoice{name, strings.ReplaceAll(place, "_", " "), name == chosen})
	}
	return groups
}
