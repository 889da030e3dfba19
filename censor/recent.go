package censor

import (
	"context"
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
type recent map[string]*memory

// memory is what riders of one city have reported lately, oldest first.
type memory struct{ sightings []*sighting }

// of returns the memory of a city, without what is too old to matter.
func (c recent) of(ctx context.Context, d *db.DB, city string, rules Rules, now time.Time) (*memory, error) {
	since := now.Add(-max(rules.Repeats, contextWindow))
	if m := c[city]; m != nil {
		m.sightings = slices.DeleteFunc(m.sightings, func(s *sighting) bool { return s.at.Before(since) })
		return m, nil
	}
	entries, err := d.RecentlyPassed(ctx, city, since)
	if err != nil {
		return nil, err
	}
	m := new(memory)
	for _, e := range entries {
		m.add(e, rules)
	}
	c[city] = m
	return m, nil
}

// add adds an entry of the ledger.
func (m *memory) add(e db.Entry, rules Rules) {
	if e.About != "" {
		if e.Counted {
			m.addAuthor(e.About, e.Author)
		}
		return
	}
	if !e.At.Add(rules.Freshness).After(e.CreatedAt) {
		return // it had expired, and was not relayed
	}
	s := newSighting(e.Key, e.CreatedAt, e.Author, e.Text, rules.Reader, rules.read(e.Text, m.context(rules)))
	s.ended = e.EndedAt != nil
	m.sightings = append(m.sightings, s)
}

func (m *memory) addAuthor(key, author string) {
	for _, s := range m.sightings {
		if s.key == key {
			s.authors = append(s.authors, author)
		}
	}
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
	if slices.ContainsFunc(m.sightings, func(s *sighting) bool { return s.key == later.key }) {
		return // a repetition of the message, which the ledger knows
	}
	for _, s := range m.sightings {
		if s.ends(later) {
			s.ended = true
			j.Ends = append(j.Ends, s.key)
		}
	}
	if n := len(j.Ends); n > 0 {
		j.About = j.Ends[n-1]
		if !rules.RelayEnds {
			j.Bots = nil
		}
		return
	}
	for _, s := range slices.Backward(m.sightings) {
		if now.Sub(s.at) < rules.Repeats && s.repeats(later) {
			j.About, j.Bots = s.key, nil
			if j.Counts = r.Author == "" || !slices.Contains(s.authors, r.Author); j.Counts {
				s.authors = append(s.authors, r.Author)
			}
			return
		}
	}
	if len(m.sightings) == db.MaxRecent {
		m.sightings = slices.Delete(m.sightings, 0, 1)
	}
	m.sightings = append(m.sightings, later)
}

// relayed reports whether a report goes out, unless it repeats another one.
func relayed(j db.Judged, rules Rules) bool {
	return j.Verdict.Passed && j.Verdict.List == report.Triggers && rules.Active && j.Status == db.Queued
}
