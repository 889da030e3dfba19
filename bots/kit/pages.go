package kit

import (
	"cmp"
	"context"
	"errors"
	"html/template"
	"maps"
	"net/http"

	"linienfunk/bots"
)

// maxForm is the maximum size of a form in bytes.
const maxForm = 64 << 10

// Routes are handlers by the patterns of http.ServeMux.
type Routes map[string]http.HandlerFunc

// Pages serves the settings and the public section of a network where each city has an account. Its templates and texts are
// those of Files.
type Pages[A any, P Row[A]] struct {
	Core     bots.Core
	Accounts Accounts[A, P]

	// Connect handles the form connect-form.html.
	Connect http.HandlerFunc

	// Check asks the network whether the credentials still work, stores what has changed, and returns the account as it is now.
	Check func(ctx context.Context, row A, credentials string) (A, error)

	// Disconnected is called after an account was deleted, to revoke its credentials. It must not take long. May be nil.
	Disconnected func(ctx context.Context, row A, credentials string)

	// Say returns the id of the text that explains an error of the network to an admin. If it is nil or returns "", Error.Say is used, and else
	// the text error-internal.
	Say func(err error) string

	// Ready reports whether the operator has set up what the network needs; if not, the page says not-ready. May be nil.
	Ready func() bool

	// Extra returns what notes.html and connect-form.html see as .Extra. May be nil.
	Extra func(r *http.Request, row A, connected bool) (any, error)
}

// Section has the data of the templates.
type Section[A any] struct {
	City        bots.City
	Path        string // mount point of the settings or the public pages
	Ready       bool   // the operator has set up what the network needs
	Connected   bool
	Enabled     bool // the city has the network switched on
	Account     A    // zero if not connected
	Label, Link string
	Options     template.HTML // the form for the network's options
	Extra       any           // see Pages.Extra
}

// Settings is the handler for Bot.WebUI.
func (p Pages[A, P]) Settings(more Routes) http.Handler {
	routes := Routes{
		"GET /{$}": p.showSettings, "POST /connect": p.whenReady(p.Connect), "POST /check": p.whenReady(p.check), "POST /disconnect": p.disconnect,
	}
	maps.Copy(routes, more)
	return http.MaxBytesHandler(routes.Mux(), maxForm)
}

// Public is the handler for bots.Public: a link to the account for riders.
func (p Pages[A, P]) Public(more Routes) http.Handler {
	routes := Routes{"GET /{$}": p.showPublic}
	maps.Copy(routes, more)
	return routes.Mux()
}

// Mux returns a ServeMux with the routes.
func (routes Routes) Mux() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, handler := range routes {
		mux.HandleFunc(pattern, handler)
	}
	return mux
}

func (p Pages[A, P]) ready() bool { return p.Ready == nil || p.Ready() }

func (p Pages[A, P]) whenReady(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !p.ready() {
			p.Failed(w, r, "not-ready")
			return
		}
		next(w, r)
	}
}

// section loads the account and returns the data of the templates.
func (p Pages[A, P]) section(r *http.Request) (Section[A], error) {
	mount := bots.MountOf(r)
	row, _, err := p.Accounts.Load(r.Context(), mount.City.Name)
	connected := err == nil
	if err != nil && !errors.Is(err, ErrNoAccount) {
		return Section[A]{}, err
	}
	s := Section[A]{
		City: mount.City, Path: mount.Path, Ready: p.ready(), Connected: connected, Enabled: mount.City.Options.On(Enabled),
		Account: row, Options: mount.Options,
	}
	if connected {
		s.Label, s.Link = P(&row).Label(), P(&row).Link()
	}
	return s, nil
}

func (p Pages[A, P]) showSettings(w http.ResponseWriter, r *http.Request) {
	s, err := p.section(r)
	if err == nil && p.Extra != nil {
		s.Extra, err = p.Extra(r, s.Account, s.Connected)
	}
	if err != nil {
		p.InternalError(w, r, err)
		return
	}
	p.Core.Pages.Section(w, r, "settings.html", s)
}

func (p Pages[A, P]) showPublic(w http.ResponseWriter, r *http.Request) {
	s, err := p.section(r)
	switch {
	case err != nil:
		p.InternalError(w, r, err)
	case s.Connected && s.Enabled && s.Ready:
		p.Core.Pages.Section(w, r, "public.html", s)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (p Pages[A, P]) check(w http.ResponseWriter, r *http.Request) {
	row, credentials, err := p.Accounts.Load(r.Context(), bots.MountOf(r).City.Name)
	if err == nil {
		row, err = p.Check(r.Context(), row, credentials)
	}
	if err != nil {
		p.Refuse(w, r, "check", err)
		return
	}
	p.Done(w, r, "checked", "Account", P(&row).Label())
}

func (p Pages[A, P]) disconnect(w http.ResponseWriter, r *http.Request) {
	city := bots.MountOf(r).City.Name
	row, err := p.end(r.Context(), city)
	if errors.Is(err, ErrNoAccount) {
		p.Refuse(w, r, "disconnect", err)
		return
	}
	if err != nil {
		p.InternalError(w, r, err)
		return
	}
	p.Done(w, r, "disconnected", "Account", P(&row).Label())
}

// end forgets a city's account, and signs out of it.
func (p Pages[A, P]) end(ctx context.Context, city string) (A, error) {
	row, credentials, err := p.Accounts.Load(ctx, city)
	if err == nil {
		err = p.Accounts.Disconnect(ctx, city)
	}
	if err != nil {
		return row, err
	}
	p.Core.Changed(city)
	if p.Disconnected != nil {
		p.Disconnected(context.WithoutCancel(ctx), row, credentials)
	}
	return row, nil
}

// Leave is ending.Leaver.
func (p Pages[A, P]) Leave(ctx context.Context, city string) error {
	if _, err := p.end(ctx, city); err != nil && !errors.Is(err, ErrNoAccount) {
		return err
	}
	return nil
}

// Connected ends a login: it starts the account and tells the admin so, by the text with the given id.
func (p Pages[A, P]) Connected(w http.ResponseWriter, r *http.Request, row A, id string) {
	p.Core.Changed(P(&row).base().City)
	p.Done(w, r, id, "Account", P(&row).Label())
}

// Refuse tells the admin why an action failed, and logs failures that are not the admin's doing.
func (p Pages[A, P]) Refuse(w http.ResponseWriter, r *http.Request, action string, err error) {
	id := ""
	switch {
	case errors.Is(err, ErrNoAccount):
		p.Failed(w, r, "error-no-account")
		return
	case errors.Is(err, ErrTaken):
		id = "login-taken"
	case errors.Is(err, ErrNoLogin):
		id = "login-expired"
	case p.Say != nil:
		id = p.Say(err)
	}
	p.Core.Log.Info("action on an account failed", "city", bots.MountOf(r).City.Name, "action", action, "err", err)
	p.Failed(w, r, onPage(cmp.Or(id, bots.AsError(err).Say, "error-internal")))
}

// onPage is the text for an admin who may try again, instead of the text for an account that is tried again by itself.
func onPage(id string) string {
	switch id {
	case "error-too-many":
		return "later-too-many"
	case "error-not-json":
		return "later-not-json"
	case "error-server":
		return "later-server"
	case "error-unreachable":
		return "later-unreachable"
	}
	return id
}

// Text is a text in the visitor's language; pairs are names and values of its fields. Callback is always among them, see Logins.
func (p Pages[A, P]) Text(r *http.Request, id string, pairs ...any) string {
	return p.Core.Pages.Text(bots.MountOf(r).Lang, id, append(pairs, "Callback", CallbackURL(p.Core))...)
}

// Done ends an action with a text that says so.
func (p Pages[A, P]) Done(w http.ResponseWriter, r *http.Request, id string, pairs ...any) {
	p.Core.Pages.Done(w, r, p.Text(r, id, pairs...))
}

// Failed ends an action with a text that says what did not work.
func (p Pages[A, P]) Failed(w http.ResponseWriter, r *http.Request, id string, pairs ...any) {
	p.Core.Pages.Failed(w, r, p.Text(r, id, pairs...))
}

// InternalError answers a request that failed on our side.
func (p Pages[A, P]) InternalError(w http.ResponseWriter, r *http.Request, err error) {
	p.Core.Log.Error("page failed", "city", bots.MountOf(r).City.Name, "err", err)
	http.Error(w, p.Text(r, "error-internal"), http.StatusInternalServerError)
}
