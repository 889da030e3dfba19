package mastodon

import (
	"cmp"
	"crypto/rand"
	"errors"
	"html/template"
	"net/http"

	"linienfunk/bots"
)

// maxForm is the size of the largest form in bytes.
const maxForm = 64 << 10

// cookieName holds what binds a login to the browser it began in.
func (b *bot) cookieName() string { return b.core.Name + "_login" }

// WebUI serves the settings of a city's account.
func (b *bot) WebUI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.section)
	mux.HandleFunc("POST /connect", b.connect)
	mux.HandleFunc("POST /code", b.pasteCode)
	mux.HandleFunc("POST /check", b.check)
	mux.HandleFunc("POST /disconnect", b.disconnect)
	return http.MaxBytesHandler(mux, maxForm)
}

// sectionData is what settings.html and public.html show.
type sectionData struct {
	Path      string
	Connected bool
	Account   Account
	Enabled   bool
	Boost     bool
	NoText    bool // the instance takes no copies, as far as we know
	Options   template.HTML
}

func (b *bot) sectionData(mount bots.Mount, row Account, connected bool) sectionData {
	kept, known := b.dialects.known(row.Instance)
	return sectionData{
		NoText: connected && known && !kept.takesText(),
		Path:   mount.Path, Connected: connected, Account: row, Options: mount.Options,
		Enabled: mount.City.Options.On("enabled"), Boost: mount.City.Options.Text("repost") == "boost",
	}
}

func (b *bot) section(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	row, _, err := b.store.account(r.Context(), mount.City.Name)
	if err != nil && !errors.Is(err, errNoAccount) {
		b.broken(w, r, err)
		return
	}
	b.core.Pages.Section(w, r, "settings.html", b.sectionData(mount, row, err == nil))
}

// connect begins a login: it sends the browser to the instance, or shows where to get a code.
func (b *bot) connect(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	login := Login{City: mount.City.Name, Path: mount.Path}
	if r.FormValue("way") == "code" {
		authorize, state, err := b.begin(r.Context(), r.FormValue("instance"), "", login)
		if err != nil {
			b.refuse(w, r, err)
			return
		}
		b.core.Pages.Page(w, r, http.StatusOK, b.say(r, "code-title"), "code.html",
			map[string]string{"Path": mount.Path, "Authorize": authorize, "State": state})
		return
	}
	browser := rand.Text()
	authorize, _, err := b.begin(r.Context(), r.FormValue("instance"), browser, login)
	if err != nil {
		b.refuse(w, r, err)
		return
	}
	// Lax lets the cookie come along when the instance sends the browser back, and in no frame or form of others.
	http.SetCookie(w, &http.Cookie{
		Name: b.cookieName(), Value: browser, Path: "/bots/" + b.core.Name + "/", MaxAge: int(loginTime.Seconds()),
		HttpOnly: true, Secure: b.secure(), SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, authorize, http.StatusSeeOther)
}

// pasteCode ends a login with a code that the instance showed. Only an admin of the city gets here; a state of another
// city is as good as none.
func (b *bot) pasteCode(w http.ResponseWriter, r *http.Request) {
	login, verifier, err := b.store.useLogin(r.Context(), r.FormValue("state"), "")
	if err == nil && login.City != bots.MountOf(r).City.Name {
		err = errNoLogin
	}
	if err != nil {
		b.refuse(w, r, err)
		return
	}
	b.complete(w, r, login, verifier, r.FormValue("code"))
}

// complete ends a login, whichever way the code came.
func (b *bot) complete(w http.ResponseWriter, r *http.Request, l Login, verifier, code string) {
	row, err := b.finish(r.Context(), l, verifier, code)
	if err != nil {
		b.refuse(w, r, err)
		return
	}
	b.core.Changed(l.City)
	text := "connected"
	if !row.IsBot {
		text = "connected-no-bot"
	}
	b.core.Pages.Done(w, r, b.say(r, text, "Account", row.Label()))
}

// check asks the instance whether the login still works, and whether the account is flagged as a bot by now.
func (b *bot) check(w http.ResponseWriter, r *http.Request) {
	row, c, err := b.account(r.Context(), bots.Account{City: bots.MountOf(r).City.Name})
	if err != nil {
		b.refuse(w, r, err)
		return
	}
	if err := b.lookAtSelf(r.Context(), &row, c); err != nil {
		b.core.Log.Info("connection does not work", "city", row.City, "error", err)
		b.core.Pages.Failed(w, r, b.say(r, cmp.Or(bots.AsError(err).Say, "error-internal")))
		return
	}
	b.core.Pages.Done(w, r, b.say(r, "checked"))
}

// disconnect forgets the account. That the instance forgets the token too is tried, but does not hold it up.
func (b *bot) disconnect(w http.ResponseWriter, r *http.Request) {
	city := bots.MountOf(r).City.Name
	row, token, err := b.store.account(r.Context(), city)
	if err != nil {
		b.refuse(w, r, err)
		return
	}
	if err := b.store.disconnect(r.Context(), city); err != nil {
		b.broken(w, r, err)
		return
	}
	b.core.Changed(city)
	b.giveBack(r.Context(), city, row.Instance, token)
	b.core.Pages.Done(w, r, b.say(r, "disconnected", "Account", row.Label()))
}

// refuse tells the admin what did not work, and the operator only what is not the admin's doing.
func (b *bot) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errNoAccount) {
		b.core.Pages.Failed(w, r, b.say(r, "error-no-account"))
		return
	}
	b.core.Log.Info("login with instance did not work", "city", bots.MountOf(r).City.Name, "error", err)
	b.core.Pages.Failed(w, r, b.say(r, loginText(err)))
}

func (b *bot) broken(w http.ResponseWriter, r *http.Request, err error) {
	b.core.Log.Error("settings page failed", "city", bots.MountOf(r).City.Name, "error", err)
	http.Error(w, b.say(r, "error-internal"), http.StatusInternalServerError)
}

func (b *bot) say(r *http.Request, id string, pairs ...any) string {
	return b.core.Pages.Text(bots.MountOf(r).Lang, id, pairs...)
}
