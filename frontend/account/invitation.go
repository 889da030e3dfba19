package account

import (
	"net/http"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

// invitation is the data of an invitation's link.
type invitation struct {
	City, Address string
}

// MayInvite reports whether one more invitation may be sent to an address, and counts it.
func (p *Pages) MayInvite(r *http.Request, address string) bool {
	return p.limits.mailClient.Allow(client(r)) && p.limits.invite.allow(address, r)
}

// MailInvitation mails a link that makes its recipient an admin of the city.
func (p *Pages) MailInvitation(r *http.Request, by db.Admin, city settings.Snapshot, address string) error {
	token, err := p.newToken(r.Context(), forInvite, by.ID, invitation{city.City, address}, inviteTime)
	if err != nil {
		return err
	}
	return p.Send(r.Context(), site.Letter{
		ID: "invite", Lang: p.Lang(r), To: address, Key: tokenHash(token), Expires: p.Now().Add(inviteTime),
		Pairs: []any{"City", city.Title, "By", by.Address, "URL", p.BaseURL + "/invite/" + token},
	})
}
