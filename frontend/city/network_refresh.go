package city

import (
	"net/http"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/settings"
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

// unfollow stops fetching the city's network again.
func (p *Pages) unfollow(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	_, err := p.Commands.Run(r.Context(), commands.Call{City: city.City, Name: "transit unfollow", Actor: p.actorOf(r, admin)})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/city/"+city.City+"/network", http.StatusSeeOther)
	return nil
}
