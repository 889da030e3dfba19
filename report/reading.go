package report

// Reading is what a report means, as package transit/read finds it. It says everything by name, so that it outlives the network that it was read
// with, and travels to networks, pages and feeds.
type Reading struct {
	Kind       string  `json:"kind,omitempty"`       // "inspectors", "police", "disruption", "gone", "question", "other"; empty if it was not read
	Lines      []Line  `json:"lines,omitempty"`      // the most important first, like all lists
	Stops      []Stop  `json:"stops,omitempty"`      // where it happens
	Directions []Stop  `json:"directions,omitempty"` // where vehicles go to
	Inferred   bool    `json:"inferred,omitempty"`   // no line was named, but one alone serves the stop
	Confidence float64 `json:"confidence,omitempty"` // from 0 to 1
}

// Line is a line of a city.
type Line struct {
	Name  string `json:"name"`            // "U8"
	Kind  string `json:"kind,omitempty"`  // network.Kind: "subway", "tram", …
	Color string `json:"color,omitempty"` // six hexadecimal digits
	ID    string `json:"id,omitempty"`    // route_id of the feed
}

// Stop is a stop of a city.
type Stop struct {
	Name  string  `json:"name"`
	Place string  `json:"place,omitempty"` // town or district
	ID    string  `json:"id,omitempty"`    // stop_id of the feed
	Lat   float64 `json:"lat,omitempty"`   // degrees; 0, 0 if unknown
	Lon   float64 `json:"lon,omitempty"`
	Lines []Line  `json:"lines,omitempty"` // that serve it, for subscribers who chose a line; only in Reading.Stops, and if no line was named
}

// IsZero reports whether nothing was read.
func (r Reading) IsZero() bool {
	return r.Kind == "" && len(r.Lines)+len(r.Stops)+len(r.Directions) == 0
}
