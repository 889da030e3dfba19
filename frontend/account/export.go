package account

import (
	"encoding/json"
	"net/http"
	"time"

	"linienfunk/api"
	"linienfunk/db"
)

// exported is all that is stored about an account, but for digests and secrets, which say nothing to people.
type exported struct {
	Address  string            `json:"address"`
	Language string            `json:"language"`
	Created  time.Time         `json:"created"`
	LastSeen string            `json:"last_seen"` // a day
	Cities   []exportedCity    `json:"cities"`
	Sessions []exportedSession `json:"sessions"`
	Links    []exportedLink    `json:"mailed_links"`
	Codes    bool              `json:"login_takes_code"`
	Passkeys []exportedPasskey `json:"passkeys"`
	Keys     []api.MadeKey     `json:"api_keys"`
	Webhooks []api.MadeKey     `json:"webhooks"`
	InCities map[string]any    `json:"in_cities"`
}

type exportedCity struct {
	City  string     `json:"city"`
	Role  db.Role    `json:"role"`
	Since *time.Time `json:"since"`
}

type exportedPasskey struct {
	Name    string     `json:"name"`
	Created time.Time  `json:"created"`
	Used    *time.Time `json:"last_used"`
}

type exportedSession struct {
	Since    time.Time `json:"since"`
	LastUsed time.Time `json:"last_used"`
	Browser  string    `json:"browser"`
}

// exportedLink is a link that was mailed and not used yet.
type exportedLink struct {
	Purpose string    `json:"purpose"`
	Expires time.Time `json:"expires"`
}

// exportAccount sends a file with all that is stored about the account.
func (p *Pages) exportAccount(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	all := exported{Address: admin.Address, Language: admin.Lang, Created: admin.CreatedAt, LastSeen: admin.SeenOn, Cities: []exportedCity{}, Sessions: []exportedSession{}, Links: []exportedLink{}}
	var cities []db.CityAdmin
	if err := p.DB.WithContext(r.Context()).Where("admin_id = ?", admin.ID).Order("city").Find(&cities).Error; err != nil {
		return err
	}
	for _, row := range cities {
		all.Cities = append(all.Cities, exportedCity{row.City, row.Role, row.CreatedAt})
	}
	sessions, err := p.Sessions(r.Context(), admin.ID)
	if err != nil {
		return err
	}
	for _, one := range sessions {
		all.Sessions = append(all.Sessions, exportedSession{one.Since, one.Used, one.Browser})
	}
	var tokens []db.Token
	if err := p.DB.WithContext(r.Context()).Where("admin_id = ?", admin.ID).Order("expires_at").Find(&tokens).Error; err != nil {
		return err
	}
	for _, one := range tokens {
		all.Links = append(all.Links, exportedLink{one.Purpose, one.ExpiresAt})
	}
	if all.Keys, all.Webhooks, err = p.API.MadeBy(r.Context(), admin.ID); err != nil {
		return err
	}
	if all.Codes, err = p.needsCode(r.Context(), admin.ID); err != nil {
		return err
	}
	passkeys, err := p.passkeysOf(r.Context(), admin.ID)
	if err != nil {
		return err
	}
	all.Passkeys = []exportedPasskey{}
	for _, one := range passkeys {
		all.Passkeys = append(all.Passkeys, exportedPasskey{one.Name, one.CreatedAt, one.UsedAt})
	}
	if all.InCities, err = p.Commands.ExportAccount(r.Context(), admin.ID); err != nil {
		return err
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="linienfunk-account.json"`)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(append(text, '\n')) // an error means that the visitor has left
	return nil
}
