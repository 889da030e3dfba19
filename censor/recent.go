package censor

import (
	"context"
	"maps"
	"slices"
	"time"

	"linienfunk/db"
	"linienfunk/report"
	"linienfunk/transit/read"
)

// contextWindow is the age of reports by which ambiguous names of stops are settled.
const contextWindow = 15 * time.Minute

// recent remembers what riders have reported lately, by city. It is a copy of what the ledger has: a city is read when its first report comes,
// and again after anything that leaves a doubt.
type recent struct {
	cities map[string]*memory
	swept  time.Time

	// inLedger are the cities of which the ledger had reports when the turn began, or has got some since. Of others there is nothing to read.
	inLedger map[string]bool
}

// newRecent remembers nothing yet.
func newRecent(ctx context.Context, d *db.DB, now time.Time) (recent, error) {
	c := recent{cities: map[string]*memory{}, inLedger: map[string]bool{}}
	cities, err := d.CitiesThatPassed(ctx, now.Add(-maxRepeats))
	for _, city := range cities {
		c.inLedger[city] = true
	}
	return c, err
}

// maxRepeats is the longest time that Rules.Repeats may be.
const maxRepeats = time.Hour

// memory is what riders of one city have reported lately, oldest first.
type memory struct {
	reader    *read.Reader // of all sightings
	used      time.Time
	sightings []*sighting
}

// of returns the memory of a city, without what is too old to matter.
func (c *recent) of(ctx context.Context, d *db.DB, city string, rules Rules, now time.Time) (*memory, error) {
	c.sweep(now)
	since := now.Add(-max(rules.Repeats, contextWindow))
	if m := c.cities[city]; m != nil && m.reader == rules.Reader {
		m.used = now
		m.sightings = slices.DeleteFunc(m.sightings, func(s *sighting) bool { return s.at.Before(since) })
		return m, nil
	}
	var entries []db.Entry
	if c.inLedger[city] {
		var err error
		if entries, err = d.RecentlyPassed(ctx, city, since); err != nil {
			return nil, err
		}
	}
	c.inLedger[city] = true // with the report that is being judged
	m := &memory{reader: rules.Reader, used: now}
	var early []db.Entry // confirmations of a report that was released after objections, as an entry that is newer than they are
	for _, e := range entries {
		if e.About != "" && m.find(e.About) == nil {
			early = append(early, e)
			continue
		}
		m.add(e, rules)
	}
	for _, e := range early {
		m.add(e, rules)
	}
	c.cities[city] = m
	return m, nil
}

// sweep forgets the cities from which nothing has come for a while: they hold readers, of which only some have space in memory.
func (c *recent) sweep(now time.Time) {
	if now.Sub(c.swept) < time.Minute {
		return
	}
	c.swept = now
	maps.DeleteFunc(c.cities, func(_ string, m *memory) bool { return now.Sub(m.used) > contextWindow })
}

// add adds an entry of the ledger.
func (m *memory) add(e db.Entry, rules Rules) {
	if e.About != "" {
		if s := m.find(e.About); s != nil && e.Counted {
			later := &sighting{authors: []string{e.Author}, reader: rules.Reader}
			if len(s.means.Lines) == 0 { // reading thousands would take a while
				later.means = rules.read(e.Text, m.context(rules))
			}
			s.confirm(later)
		}
		return
	}
	if !e.At.Add(rules.Freshness).After(e.CreatedAt) {
		return // it had expired, and was not relayed
	}
	s := newSighting(e.Key, e.CreatedAt, e.Author, e.Text, rules.Reader, rules.read(e.Text, m.context(rules)))
	s.written, s.ended = e.At, e.EndedAt != nil
	m.sightings = append(m.sightings, s)
}

// find returns the sighting with a key, or nil.
func (m *memory) find(key string) *sighting {
	for _, s := range m.sightings {
		if s.key == key {
			return s
		}
	}
	return nil
}

// maxContext is how many reports settle the names in another one: the newest.
const maxContext = 30

// context returns what the city's last reports are about.
func (m *memory) context(rules Rules) (c read.Context) {
	if rules.Reader == nil {
		return c
	}
	for _, s := range m.sightings[max(0, len(m.sightings)-maxContext):] {
		if s.reader == rules.Reader {
			c.Recent = append(c.Recent, s.means)
		}
	}
	return c
}

// compare compares a report that would be relayed with those before it. It confirms the newest one that says the same, or ends all that it says
// are over; else it is remembered itself.
func (m *memory) compare(j *db.Judged, rules Rules, means read.Reading, now time.Time) {
	r := j.Report
	later := newSighting(r.Key(), now, r.Author, r.Text, rules.Reader, means)
	later.written = r.At
	if m.find(later.key) != nil {
		return // a repetition of the message, which the ledger knows
	}
	for _, s := range m.endedBy(later) {
		s.ended = true
		j.Ends = append(j.Ends, s.key)
	}
	if n := len(j.Ends); n > 0 {
		j.About = j.Ends[n-1]
		if !rules.RelayEnds {
			j.Bots = nil
		}
		return
	}
	for _, s := range slices.Backward(m.sightings) {
		if now.Sub(s.at) >= rules.Repeats || !now.Before(s.written.Add(rules.Freshness)) {
			continue
		}
		if s.ended && s.over(later) { // somebody else has said so
			j.About, j.Bots = s.key, nil
			return
		}
		if s.repeats(later) {
			j.About, j.Bots = s.key, nil
			if j.Counts = r.Author == "" || !slices.Contains(s.authors, r.Author); j.Counts {
				s.confirm(later)
			}
			return
		}
	}
	if len(m.sightings) == db.MaxRecent {
		m.sightings = slices.Delete(m.sightings, 0, 1)
	}
	m.sightings = append(m.sightings, later)
}

// endedBy returns the sightings that are over with a report that they have left. One that names a line alone, of which they were seen at several
// stops, is about one of these, and nobody knows which.
func (m *memory) endedBy(later *sighting) (list []*sighting) {
	for _, s := range m.sightings {
		if !s.ended && s.over(later) {
			if len(later.means.Stops) == 0 && len(list) > 0 && !unlessEmpty(list[0].means.Stops, s.means.Stops) {
				return nil
			}
			list = append(list, s)
		}
	}
	return list
}

// relayed reports whether a report goes out, unless it repeats another one.
func relayed(j db.Judged, rules Rules) bool {
	return len(j.Bots) > 0 && j.Verdict.Passed && j.Verdict.List == report.Triggers && rules.Active && j.Status == db.Queued
}
