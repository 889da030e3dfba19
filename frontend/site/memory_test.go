package site

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"linienfunk/settings"
)

func TestMemoryIsBoundedAndEmptyWhenNobodyVisits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(time.Now)
		holds := func() (answers, bytes int) { // under the lock: answers are removed by timers
			m.mu.Lock()
			defer m.mu.Unlock()
			return len(m.kept), m.size
		}
		rendered := 0
		visit := func(city string) {
			t.Helper()
			_, err := m.Load(settings.Snapshot{City: city}, "en", "", func() (*Kept, bool, error) {
				rendered++
				return KeepAnswer(nil, bytes.Repeat([]byte("x"), 1<<20)), true, nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for n := range 100 {
			visit(fmt.Sprint("city-", n))
		}
		if answers, size := holds(); size > maxKept || answers < 25 {
			t.Errorf("%d answers with %d bytes", answers, size)
		}
		visit("city-0")
		if rendered != 100 {
			t.Errorf("rendered %d times: a full memory forgot its first answer", rendered)
		}
		m.Drop("city-0")
		visit("city-0")
		if _, size := holds(); rendered != 101 || size > maxKept {
			t.Errorf("rendered %d times, %d bytes", rendered, size)
		}
		time.Sleep(keptFor + time.Second) // of the bubble's clock
		synctest.Wait()
		if answers, size := holds(); answers != 0 || size != 0 {
			t.Errorf("%d answers with %d bytes are left", answers, size)
		}
	})
}
