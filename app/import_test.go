package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/ancestors/ancestorstest"
	"linienfunk/app"
	"linienfunk/db"
)

// instance is the data directory of a program that does not run.
type instance struct {
	t            *testing.T
	data, config string
}

func newInstance(t *testing.T, config string) *instance {
	t.Helper()
	i := &instance{t: t, data: filepath.Join(t.TempDir(), "data"), config: filepath.Join(t.TempDir(), "linienfunk.toml")}
	if err := os.WriteFile(i.config, []byte("data = \""+i.data+"\"\n[mail]\ndomain = \"linienfunk.example\"\n"+config), 0o600); err != nil {
		t.Fatal(err)
	}
	return i
}

func (i *instance) run(args ...string) (string, error) {
	i.t.Helper()
	var out bytes.Buffer
	err := app.Main(i.t.Context(), append(args, "--config", i.config), nil, &out, &out)
	return out.String(), err
}

func (i *instance) count(table string) (n int64) {
	i.t.Helper()
	d, err := db.Open(i.t.Context(), filepath.Join(i.data, "linienfunk.db"), time.Now)
	if err != nil {
		i.t.Fatal(err)
	}
	defer d.Close()
	if err := d.Table(table).Count(&n).Error; err != nil {
		i.t.Fatal(err)
	}
	return n
}

func wants(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, one := range want {
		if !strings.Contains(text, one) {
			t.Errorf("%q is not in\n%s", one, text)
		}
	}
}

func TestAllShortNamesThatAreTakenAreAskedForAtOnce(t *testing.T) {
	t.Parallel()
	old, i := ancestorstest.Ticketfrei(t), newInstance(t, "")
	old.TicketfreiCity(1, "Köln", "ada@example.org", ancestorstest.Scrypt)
	old.TicketfreiCity(2, "Koeln", "bo@example.org", ancestorstest.Scrypt)
	old.TicketfreiCity(3, "Москва", "cy@example.org", ancestorstest.Scrypt)
	old.TicketfreiCity(4, "Bonn", "di@example.org", ancestorstest.Scrypt)
	old.TicketfreiCity(5, "Bonn", "ed@example.org", ancestorstest.Scrypt)
	_, err := i.run("import", "ticketfrei", old.Path)
	if err == nil {
		t.Fatal("no error")
	}
	wants(t, err.Error(), `--name 'Koeln=…'`, `the city "Köln" of the same database has it`, `--name 'Москва=…'`, "it is no short name", `--name '5=…'`)
	if n := i.count("cities"); n != 0 {
		t.Errorf("%d cities", n)
	}
	if _, err := i.run("import", "ticketfrei", old.Path, "--name", "Bonn=bonn"); err == nil || !strings.Contains(err.Error(), `it has ["Köln" "Koeln" "Москва" "4" "5"]`) {
		t.Error(err)
	}
	said, err := i.run("import", "ticketfrei", old.Path, "--name", "Koeln=koeln-2", "--name", "Москва=moskau", "--name", "5=bonn-2")
	if err != nil {
		t.Fatal(err)
	}
	wants(t, said, "Köln becomes koeln\n", "Koeln becomes koeln-2\n", "Москва becomes moskau\n", "Bonn becomes bonn\n", "Bonn becomes bonn-2\n")
}

func TestNoCityIsImportedUnderANameThatIsReservedOrThatACityHadWhichWasDeletedLately(t *testing.T) {
	t.Parallel()
	old, i := ancestorstest.Ticketfrei(t), newInstance(t, "")
	old.TicketfreiCity(1, "Köln", "ada@example.org", ancestorstest.Scrypt)
	old.TicketfreiCity(2, "Bonn", "bo@example.org", ancestorstest.Scrypt)
	if _, err := i.run("import", "ticketfrei", old.Path, "--dry-run"); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), filepath.Join(i.data, "linienfunk.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	now := db.Time(time.Now())
	gone, free, past := now.Add(-24*time.Hour), now.Add(29*24*time.Hour), now.Add(-time.Hour)
	for _, row := range []db.EndedCity{
		{Name: "koeln", AskedAt: gone, EndsAt: gone, BegunAt: &gone, GoneAt: &gone, FreeAt: &free, Erased: true},
		{Name: "ending", AskedAt: gone, EndsAt: now, BegunAt: &now},
		{Name: "free", AskedAt: gone, EndsAt: gone, BegunAt: &gone, GoneAt: &gone, FreeAt: &past, Erased: true},
	} {
		if err := d.Create(&row).Error; err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, dry := range [][]string{{"--dry-run"}, nil} {
		_, err := i.run(append([]string{"import", "ticketfrei", old.Path}, dry...)...)
		if err == nil {
			t.Fatal("the name of a deleted city is given away")
		}
		wants(t, err.Error(), "--name 'Köln=…'", "a city that had it was deleted, and nobody may have it before "+free.Format(time.DateOnly), "Nothing was changed")
		for name, why := range map[string]string{"postmaster": "it is reserved for the program", "ending": "a city that has it is being deleted"} {
			_, err := i.run(append([]string{"import", "ticketfrei", old.Path, "--name", "Köln=" + name}, dry...)...)
			if err == nil {
				t.Fatalf("%s is given away", name)
			}
			wants(t, err.Error(), "the short name "+name+": "+why)
		}
	}
	if n := i.count("cities"); n != 0 {
		t.Errorf("%d cities", n)
	}
	said, err := i.run("import", "ticketfrei", old.Path, "--name", "Köln=free")
	if err != nil {
		t.Fatal(err)
	}
	wants(t, said, "Köln becomes free\n", "Bonn becomes bonn\n")
}

func TestWhatIsNoDatabaseOfTheProgramIsRefused(t *testing.T) {
	t.Parallel()
	old, i := ancestorstest.Kibicara(t), newInstance(t, "")
	if _, err := i.run("import", "ticketfrei", old.Path); err == nil || !strings.Contains(err.Error(), "is no database of ticketfrei: it has no table user") {
		t.Error(err)
	}
	if _, err := i.run("import", "ticketfrei", filepath.Join(t.TempDir(), "none.sqlite")); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := i.run("import", "ticketfrei", text); err == nil || !strings.Contains(err.Error(), text) {
		t.Error(err)
	}
	if _, err := os.Stat(i.data); err == nil {
		t.Error("a data directory was made")
	}
}

func TestWhatCannotComeAlongIsNamed(t *testing.T) {
	t.Parallel()
	old, i := ancestorstest.Ticketfrei(t), newInstance(t, "")
	old.TicketfreiCity(1, "Fürth", "ada@example.org", "$2b$12$abcdefghijklmnopqrstuv")
	old.TicketfreiCity(2, "Herrenlos", "nobody", ancestorstest.Scrypt)
	old.Exec("UPDATE triggerpatterns SET patterns = 'kontroll(?=e)\nu1' WHERE user_id = 1")
	old.Exec("INSERT INTO twitter_accounts (user_id, client_id, client_secret, active) VALUES (1, '12345-abcdef', 'geheim', 1)")
	old.Exec("INSERT INTO telegram_subscribers (user_id, subscriber_id) VALUES (1, 17)")
	old.Exec("INSERT INTO mastodon_accounts (user_id, access_token, instance_id, active) VALUES (1, 'token', 99, 1)")
	said, err := i.run("import", "ticketfrei", old.Path)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, said, `line 1 of the triggers, "kontroll(?=e)"`, "it stays in the list as a comment", "an admin's password, whose hash cannot be checked", "--same-application",
		"the bot on Telegram and its subscribers (1): it has no valid token", "the Mastodon account: it has no token, or no instance",
		`"Herrenlos" (number 2): not imported, since none of its admins has an address`, "the text for those who subscribe by mail")
	for _, secret := range []string{"geheim", "12345", "ada@", "$2b$"} {
		if strings.Contains(said, secret) {
			t.Errorf("the report has %q in it", secret)
		}
	}
	if n := i.count("cities"); n != 1 {
		t.Errorf("%d cities", n)
	}
}

func TestTheHoodsOfKibicaraComeAlong(t *testing.T) {
	t.Parallel()
	old, i := ancestorstest.Kibicara(t), newInstance(t, "[bots.twitter]\nconsumer_key = \"key\"\nconsumer_secret = \"secret\"\n")
	old.Exec(`INSERT INTO hoods VALUES (1, 'Gostenhof', '## Hallo', 1), (2, 'Johannis', '', 1)`)
	old.Exec(`INSERT INTO admins VALUES (1, 'ada@example.org', ?), (2, 'bo@example.org', ?)`, ancestorstest.Argon2, ancestorstest.Argon2)
	old.Exec(`INSERT INTO admin_hood_relations (admin, hood) VALUES (1, 1), (2, 1), (2, 2)`)
	old.Exec(`INSERT INTO triggers (hood, pattern) VALUES (1, '.*kontrolle'), (2, '')`)
	old.Exec(`INSERT INTO badwords (hood, pattern) VALUES (1, '.*idiot')`)
	old.Exec(`INSERT INTO email VALUES (1, 1, 'kibicara-gostenhof', 'secret')`)
	old.Exec(`INSERT INTO email_subscribers (hood, email) VALUES (1, 'reader@example.net'), (2, 'other@example.net')`)
	old.Exec(`INSERT INTO telegrambots VALUES (1, 1, '20001:CCCCCCCCCCCCCCCCCCCCCCCC', 'Willkommen!', 'gostenhof_bot', 1)`)
	old.Exec(`INSERT INTO telegramusers (user_id, bot) VALUES (71, 1), (72, 1)`)
	old.Exec(`INSERT INTO twitterbots VALUES (1, 1, 5, 7, '12345-abcdef', 'geheim', 'gostenhof', 1, 1)`)
	said, err := i.run("import", "kibicara", old.Path, "--same-application")
	if err != nil {
		t.Fatal(err)
	}
	wants(t, said, "Gostenhof becomes gostenhof", "Johannis becomes johannis",
		"cities: 2, admins: 3, triggers: 2, blocked words: 1, texts for the city's page: 1, subscribers by mail: 2, bots on Telegram: 1, welcome messages on Telegram: 1, subscribers on Telegram: 2, accounts on X: 1.",
		"the city's is gostenhof@linienfunk.example now")
	for table, want := range map[string]int64{"cities": 2, "admins": 2, "city_admins": 3, "telegram_subscribers": 2, "twitter_accounts": 1, "email_subscribers": 2} {
		if n := i.count(table); n != want {
			t.Errorf("%d rows of %s, not %d", n, table, want)
		}
	}
}

func TestACityThatIsNewInTheOldDatabaseIsImportedLater(t *testing.T) {
	t.Parallel()
	old, i := ancestorstest.Ticketfrei(t), newInstance(t, "")
	old.TicketfreiCity(1, "Fürth", "ada@example.org", ancestorstest.Scrypt)
	if _, err := i.run("import", "ticketfrei", old.Path); err != nil {
		t.Fatal(err)
	}
	old.TicketfreiCity(2, "Schwabach", "ada@example.org", ancestorstest.Scrypt)
	said, err := i.run("import", "ticketfrei", old.Path)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, said, "Fürth: imported before, as fuerth", "Schwabach becomes schwabach", "cities: 1, admins: 1")
	if admins, cities := i.count("admins"), i.count("cities"); admins != 1 || cities != 2 {
		t.Errorf("%d admins, %d cities", admins, cities)
	}
}
