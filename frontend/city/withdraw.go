package city

import (
	"net/http"
	"strconv"

	"linienfunk/db"
	"linienfunk/report"
	"linienfunk/settings"
)

// withdraw retracts a report on all networks. One that was sent nowhere is left alone; the page has no button for it.
func (p *Pages) withdraw(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 32)
	if err != nil {
		return db.ErrNotFound
	}
	entry, err := p.DB.EntryByID(r.Context(), city.City, uint(id))
	if err != nil {
		return err
	}
	if entry.Withdrawn == "" && !isSent(entry) {
		http.Redirect(w, r, "/city/"+city.City+"/ledger", http.StatusSeeOther)
		return nil
	}
	if entry.Withdrawn == "" {
		if err := p.Withdraw(r.Context(), entry.Withdrawal(report.ByModerator)); err != nil {
			return err
		}
	}
	p.Tell(w, r, "/city/"+city.City+"/ledger", p.Text(r, "ledger-withdrawing"), false)
	return nil
}

// isSent reports whether a report was sent anywhere, or may still be.
func isSent(e db.Entry) bool {
	for _, d := range e.Deliveries {
		if d.Status == db.Sent || !d.Status.Final() {
			return true
		}
	}
	return false
}
