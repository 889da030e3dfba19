package mastodon

import (
	"context"
	"sync"
	"time"
)

// recentTime is how long the list of cities with posts is used again.
const recentTime = 30 * time.Second

// postedLately lists the cities whose posts may have a mention to check, for all accounts at once: after a start each account looks for such posts, and
// hardly any has one.
type postedLately struct {
	mu     sync.Mutex
	listed time.Time
	window time.Duration // the longest that was wanted
	cities map[string]bool
}

// has reports whether a city had such posts within a time, as of half a minute ago or later.
func (r *postedLately) has(ctx context.Context, s store, city string, within time.Duration) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := s.now(); r.cities == nil || within > r.window || now.Sub(r.listed) >= recentTime {
		window := max(within, r.window)
		names, err := s.citiesWithPosts(ctx, now.Add(-window))
		if err != nil {
			return false, err
		}
		r.listed, r.window, r.cities = now, window, make(map[string]bool, len(names))
		for _, name := range names {
			r.cities[name] = true
		}
	}
	return r.cities[city], nil
}
