package mastodon

import (
	"context"
	"net/http"
	"net/url"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

// WebUI serves the settings of a city's account.
func (b *bot) WebUI() http.Handler { return b.Pages.Settings(kit.Routes{"POST /code": b.pasteCode}) }

var _ bots.Public = (*bot)(nil)

// Public serves the link to the account on a city's page, and the address where instances send browsers back to.
func (b *bot) Public() http.Handler {
	state := func(query url.Values) string { return query.Get("state") }
	return b.Pages.Public(kit.Routes{"GET /callback": b.Logins.Callback(state, b.finishRedirect)})
}

// newPages makes the pages.
func (b *bot) newPages() kit.Pages[Account, *Account] {
	return kit.Pages[Account, *Account]{
		Core: b.Core, Accounts: b.Rows, Connect: b.connect, Say: loginText,
		Check: func(ctx context.Context, row Account, token string) (Account, error) {
			err := b.checkAccount(ctx, &row, b.clientOf(row, token))
			return row, err
		},
		Disconnected: func(ctx context.Context, row Account, token string) {
			b.revokeIfUnused(ctx, row.City, row.Instance, token)
		},
		Extra: func(_ *http.Request, row Account, connected bool) (any, error) {
			kept, known := b.profiles.cached(row.Instance)
			n := notes{Blocked: connected && b.blockedServer(row.Instance, row.Domain), NoText: connected && known && !kept.acceptsText()}
			if connected && known {
				n.Profile = kept.profilePage(row.Instance)
			}
			return n, nil
		},
	}
}

// notes has the data of notes.html besides the account.
type notes struct {
	Blocked bool   // the operator has blocked the instance
	NoText  bool   // the instance is known to accept no copies
	Profile string // where the account is marked as automated, empty if that is not known
}

// connect begins a login: it sends the browser to the instance, or shows where to get a code.
func (b *bot) connect(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	login := Login{Login: kit.Login{City: mount.City.Name, Path: mount.Path}}
	var err error
	if r.FormValue("way") == "code" {
		err = b.showCodeForm(w, r, login)
	} else {
		err = b.Logins.Redirect(w, r, func(cookie string) (authorize string, err error) {
			authorize, _, err = b.begin(r.Context(), r.FormValue("instance"), cookie, login)
			return authorize, err
		})
	}
	if err != nil {
		b.Pages.Refuse(w, r, "connect", err)
	}
}

func (b *bot) showCodeForm(w http.ResponseWriter, r *http.Request, login Login) error {
	authorize, state, err := b.begin(r.Context(), r.FormValue("instance"), "", login)
	if err != nil {
		return err
	}
	b.Core.Pages.Page(w, r, http.StatusOK, b.Pages.Text(r, "code-title"), "code.html",
		map[string]string{"Path": login.Path, "Authorize": authorize, "State": state})
	return nil
}

// pasteCode ends a login with a code that the instance showed. Only an admin of the city gets here; a state of another
// city is refused.
func (b *bot) pasteCode(w http.ResponseWriter, r *http.Request) {
	login, verifier, err := b.Logins.Use(r.Context(), r.FormValue("state"), "")
	if err == nil && login.City != bots.MountOf(r).City.Name {
		err = kit.ErrNoLogin
	}
	if err != nil {
		b.Pages.Refuse(w, r, "connect", err)
		return
	}
	b.complete(w, r, login, verifier, r.FormValue("code"))
}

// finishRedirect ends a login where the instance has sent the browser back.
func (b *bot) finishRedirect(w http.ResponseWriter, r *http.Request, login Login, verifier string) {
	query := r.URL.Query()
	if query.Get("error") != "" || query.Get("code") == "" {
		b.Pages.Failed(w, r, "login-denied")
		return
	}
	b.complete(w, r, login, verifier, query.Get("code"))
}

// complete ends a login, whichever way the code came.
func (b *bot) complete(w http.ResponseWriter, r *http.Request, l Login, verifier, code string) {
	row, err := b.finish(r.Context(), l, verifier, code)
	if err != nil {
		b.Pages.Refuse(w, r, "connect", err)
		return
	}
	text := "connected"
	if !row.IsBot {
		text = "connected-no-bot"
	}
	b.Pages.Connected(w, r, row, text)
}
