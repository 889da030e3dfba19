package limits

// Left returns how many events a key has left, or those that have no room in the table.
func (l *Limiter) Left(key string) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	c := l.keys[l.digest(key, now)]
	switch {
	case c != nil:
		return c.TokensAt(now)
	case len(l.keys) >= l.rate.Keys && l.overflow != nil:
		return l.overflow.TokensAt(now)
	}
	return float64(l.rate.Burst)
}
