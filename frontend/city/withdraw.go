package city

import (
	"net/http"
	"strconv"

	"linienfunk/db"
	"linienfunk/report"
	"linienfunk/settings"
)

// withdraw takes a report back from wherever it went. One that went nowhere stays as it is: the page offers no button for it.
func (p *Pages) withdraw(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 32)
	if err != nil {
		return db.ErrNotFound
	}
	entry, err := p.DB.EntryByID(r.Context(), city.City, uint(id))
	if err != nil {
		return err
	}
	if entry.Withdrawn == "" && !spread(entry) {
		http.Redirect(w, r, "/city/"+city.City+"/ledger", http.StatusSeeOther)
		return nil
	}
	if entry.Withdrawn == "" {
		if err := p.Withdraw(r.Context(), entry.Withdrawal(report.ByModerator)); err != nil {
			return err
		}
	}
	p.Flash(w, r, p.Text(r, "ledger-withdrawing"), false)
	http.Redirect(w, r, "/city/"+city.City+"/ledger", http.StatusSeeOther)
	return nil
}

// spread says whether a report went anywhere, or still may.
func spread(e db.Entry) bool {
	for _, d := range e.Deliveries {
		if d.Status == db.Sent || !d.Status.Final() {
			return true
		}
	}
	return false
}
