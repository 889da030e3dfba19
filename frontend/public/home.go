package public

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"linienfunk/frontend/site"
)

// home is the front page.
func (p *Pages) home(w http.ResponseWriter, r *http.Request) error {
	all, err := p.Settings.All(r.Context())
	if err != nil {
		return err
	}
	var data struct {
		Cities       []site.CityLink
		Registration site.Registration
	}
	data.Registration = p.Registration()
	for _, s := range all {
		if s.Runs() && s.Listed {
			data.Cities = append(data.Cities, site.LinkTo(s))
		}
	}
	slices.SortFunc(data.Cities, func(a, b site.CityLink) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), cmp.Compare(a.Name, b.Name))
	})
	return p.Show(w, r, http.StatusOK, site.Page{Title: "Linienfunk"}, "home.html", data)
}
