// Package ancestorstest makes databases as Ticketfrei 2 and Kibicara have them, for tests. Their tables are written anew after what those programs create.
package ancestorstest

import (
	"database/sql"
	_ "embed"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver" // the database/sql driver "sqlite3"

	"linienfunk/bots/importing"
)

// Ticketfrei's tables in 2021, and Kibicara's in 2022.
var (
	//go:embed ticketfrei.sql
	ticketfrei string
	//go:embed kibicara.sql
	kibicara string
)

// Hashes of Password: as pylibscrypt writes them now, as it did once, and as passlib does.
const (
	Password    = "drei Umstiege bis Wedding"
	Scrypt      = "$s1$0e0801$c2FsdHNhbHQ=$gFCYf7Knab/saK5kQtvq/LXbJXKEbNN3EmRXN58V1dED2KT/7gAePunfaWpdJQeVS4p20+WHarDt3chvaFVYaQ=="
	OlderScrypt = "$7$CU..../....ticketfrei$.hXFJxFPxoQRdFx3jSfnVM6zZQbvb59.kDYQNdT4wD9"
	Argon2      = "$argon2id$v=19$m=65536,t=3,p=4$cGFzc2xpYnBhc3NsaWIxNg$GYxygIus3yKWs1NA/b4BWkQG0k3gCaxKV/jPG9vsEUY"
)

// Triggers are those with which a city of Ticketfrei began.
const Triggers = "kontroll?e\nkonti\ndb\nvgn\nvag\nzivil\nsicherheit\nuniform\nstation\nbus\nbahn\ntram\nlinie\nnuernberg\nnürnberg\ns\\d\nu\\d\\d?"

// File is a database.
type File struct {
	Path    string
	program string
	t       testing.TB
	db      *sql.DB
}

// Ticketfrei makes an empty database of Ticketfrei.
func Ticketfrei(t testing.TB) *File { return open(t, importing.Ticketfrei, ticketfrei) }

// Kibicara makes an empty database of Kibicara.
func Kibicara(t testing.TB) *File { return open(t, importing.Kibicara, kibicara) }

func open(t testing.TB, program, schema string) *File {
	t.Helper()
	f := &File{Path: filepath.Join(t.TempDir(), program+".sqlite"), program: program, t: t}
	var err error
	if f.db, err = sql.Open("sqlite3", "file:"+f.Path+"?_pragma=foreign_keys(off)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.db.Close() })
	f.Exec(schema)
	return f
}

// City is a city of the database, for a test of a network.
func (f *File) City(id int64) importing.City {
	return importing.City{Old: &importing.Old{Program: f.program, File: f.Path, DB: f.db, Modified: time.Now(), SameApplication: true}, ID: id}
}

// Exec runs statements.
func (f *File) Exec(statements string, args ...any) {
	f.t.Helper()
	if _, err := f.db.ExecContext(f.t.Context(), statements, args...); err != nil {
		f.t.Fatal(err)
	}
}

// TicketfreiCity inserts a city with an admin, the first triggers, a bad word, and what a new one has of each network.
func (f *File) TicketfreiCity(id int, city, address, hash string) {
	f.t.Helper()
	f.Exec(`INSERT INTO user (id, passhash) VALUES (?, ?)`, id, hash)
	f.Exec(`INSERT INTO email (user_id, email) VALUES (?, ?)`, id, address)
	f.Exec(`INSERT INTO triggerpatterns (user_id, patterns) VALUES (?, ?)`, id, Triggers)
	f.Exec(`INSERT INTO badwords (user_id, words) VALUES (?, 'bastard')`, id)
	f.Exec(`INSERT INTO telegram_accounts (user_id, apikey, active) VALUES (?, '', 1)`, id)
	f.Exec(`INSERT INTO seen_telegrams (user_id, tg_id) VALUES (?, 0)`, id)
	f.Exec(`INSERT INTO seen_mail (user_id, mail_date) VALUES (?, 0)`, id)
	f.Exec(`INSERT INTO seen_tweets (user_id, tweet_id) VALUES (?, 0)`, id)
	f.Exec(`INSERT INTO cities (user_id, city, markdown, mail_md) VALUES (?, ?, ?, 'Write to unsubscribe.')`, id, city,
		"# "+city+"\n\nReport **inspectors**: see [our page](https://example.org).\n")
}

// TicketfreiMastodon connects a city with an instance, where it has seen mentions by their URIs.
func (f *File) TicketfreiMastodon(id int, instance, token string, seen ...string) {
	f.t.Helper()
	f.Exec(`INSERT INTO mastodon_instances (id, instance, client_id, client_secret) VALUES (?, ?, 'client', 'client secret')`, id, instance)
	f.Exec(`INSERT INTO mastodon_accounts (user_id, access_token, instance_id, active) VALUES (?, ?, ?, 1)`, id, token, id)
	for _, uri := range seen {
		f.Exec(`INSERT INTO seen_toots (user_id, toot_uri) VALUES (?, ?)`, id, uri)
	}
}
