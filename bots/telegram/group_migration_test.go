package telegram

import (
	"fmt"
	"sync"
	"testing"
)

func TestAGroupMigratesOnceHoweverOftenItIsReported(t *testing.T) {
	t.Parallel()
	w, _ := world(t)
	s, ctx := theBot(w).store, t.Context()
	const moves = 30
	for i := range int64(moves) {
		must(t, s.addGroup(ctx, "zuerich", -i-1, group, fmt.Sprint("Linie ", i)))
	}
	for i := range int64(moves) {
		var hearing sync.WaitGroup
		for range 4 { // the update, and messages of broadcasts that find the group gone
			hearing.Go(func() {
				if err := s.migrateGroup(ctx, "zuerich", -i-1, -1000-i); err != nil {
					t.Error(err)
				}
			})
		}
		hearing.Wait()
		if _, known, err := s.findChat(ctx, "zuerich", -1000-i); !known || err != nil {
			t.Fatalf("group %d is lost: %v", i, err)
		}
	}
}

func TestAMigratedGroupStaysConfirmedUnderEitherID(t *testing.T) {
	t.Parallel()
	for _, confirmed := range []int64{-5, -1005} {
		w, _ := world(t)
		s, ctx := theBot(w).store, t.Context()
		for _, chat := range []int64{-5, -1005} {
			must(t, s.addGroup(ctx, "zuerich", chat, group, "Linie 4"))
		}
		row, _, err := s.findChat(ctx, "zuerich", confirmed)
		must(t, err)
		must(t, s.update(ctx, row, map[string]any{"active": true}))
		must(t, s.migrateGroup(ctx, "zuerich", -5, -1005))
		rows, err := s.listGroups(ctx, "zuerich")
		must(t, err)
		if len(rows) != 1 || !rows[0].Active {
			t.Errorf("confirmed as %d: %d rows, active %v", confirmed, len(rows), rows[0].Active)
		}
	}
}
