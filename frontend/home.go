package frontend

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// home is the front page.
func (f *Frontend) home(w http.ResponseWriter, r *http.Request) error {
	all, err := f.Settings.All(r.Context())
	if err != nil {
		return err
	}
	var data struct{ Cities []cityLink }
	for _, s := range all {
		if s.Active && s.Listed {
			data.Cities = append(data.Cities, linkTo(s))
		}
	}
	slices.SortFunc(data.Cities, func(a, b cityLink) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), cmp.Compare(a.Name, b.Name))
	})
	return f.show(w, r, http.StatusOK, page{Title: "Linienfunk"}, "home.html", data)
}
