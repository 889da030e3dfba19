package city

import (
	"context"
	"net/http"
	"time"

	"linienfunk/db"
	"linienfunk/settings"
	"linienfunk/transit"
)

// refreshView says where the network in force comes from.
type refreshView struct {
	Address string
	Checked time.Time
	Failed  bool
	Problem string // of the last attempt
}

// addRefresh adds where the network in force comes from, if it is fetched again and again.
func (p *Pages) addRefresh(r *http.Request, city settings.Snapshot, data *networkData) error {
	found, ok, err := p.Imports.Refreshed(r.Context(), city.City)
	if err != nil || !ok || found.Network != city.Network {
		return err
	}
	data.Refresh = &refreshView{Address: found.Address, Checked: found.Checked, Failed: found.Failed}
	if found.Failed {
		data.Refresh.Problem = p.feedProblem(r, found.Failure)
	}
	return nil
}

// RefreshNetwork makes a network that was fetched again that of a city, for transit.Imports. It returns transit.ErrOther if the city does not have the network
// from any more.
func (p *Pages) RefreshNetwork(ctx context.Context, city, from, to string) error {
	now, ok, err := p.Settings.Get(ctx, city)
	if err != nil {
		return err
	}
	if !ok || now.Network != from {
		return transit.ErrOther
	}
	if from == to {
		return nil
	}
	document, err := settings.With(now.Document, map[string]any{"network": to})
	if err != nil {
		return err
	}
	_, err = p.Settings.Submit(ctx, settings.Draft{City: city, Base: now.Hash, From: now.Document, To: document, Note: p.TextIn(now.Lang, "network-refreshed")})
	if err == nil {
		p.Changed(city)
	}
	return err
}

// unfollow stops fetching the city's network again.
func (p *Pages) unfollow(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	if err := p.Imports.Unfollow(r.Context(), city.City); err != nil {
		return err
	}
	http.Redirect(w, r, "/city/"+city.City+"/network", http.StatusSeeOther)
	return nil
}
