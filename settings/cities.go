package settings

import (
	"context"

	"linienfunk/bots"
)

// view shows a Store as bots.Cities.
type view struct{ store *Store }

func (v view) City(ctx context.Context, name string) (bots.City, bool, error) {
	snapshot, ok, err := v.store.Get(ctx, name)
	return snapshot.View(), ok, err
}

func (v view) All(ctx context.Context) ([]bots.City, error) {
	snapshots, err := v.store.All(ctx)
	all := make([]bots.City, len(snapshots))
	for i, snapshot := range snapshots {
		all[i] = snapshot.View()
	}
	return all, err
}

// View is what bots see of the city.
func (s Snapshot) View() bots.City {
	return bots.City{Name: s.City, Title: s.Title, Lang: s.Lang, Active: s.Active, Revision: s.Revision, Freshness: s.Settings.Freshness()}
}
