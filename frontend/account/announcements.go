package account

import (
	"net/http"
	"strconv"

	"linienfunk/db"
	"linienfunk/frontend/site"
)

// dismiss hides an announcement of the operator in this browser.
func (p *Pages) dismiss(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 32)
	if err != nil {
		return db.ErrNotFound
	}
	if err := site.ParseForm(r); err != nil {
		return err
	}
	p.Dismiss(w, r, id)
	next := r.PostForm.Get("next")
	if next == "/operator" {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	return p.afterLogin(w, r, admin, next)
}
