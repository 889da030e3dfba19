package city

import (
	"context"

	"linienfunk/bots"
	"linienfunk/frontend/site"
	"linienfunk/supervisor"
)

// AccountRevoked mails a city's admins that a network no longer accepts their account.
func (p *Pages) AccountRevoked(ctx context.Context, a bots.Account, s supervisor.Status) {
	p.notify(ctx, "revoked", a, s)
}

// AccountWarned mails a city's admins that their account needs attention, though it still works.
func (p *Pages) AccountWarned(ctx context.Context, a bots.Account, s supervisor.Status) {
	p.notify(ctx, "warned", a, s)
}

// notify sends a letter to each admin, once for each revision of the account.
func (p *Pages) notify(ctx context.Context, id string, a bots.Account, s supervisor.Status) {
	city := a.City
	admins, err := p.DB.OwnersOf(ctx, city)
	if err != nil {
		p.Log.Error("cannot tell admins about their account", "city", city, "bot", s.Bot, "err", err)
		return
	}
	title := city
	if now, ok, err := p.Settings.Get(ctx, city); err == nil && ok {
		title = now.Title
	}
	for _, admin := range admins {
		err := p.Send(ctx, site.Letter{
			ID: id, Lang: admin.Lang, To: admin.Address,
			Key: city + ":" + s.Bot + ":" + a.Revision + ":" + admin.Address,
			Pairs: []any{"City", title, "Account", s.Label, "Network", p.bots.Title(admin.Lang, s.Bot),
				"Reason", p.bots.Translate(admin.Lang, s.Bot, s.Detail), "URL", p.BaseURL + "/city/" + city + "#" + s.Bot},
		})
		if err != nil {
			p.Log.Error("cannot tell an admin about an account", "city", city, "bot", s.Bot, "err", err)
		}
	}
}
