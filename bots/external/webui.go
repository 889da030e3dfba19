package external

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/bus/programs"
)

// WebUI serves the settings of a city's program.
func (b *bot) WebUI() http.Handler {
	return b.pages.Settings(kit.Routes{"POST /password": b.renewPassword, "POST /check": http.NotFound})
}

// newPages makes the pages.
func (b *bot) newPages() kit.Pages[Account, *Account] {
	return kit.Pages[Account, *Account]{
		Core: b.core, Accounts: b.accounts, Connect: b.connect, Extra: b.notes,
		Ready:        func() bool { return b.ready() },
		Disconnected: func(_ context.Context, row Account, _ string) { b.kick(row) },
	}
}

// nameForm is that of a program's name, which is a token of subjects.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,31}$`)

// connect handles connect-form.html. It replaces a program that the city has.
func (b *bot) connect(w http.ResponseWriter, r *http.Request) {
	name := strings.ToLower(strings.TrimSpace(r.FormValue("name")))
	if !nameForm.MatchString(name) {
		b.pages.Failed(w, r, "bad-name")
		return
	}
	b.store(w, r, Account{Base: kit.Base{City: bots.MountOf(r).City.Name}, Name: name})
}

// renewPassword makes a new password. The old one is worth nothing from then on.
func (b *bot) renewPassword(w http.ResponseWriter, r *http.Request) {
	row, _, err := b.accounts.Load(r.Context(), bots.MountOf(r).City.Name)
	if err != nil {
		b.pages.Refuse(w, r, "new password", err)
		return
	}
	b.store(w, r, row)
}

// store stores a program with a new password, and shows that once.
func (b *bot) store(w http.ResponseWriter, r *http.Request, row Account) {
	password, hash, err := newPassword()
	before, _, none := b.accounts.Load(r.Context(), row.City)
	if err == nil {
		err = b.accounts.Connect(r.Context(), row, hash)
	}
	if err != nil {
		b.pages.Refuse(w, r, "connect", err)
		return
	}
	if none == nil {
		b.kick(before)
	}
	b.core.Changed(row.City)
	w.Header().Set("Cache-Control", "no-store")
	b.core.Pages.Page(w, r, http.StatusOK, b.pages.Text(r, "credentials-title"), "credentials.html", credentials{
		access: b.access(row), Password: password, Back: "/city/" + row.City + "#" + b.core.Name,
	})
}

// kick closes the connections of a program.
func (b *bot) kick(row Account) {
	if b.programs.On() {
		b.programs.Kick(user(row.City, row.Name))
	}
}

// access is what a program needs to connect, without its password.
type access struct {
	Address, User, CA string
	Servers           bool // the operator has to add the user
	programs.Subjects
}

func (b *bot) access(row Account) access {
	name := user(row.City, row.Name)
	return access{Address: b.address(), User: name, CA: b.programs.CA, Servers: b.programs.Servers, Subjects: b.programs.Subjects(name)}
}

// credentials is the data of credentials.html.
type credentials struct {
	access
	Password, Back string
}

// notes is what settings.html shows of a connected program.
type notes struct {
	access
	Connected bool
	Seen      string // when the program was there; empty for never
	Waiting   int64  // reports
}

func (b *bot) notes(r *http.Request, row Account, connected bool) (any, error) {
	if !connected || !b.ready() {
		return nil, nil
	}
	n := notes{access: b.access(row), Connected: b.programs.Connected(user(row.City, row.Name))}
	if row.SeenAt != nil {
		n.Seen = bots.MountOf(r).City.In(*row.SeenAt).Format(time.DateOnly + " 15:04")
	}
	if b.programs.Waiting == nil {
		return n, nil
	}
	var err error
	n.Waiting, err = b.programs.Waiting(r.Context(), row.City)
	return n, err
}
