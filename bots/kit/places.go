package kit

import (
	"net/http"

	"linienfunk/bots"
	"linienfunk/bots/places"
)

// ErrorsForAdmins returns an error with the text for somebody who may try again, instead of the text for an account that is tried again by itself.
func ErrorsForAdmins(err error) error {
	if err == nil {
		return nil
	}
	said := *bots.AsError(err)
	said.Say = onPage(said.Say)
	return &said
}

// RefreshPlaces handles the form that has the list of places of a city's account read anew. The texts are places-read and those of errors.
func RefreshPlaces(core bots.Core, lists func() places.Lists) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		mount := bots.MountOf(r)
		now, err := lists().Refresh(r.Context(), mount.City.Name)
		switch {
		case err != nil:
			core.Log.Error("list of places not read", "city", mount.City.Name, "err", err)
			core.Pages.Failed(w, r, core.Pages.Text(mount.Lang, "error-internal"))
		case now.Why != "":
			core.Pages.Failed(w, r, core.Pages.Text(mount.Lang, now.Why))
		default:
			core.Pages.Done(w, r, core.Pages.Text(mount.Lang, "places-read"))
		}
	}
}
