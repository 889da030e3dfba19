package frontend

import (
	"context"

	"linienfunk/bots"
)

// AccountRevoked tells a city's admins by mail that a network turned their account away.
func (f *Frontend) AccountRevoked(ctx context.Context, a bots.Account, s bots.Status) {
	f.notify(ctx, "revoked", a, s)
}

// AccountWarned tells a city's admins by mail that their account needs them, though it goes on.
func (f *Frontend) AccountWarned(ctx context.Context, a bots.Account, s bots.Status) {
	f.notify(ctx, "warned", a, s)
}

// notify sends a letter to each admin, once for each revision of the account.
func (f *Frontend) notify(ctx context.Context, id string, a bots.Account, s bots.Status) {
	city := a.City
	admins, err := f.DB.AdminsOf(ctx, city)
	if err != nil {
		f.Log.Error("cannot tell admins about their account", "city", city, "bot", s.Bot, "err", err)
		return
	}
	title := city
	if now, ok, err := f.Settings.Get(ctx, city); err == nil && ok {
		title = now.Title
	}
	for _, admin := range admins {
		err := f.send(ctx, letter{
			id: id, lang: admin.Lang, to: admin.Address,
			key: city + ":" + s.Bot + ":" + a.Revision + ":" + admin.Address,
			pairs: []any{"City", title, "Account", s.Label, "Network", f.botTitle(admin.Lang, s.Bot),
				"Reason", f.botText(admin.Lang, s.Bot, s.Detail), "URL", f.BaseURL + "/city/" + city + "#" + s.Bot},
		})
		if err != nil {
			f.Log.Error("cannot tell an admin about an account", "city", city, "bot", s.Bot, "err", err)
		}
	}
}
