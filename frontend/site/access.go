package site

import (
	"net/http"
	"net/url"
	"slices"

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

// CityAdmin admits only admins of the city in the path. Everybody else gets 404, so that the answer does not tell whether the
// city exists.
func (s *Site) CityAdmin(action CityAction) func(w http.ResponseWriter, r *http.Request) error {
	return s.LoggedIn(func(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
		cities, err := s.DB.CitiesOf(r.Context(), admin.ID)
		if err != nil {
			return err
		}
		if !slices.Contains(cities, r.PathValue("city")) {
			return db.ErrNotFound
		}
		city, err := s.RequestedCity(r)
		if err != nil {
			return err
		}
		return action(w, r, admin, city)
	})
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
	cities, err := s.DB.CitiesOf(r.Context(), admin.ID)
	return slices.Contains(cities, city), err
}
