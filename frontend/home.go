package frontend

import (
	"cmp"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"linienfunk/settings"
)

// lines is how many line colours style.css has.
const lines = 6

// lineOf is the class of a city's colour: always the same for the same name.
func lineOf(city string) string {
	h := fnv.New32a()
	h.Write([]byte(city))
	return "line-" + strconv.Itoa(int(h.Sum32()%lines)+1)
}

// cityLink is a city in a list of cities.
type cityLink struct {
	Name, Title, Line, Lang string
	Active                  bool
}

func linkTo(s settings.Snapshot) cityLink {
	return cityLink{Name: s.City, Title: s.Title, Line: lineOf(s.City), Lang: s.Lang, Active: s.Active}
}

// tabs are the links between an admin's pages of a city.
type tabs struct {
	Name string
	Here string // which one the page is: "settings", "ledger", "history"
}

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
