package site

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/settings"
)

type AdminAction func(w http.ResponseWriter, r *http.Request, admin db.Admin) error

type CityAction func(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error

// LoggedIn redirects visitors without a login to the login page, which leads back. After a form it says that nothing was saved: the session has
// ended while the page was open.
func (s *Site) LoggedIn(action AdminAction) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		admin := Admin(r)
		if admin == nil {
			to := "/login?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
			if r.Method == http.MethodGet || r.Method == http.MethodHead {
				http.Redirect(w, r, to, http.StatusSeeOther)
				return nil
			}
			s.Tell(w, r, to, s.Text(r, "login-ended"), true)
			return nil
		}
		return action(w, r, *admin)
	}
}

// IsOperator reports whether an admin has the page of the operator. It gives no access to cities.
func (s *Site) IsOperator(admin db.Admin) bool {
	return admin.Confirmed && slices.Contains(s.Operators, admin.Address)
}

// levelKey is the key of what the visitor may do to the city in the path.
type levelKey struct{}

// CityAdmin admits admins of the city in the path who have a level. Those with a lower one get 403 and a page that names who can; everybody else gets 404, so that the
// answer does not tell whether the city exists. The role is read for each request, so that a change holds at once on all nodes.
func (s *Site) CityAdmin(needed commands.Level, action CityAction) func(w http.ResponseWriter, r *http.Request) error {
	return s.LoggedIn(func(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
		role, err := s.DB.RoleIn(r.Context(), r.PathValue("city"), admin.ID)
		if err != nil {
			return err
		}
		city, err := s.RequestedCity(r)
		if err != nil {
			return err
		}
		level := commands.LevelOf(role)
		r = r.WithContext(context.WithValue(r.Context(), levelKey{}, level))
		if r, err = s.withEnding(r, city); err != nil {
			return err
		}
		if level < needed {
			return s.Forbid(w, r, city)
		}
		return action(w, r, admin, city)
	})
}

// Level is what the visitor may do to the city in the path, which CityAdmin has found out.
func Level(r *http.Request) commands.Level {
	level, _ := r.Context().Value(levelKey{}).(commands.Level)
	return level
}

type forbiddenData struct {
	City   CityLink
	Tabs   Tabs
	Owners []db.Admin
}

// Forbid says that only the owners of the city may do this, and who they are.
func (s *Site) Forbid(w http.ResponseWriter, r *http.Request, city settings.Snapshot) error {
	owners, err := s.DB.OwnersOf(r.Context(), city.City)
	if err != nil {
		return err
	}
	about := Page{Title: s.Text(r, "forbidden"), Line: LineClass(city.City), Private: true}
	return s.Show(w, r, http.StatusForbidden, about, "forbidden.html", forbiddenData{LinkTo(city), TabsOf(r, city, ""), owners})
}

// Tabs are the links between the pages of a city's admins.
type Tabs struct {
	City  CityLink
	Here  string // the current page: "settings", "network", "ledger", "history", "people", "commands", "api" or "end"
	Owner bool   // the visitor may change the city
	Ends  string // when the city is deleted, for people; empty if it stays

	Panic, HoldAll bool // settings.Settings
}

// endsKey is the key of when the city in the path is deleted.
type endsKey struct{}

// withEnding adds to a request when the city is deleted, if it is to be. Such a city is paused.
func (s *Site) withEnding(r *http.Request, city settings.Snapshot) (*http.Request, error) {
	ends, err := s.EndOf(r, city)
	if ends == "" {
		return r, err
	}
	return r.WithContext(context.WithValue(r.Context(), endsKey{}, ends)), nil
}

// EndOf is when a city is deleted, for people; empty if it stays.
func (s *Site) EndOf(r *http.Request, city settings.Snapshot) (string, error) {
	if city.Active {
		return "", nil
	}
	row, err := s.DB.Ended(r.Context(), city.City)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return "", nil
	case err != nil:
		return "", err
	}
	return s.When(r, row.EndsAt.In(city.Clock())), nil
}

// Ends is when the city in the path is deleted, for people, as CityAdmin has found out; empty if it stays.
func Ends(r *http.Request) string {
	ends, _ := r.Context().Value(endsKey{}).(string)
	return ends
}

// TabsOf returns the links to the pages that the visitor may see.
func TabsOf(r *http.Request, city settings.Snapshot, here string) Tabs {
	return Tabs{City: LinkTo(city), Here: here, Owner: Level(r) >= commands.Owner, Ends: Ends(r), Panic: city.Panic, HoldAll: city.HoldAll}
}

// RequestedCity returns the settings of the city in the request's path, or db.ErrNotFound.
func (s *Site) RequestedCity(r *http.Request) (settings.Snapshot, error) {
	city, ok, err := s.Settings.Get(r.Context(), r.PathValue("city"))
	if err == nil && !ok {
		err = db.ErrNotFound
	}
	return city, err
}

// IsAdminOf reports whether the visitor is an admin of the city.
func (s *Site) IsAdminOf(r *http.Request, city string) (bool, error) {
	admin := Admin(r)
	if admin == nil {
		return false, nil
	}
	_, err := s.DB.RoleIn(r.Context(), city, admin.ID)
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
