package censor

import (
	"time"

	"linienfunk/report"
	"linienfunk/transit/read"
)

// Rules are a city's settings that the worker needs.
type Rules struct {
	Filter    *Filter
	Reader    *read.Reader  // of the city's network; nil if nothing is read
	Loading   bool          // the reader is being made, or accounts are being listed: a report waits
	Active    bool          // false if the city is switched off
	Freshness time.Duration // reports older than this are not sent

	// Repeats is how long a report that says the same as one before confirms it, and is not relayed itself; at most an hour; 0 relays all.
	Repeats time.Duration
	// RelayEnds relays reports that whoever was seen has left, even though they end the report about it.
	RelayEnds bool

	// Hold is what a moderator has to see first.
	Hold Hold

	// Numbers is the city's time zone if relayed reports are counted, see db.Number; nil if they are not.
	Numbers *time.Location
}

// Evaluate reads a text and returns the verdict on it. What it means is the zero Reading if the text does not pass and no list of the city
// depends on it.
func (r Rules) Evaluate(text string, context read.Context) (v report.Verdict, means read.Reading) {
	early := r.Filter.needsReading()
	if early {
		means = r.read(text, context)
	}
	v = r.Filter.Evaluate(text, SaidBy(means))
	if v.Passed && !early {
		means = r.read(text, context)
	}
	return v, means
}

func (r Rules) read(text string, context read.Context) read.Reading {
	if r.Reader == nil {
		return read.Reading{}
	}
	return r.Reader.Read(text, context)
}
