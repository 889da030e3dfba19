// Package frontendtest runs the site for tests: on a real database, a real broker and a real socket, with visitors and two fake
// networks.
package frontendtest

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/api"
	"linienfunk/bots/bottest"
	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend"
	"linienfunk/internal/limits"
	"linienfunk/internal/secret"
	"linienfunk/internal/testkit"
	"linienfunk/report"
	"linienfunk/settings"
	"linienfunk/supervisor"
	"linienfunk/transit"
)

// Password is the password of all admins. passwordHash is its hash with the lowest possible cost.
const (
	Password     = "drei Umstiege bis Wedding"
	passwordHash = "$argon2id$v=19$m=8,t=1,p=1$ZnJvbnRlbmR0ZXN0c2FsdA$GbX0D+XWp3DIt5mfjOR9Rbyka+rUoLRt5DWRAhhemLk"
)

// World is a running site.
type World struct {
	*frontend.Frontend
	testkit.Clock
	T       testing.TB
	URL     string
	Mails   *bottest.Mails // sent by the site
	Node    *settings.Node
	Storage *settings.Storage
	Changed chan string // the arguments of Deps.Changed

	// Publish is commands.Deps.Publish; nil fails.
	Publish func(ctx context.Context, r report.Report) error

	mu       sync.Mutex
	statuses []supervisor.Status
}

// New starts a site that ends with the test. mount may mount bots; it may be nil.
func New(t testing.TB, mount func(s *World)) *World {
	t.Helper()
	s := &World{T: t, Mails: &bottest.Mails{}, Changed: make(chan string, 100)}
	database := testkit.DB(t, s.Now, testkit.Tables{Prefix: "settings_", Migrations: settings.Migrations()},
		testkit.Tables{Prefix: "transit_", Migrations: transit.Migrations()}, testkit.Tables{Prefix: "command_", Migrations: commands.Migrations()},
		testkit.Tables{Prefix: "api_", Migrations: api.Migrations()})
	box, err := secret.NewBox(make([]byte, secret.KeySize))
	Check(t, err)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	s.runSettings(database, log)
	networks := transit.NewStore(database, s.Now)
	imports := s.runImports(networks, log)
	server := httptest.NewUnstartedServer(nil)
	s.URL = "http://" + server.Listener.Addr().String()
	made := s.newCommands(database, box, log, networks, imports)
	group := limits.NewGroup(s.Now)
	keys, err := database.Prefixed("api_")
	Check(t, err)
	programs, err := api.New(api.Deps{Commands: made, Keys: &api.Keys{Tables: keys, Log: log, Now: s.Now}, Limits: group, BaseURL: s.URL, Log: log, Now: s.Now, DB: database, Box: box, Plain: true})
	Check(t, err)
	made.EndPrograms = programs.EndPrograms
	s.Frontend, err = frontend.New(frontend.Deps{
		DB: database, Settings: s.Node, Commands: made, History: s.Storage, Mail: s.Mails, Box: box, Limits: group, API: programs, BaseURL: s.URL, Domain: "linienfunk.example", Log: log,
		Networks: networks, Imports: imports, Readers: s.runReaders(networks, log),
		Now: s.Now, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Changed: func(city string) { s.Changed <- city },
		Status: func(string) []supervisor.Status { s.mu.Lock(); defer s.mu.Unlock(); return s.statuses },
	})
	Check(t, err)
	s.Site.Commands.HistoryTime, s.Cities.TryTime, s.Cities.NetworkTime = time.Hour, time.Hour, time.Hour // tests must not depend on the speed of the machine
	s.Bots.SectionTime, s.HealthTime = time.Hour, time.Hour
	s.Node.OnChange(s.Site.Memory.Drop) // as the program does
	if mount != nil {
		mount(s)
	}
	server.Config.Handler = s.Handler()
	server.Start()
	t.Cleanup(s.Accounts.Wait)
	t.Cleanup(server.Close)
	return s
}

// SetStatuses sets the states of all accounts.
func (s *World) SetStatuses(all ...supervisor.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = all
}

// Admin creates an account with cities, as registration does.
func (s *World) Admin(address string, cities ...string) db.Admin {
	s.T.Helper()
	admin := db.Admin{Address: address, Password: passwordHash, Lang: "en", Confirmed: true}
	Check(s.T, s.Site.DB.Create(&admin).Error)
	for _, city := range cities {
		Check(s.T, s.Site.DB.Create(&db.City{Name: city}).Error)
		Check(s.T, s.Site.DB.Create(&db.CityAdmin{City: city, AdminID: admin.ID}).Error)
		first := settings.Default(city, "en")
		first.Title = strings.ToUpper(city[:1]) + city[1:]
		link, err := s.Storage.Create(s.Site.DB.DB, city, first, admin.ID)
		Check(s.T, err)
		Check(s.T, s.Node.AnnounceCity(s.T.Context(), link))
	}
	return admin
}

// Joins creates an account that helps run a city.
func (s *World) Joins(address, city string, role db.Role) db.Admin {
	s.T.Helper()
	admin := s.Admin(address)
	Check(s.T, s.Site.DB.Create(&db.CityAdmin{City: city, AdminID: admin.ID, Role: role}).Error)
	return admin
}

// Check ends the test if err is not nil.
func Check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Berlin starts a site with TwoBots and the city berlin, and saves changes of its settings, one after the other. It returns the city's
// admin, ada@example.org, and a visitor who is logged in as her.
func Berlin(t testing.TB, changes ...map[string]any) (*World, *Visitor, db.Admin) {
	t.Helper()
	s := New(t, TwoBots)
	admin := s.Admin("ada@example.org", "berlin")
	for _, one := range changes {
		s.Save("berlin", admin.ID, one)
	}
	return s, s.VisitorAs("ada@example.org"), admin
}
