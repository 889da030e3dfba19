package supervisor

import (
	"testing"
	"time"
)

func TestPausesAreShortInTheFirstMinuteOfAnOutageAndThenGrow(t *testing.T) {
	t.Parallel()
	var b backoff
	now := time.Now()
	for elapsed := time.Duration(0); elapsed < shortOutage; elapsed += 10 * time.Second {
		if pause := b.nextAt(now.Add(elapsed)); pause < minPause/2 || pause > minPause {
			t.Errorf("a pause of %s after %s", pause, elapsed)
		}
	}
	now = now.Add(shortOutage)
	for _, longest := range []time.Duration{2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		if pause := b.nextAt(now); pause < longest*time.Second/2 || pause > longest*time.Second {
			t.Errorf("a pause of %s, where at most %s was expected", pause, longest*time.Second)
		}
	}
	b.reset()
	if pause := b.nextAt(now); pause > minPause {
		t.Errorf("a pause of %s at the next outage", pause)
	}
}
