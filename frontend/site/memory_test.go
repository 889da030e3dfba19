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
		if m.size > maxKept || len(m.kept) < 25 {
			t.Errorf("%d answers with %d bytes", len(m.kept), m.size)
		}
		visit("city-0")
		if rendered != 100 {
			t.Errorf("rendered %d times: a full memory forgot its first answer", rendered)
		}
		m.Drop("city-0")
		visit("city-0")
		if rendered != 101 || m.size > maxKept {
			t.Errorf("rendered %d times, %d bytes", rendered, m.size)
		}
		time.Sleep(keptFor + time.Second) // of the bubble's clock
		synctest.Wait()
		if len(m.kept) != 0 || m.size != 0 {
			t.Errorf("%d answers with %d bytes are left", len(m.kept), m.size)
		}
	})
}
