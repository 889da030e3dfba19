package frontend

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// home is the front page.
func (p *PublicPages) home(w http.ResponseWriter, r *http.Request) error {
	all, err := p.Settings.All(r.Context())
	if err != nil {
		return err
	}
	var data struct{ Cities []CityLink }
	for _, s := range all {
		if s.Active && s.Listed {
			data.Cities = append(data.Cities, LinkTo(s))
		}
	}
	slices.SortFunc(data.Cities, func(a, b CityLink) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), cmp.Compare(a.Name, b.Name))
	})
	return p.Show(w, r, http.StatusOK, Page{Title: "Linienfunk"}, "home.html", data)
}
