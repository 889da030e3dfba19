package bottest

import (
	"context"
	"slices"
	"sync"

	"linienfunk/report"
)

// Outbox keeps the reports that a Listener hands in.
type Outbox struct {
	mu      sync.Mutex
	cities  []string
	reports []report.Report
	err     error
}

// Out is a bots.CityOut. It keeps the report and its city, unless it is to fail.
func (o *Outbox) Out(_ context.Context, city string, r report.Report) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return o.err
	}
	o.cities, o.reports = append(o.cities, city), append(o.reports, r)
	return nil
}

// FailWith lets Out return err from now on. With nil, it keeps reports again.
func (o *Outbox) FailWith(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
}

// All returns the reports so far, without those that the bot takes for none.
func (o *Outbox) All() []report.Report {
	return slices.DeleteFunc(o.handedIn(), func(r report.Report) bool { return r.Dropped != "" })
}

// Dropped returns the messages that the bot takes for no reports.
func (o *Outbox) Dropped() []report.Report {
	return slices.DeleteFunc(o.handedIn(), func(r report.Report) bool { return r.Dropped == "" })
}

func (o *Outbox) handedIn() []report.Report {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.reports)
}

// Cities returns the cities of the reports so far.
func (o *Outbox) Cities() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.cities)
}
