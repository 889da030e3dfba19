package censor

import "time"

// Rules are a city's settings that the worker needs.
type Rules struct {
	Filter    *Filter
	Active    bool          // false if the city is switched off
	Freshness time.Duration // reports older than this are not sent
}
