package db_test

import (
	"errors"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/testkit"
)

func TestADatabaseAcceptsOnlyItsFirstInstanceKey(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t, time.Now)
	for i, c := range []struct {
		digest string
		want   error
	}{{"a", nil}, {"a", nil}, {"b", db.ErrOtherKey}, {"a", nil}} {
		if err := d.CheckInstanceKey(t.Context(), c.digest); !errors.Is(err, c.want) {
			t.Errorf("%d: %v, want %v", i, err, c.want)
		}
	}
}
