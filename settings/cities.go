package settings

import (
	"context"

	"linienfunk/bots"
)

// view shows a Store as bots.Cities.
type view struct{ store *Store }

func (v view) City(ctx context.Context, name string) (bots.City, bool, error) {
	snapshot, ok, err := v.store.Get(ctx, name)
	return snapshot.view(), ok, err
}

func (v view) All(ctx context.Context) ([]bots.City, error) {
	snapshots, err := v.store.All(ctx)
	all := make([]bots.City, len(snapshots))
	for i, snapshot := range snapshots {
		all[i] = snapshot.view()
	}
	return all, err
}

func (s Snapshot) view() bots.City {
	return bots.City{Name: s.City, Title: s.Title, Lang: s.Lang, Active: s.Active, Revision: s.Revision}
}
