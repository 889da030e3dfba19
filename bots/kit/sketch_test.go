package kit_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/kit"
)

// Account is an account of a network for these tests.
type Account struct {
	kit.Base
	Name      string `gorm:"size:32;not null;uniqueIndex:idx_sketch_accounts_name"`
	Token     []byte `gorm:"not null"`
	Position  int    `gorm:"not null"`
	CreatedAt time.Time
}

func (a Account) Label() string             { return "@" + a.Name }
func (a Account) Link() string              { return "https://sketch.example/" + a.Name }
func (a *Account) Sealed() *[]byte          { return &a.Token }
func (a *Account) Identity() map[string]any { return map[string]any{"name": a.Name} }
func (a *Account) Inherit(old Account) {
	if a.CreatedAt = old.CreatedAt; a.Name == old.Name {
		a.Position = old.Position
	}
}

// Login is a login of that network.
type Login struct {
	State    string `gorm:"primaryKey;size:64"`
	Verifier []byte
	kit.Login
}

func (l *Login) Key() *string    { return &l.State }
func (l *Login) Sealed() *[]byte { return &l.Verifier }

// Follower is a row that belongs to an account.
type Follower struct {
	City string `gorm:"primaryKey"`
}

// network connects an account with the name that the form says, at once or by a login.
type network struct {
	kit.Bot[Account, Login, *Account, *Login]
	unready bool
	fail    error    // of the next check
	revoked []string // tokens of accounts that were disconnected
}

func (n *network) WebUI() http.Handler { return n.Pages.Settings(nil) }

func (n *network) Public() http.Handler {
	state := func(query url.Values) string { return query.Get("state") }
	return n.Pages.Public(kit.Routes{"GET /callback": n.Logins.Callback(state, n.finish)})
}

func (n *network) connect(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	row := Account{Base: kit.Base{City: mount.City.Name}, Name: r.FormValue("name")}
	if r.FormValue("login") != "" {
		n.refuse(w, r, n.Logins.Redirect(w, r, func(cookie string) (string, error) {
			login := Login{Login: kit.Login{City: mount.City.Name, Path: mount.Path}}
			return "https://sketch.example/authorize", errors.Join(n.fail, n.Logins.Open(r.Context(), login, row.Name, cookie, "verifier"))
		}))
		return
	}
	if err := n.Rows.Connect(r.Context(), row, "token of "+row.Name); err != nil {
		n.refuse(w, r, err)
		return
	}
	n.Pages.Connected(w, r, row, "connected")
}

func (n *network) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		n.Pages.Refuse(w, r, "connect", err)
	}
}

// finish ends a login: its state is the account's name.
func (n *network) finish(w http.ResponseWriter, r *http.Request, login Login, verifier string) {
	row := Account{Base: kit.Base{City: login.City}, Name: r.URL.Query().Get("state")}
	if err := n.Rows.Connect(r.Context(), row, verifier); err != nil {
		n.refuse(w, r, err)
		return
	}
	n.Pages.Connected(w, r, row, "connected")
}

func (n *network) check(_ context.Context, row Account, token string) (Account, error) {
	if token != "token of "+row.Name {
		return row, errors.New("another token")
	}
	return row, n.fail
}

func newNetwork(core bots.Core) (bots.Bot, error) {
	sealing := kit.Sealing{Account: "token", Login: "verifier", Purpose: "sketch state"}
	n := &network{Bot: kit.NewBot[Account, Login](core, sealing, 10*time.Minute)}
	n.Rows.OnConnect = func(tx *gorm.DB, row Account, old *Account) error {
		if old != nil && old.Name == row.Name {
			return nil
		}
		return tx.Create(&Follower{City: row.City + " " + row.Name}).Error
	}
	n.Rows.OnDisconnect = func(tx *gorm.DB, city string) error {
		return tx.Where("city LIKE ?", city+" %").Delete(&Follower{}).Error
	}
	n.Pages = kit.Pages[Account, *Account]{
		Core: core, Accounts: n.Rows, Connect: n.connect, Check: n.check,
		Ready:        func() bool { return !n.unready },
		Disconnected: func(_ context.Context, _ Account, token string) { n.revoked = append(n.revoked, token) },
		Extra:        func(*http.Request, Account, bool) (any, error) { return "EXTRA", nil },
	}
	return n, nil
}

func newWorld(t *testing.T) (*bottest.World, *network) {
	t.Helper()
	files := fstest.MapFS{
		"connect-form.html":  {Data: []byte(`CONNECT`)},
		"how-to-report.html": {Data: []byte(`HOW`)},
		"notes.html":         {Data: []byte(`{{.Extra}}`)},
		"locale.en.toml":     {Data: []byte("bot-title = \"Sketch\"\nnot-connected = \"NOT CONNECTED\"\ncheck = \"TRY\"\noption-enabled = \"On\"\n")},
		"locale.de.toml":     {Data: []byte("bot-title = \"Skizze\"\nnot-connected = \"NICHT VERBUNDEN\"\noption-enabled = \"An\"\n")},
	}
	w := bottest.NewWorld(t, "sketch", bots.Plugin{
		New: newNetwork, Files: kit.Files(files),
		Migrations: []*gormigrate.Migration{{
			ID: "1", Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Account{}, &Login{}, &Follower{}) },
		}},
		Options: []bots.Option{{Name: kit.Enabled, Kind: bots.Switch, Default: true}},
	})
	return w, w.Bot.(*network)
}

// submit posts a form of the settings and checks the text that the admin gets.
func submit(t *testing.T, w *bottest.World, city, path, name, want string) *httptest.ResponseRecorder {
	t.Helper()
	got := w.Submit(t, city, path, url.Values{"name": {name}})
	if text := got.Header().Get("X-Message") + got.Header().Get("X-Failed"); text != want {
		t.Errorf("%s%s answers %q, want %q", city, path, text, want)
	}
	return got
}
