package settings

import (
	"sync"
	"time"
)

// Zone returns the city's time zone; nil for the server's.
func (s Settings) Zone() *time.Location {
	if s.TimeZone == "" {
		return nil
	}
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		return nil
	}
	return zone
}

// Clock is Zone, or the server's time zone.
func (s Settings) Clock() *time.Location {
	if zone := s.Zone(); zone != nil {
		return zone
	}
	return time.Local
}

// clocks keeps time zones in memory, by the cities' TimeZone: the censor needs one for each report, and bots for each city every minute. Reading one
// takes longer than to judge.
type clocks struct{ byName sync.Map }

func (c *clocks) of(s Settings) *time.Location {
	if found, ok := c.byName.Load(s.TimeZone); ok {
		return found.(*time.Location)
	}
	zone := s.Clock()
	c.byName.Store(s.TimeZone, zone)
	return zone
}

// zone is Settings.Zone.
func (c *clocks) zone(s Settings) *time.Location {
	if s.TimeZone == "" {
		return nil
	}
	return c.of(s)
}
