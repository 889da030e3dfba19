package network

import "slices"

// Kind is the kind of a line. The empty Kind is unknown, as in a network that was made from lists.
type Kind string

const (
	Subway    Kind = "subway"
	Suburban  Kind = "suburban" // S-Bahn, RER, Cercanías
	Tram      Kind = "tram"
	Bus       Kind = "bus" // trolleybuses too
	Coach     Kind = "coach"
	Ferry     Kind = "ferry"
	Rail      Kind = "rail" // regional and long distance
	Monorail  Kind = "monorail"
	Cableway  Kind = "cableway"
	Funicular Kind = "funicular"
	Other     Kind = "other"
)

// Kinds lists all kinds, in the order in which lines are shown.
var Kinds = []Kind{"", Subway, Suburban, Tram, Monorail, Bus, Coach, Ferry, Rail, Cableway, Funicular, Other}

// Valid reports whether it is one of Kinds.
func (k Kind) Valid() bool { return slices.Contains(Kinds, k) }

// basicTypes are the values of route_type in the GTFS Schedule reference.
var basicTypes = map[int]Kind{0: Tram, 1: Subway, 2: Rail, 3: Bus, 4: Ferry, 5: Tram, 6: Cableway, 7: Funicular, 11: Bus, 12: Monorail}

// extendedTypes are the exceptions among Google's extended route types, whose hundreds are in extendedHundreds.
var extendedTypes = map[int]Kind{109: Suburban, 400: Suburban, 403: Suburban, 405: Monorail}

var extendedHundreds = map[int]Kind{
	1: Rail, 2: Coach, 3: Suburban, 4: Subway, 5: Subway, 6: Subway, 7: Bus, 8: Bus, 9: Tram, 10: Ferry, 12: Ferry, 13: Cableway, 14: Funicular,
}

// kindOf maps a route_type, also an extended one. Air, taxis and what nobody knows are Other.
func kindOf(routeType int) Kind {
	if kind, ok := basicTypes[routeType]; ok {
		return kind
	}
	if kind, ok := extendedTypes[routeType]; ok {
		return kind
	}
	if kind, ok := extendedHundreds[routeType/100]; ok {
		return kind
	}
	return Other
}
