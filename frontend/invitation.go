package frontend

import (
	"net/http"

	"linienfunk/db"
	"linienfunk/settings"
)

// invitation is the data of an invitation's link.
type invitation struct {
	City, Address string
}

// mayInvite reports whether one more invitation may be mailed to an address, and counts it.
func (f *Frontend) mayInvite(r *http.Request, address string) bool {
	return f.limits.mailClient.allow(client(r), f.Now()) && f.limits.mailAddress.allow(address, f.Now())
}

// mailInvitation mails a link that makes whoever opens it an admin of the city, with a new account if the address has none.
func (f *Frontend) mailInvitation(r *http.Request, by db.Admin, city settings.Snapshot, address string) error {
	token, err := f.newToken(r.Context(), forInvite, by.ID, invitation{city.City, address}, inviteTime)
	if err != nil {
		return err
	}
	return f.send(r.Context(), letter{
		id: "invite", lang: f.lang(r), to: address, key: tokenHash(token), expires: f.Now().Add(inviteTime),
		pairs: []any{"City", city.Title, "By", by.Address, "URL", f.BaseURL + "/invite/" + token},
	})
}
