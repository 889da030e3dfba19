package censor

import "time"

// Rules is what a city's settings say about its reports.
type Rules struct {
	Filter    *Filter
	Active    bool          // the city's main switch
	Freshness time.Duration // reports older than this are not sent
}
