package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linienfunk/internal/config"
)

func load(t *testing.T, file string, environ []string, flags map[string]string) (config.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "linienfunk.toml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(config.Default(), path, true, environ,
		config.Source{Name: func(key string) string { return "--" + key }, Values: flags})
}

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Default(), filepath.Join(t.TempDir(), "none.toml"), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP != ":8080" || c.SMTP != ":2525" || c.BaseURL != "http://localhost:8080" || c.Mail.Domain != "localhost" {
		t.Errorf("got %+v", c)
	}
}

func TestALaterSourceOverridesAnEarlierOne(t *testing.T) {
	t.Parallel()
	c, err := load(t, "http = ':1'\nsmtp = ':2'\ndata = '/file'\n[nats]\nshards = 4", []string{"LINIENFUNK_SMTP=:3", "LINIENFUNK_DATA=/env", "PATH=/bin"},
		map[string]string{"data": "/flag"})
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP != ":1" || c.SMTP != ":3" || c.Data != "/flag" || c.NATS.Shards != 4 {
		t.Errorf("got %+v", c)
	}
}

func TestTheMailDomainFollowsTheBaseURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ file, base, domain string }{
		{"base_url = 'https://linienfunk.example/'", "https://linienfunk.example", "linienfunk.example"},
		{"http = '127.0.0.1:8080'", "http://127.0.0.1:8080", "localhost"},
		{"http = '[::1]:8080'", "http://[::1]:8080", "localhost"},
		{"base_url = 'https://192.0.2.1'\n[mail]\ndomain = 'linienfunk.example'", "https://192.0.2.1", "linienfunk.example"},
	} {
		c, err := load(t, test.file, nil, nil)
		if err != nil || c.BaseURL != test.base || c.Mail.Domain != test.domain {
			t.Errorf("%s: %s and %s, %v", test.file, c.BaseURL, c.Mail.Domain, err)
		}
	}
}

func TestAnErrorInADerivedKeyIsNotReported(t *testing.T) {
	t.Parallel()
	_, err := load(t, "", nil, map[string]string{"base_url": "notaurl"})
	if err == nil || !strings.Contains(err.Error(), "base_url") || strings.Contains(err.Error(), "mail.domain") {
		t.Errorf("got %v", err)
	}
	_, err = load(t, "[mail]\ndomain = 'no domain'", nil, map[string]string{"base_url": "notaurl"})
	if err == nil || !strings.Contains(err.Error(), "base_url") || !strings.Contains(err.Error(), "mail.domain") {
		t.Errorf("got %v", err)
	}
}

func TestAnErrorNamesTheKeyItsLocationAndTheFix(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file string
		environ    []string
		flags      map[string]string
		want       []string
	}{
		{name: "unknown key in the file", file: "data = 'x'\nhtpp = ':80'", want: []string{"linienfunk.toml:2", "unknown key htpp", "did you mean http?"}},
		{name: "unknown key in a table", file: "[mail]\n\nsmarthots = 'x'", want: []string{"linienfunk.toml:3", "mail.smarthots", "did you mean mail.smarthost?"}},
		{name: "unknown key in a table, like no other", file: "[log]\nzzzzzzzzz = 'x'", want: []string{"linienfunk.toml:2", "the keys are\n  log.level\n  log.format"}},
		{name: "unknown table", file: "\n[malfunction]\nx = 1", want: []string{"linienfunk.toml:2", "unknown key malfunction", "the keys are\n  http\n  smtp", "\n  [mail]\n"}},
		{name: "table where a value belongs", file: "[http]\nx = 1", want: []string{"linienfunk.toml:1", "http: is a value, not a table"}},
		{name: "value where a table belongs", file: "mail = 'x'", want: []string{"linienfunk.toml:1", "mail is a table: write [mail]"}},
		{name: "broker of another kind", file: "[nats]\nurl = 'natz://u:hunter2@x'", want: []string{"linienfunk.toml:2", "nats://host:4222"}},
		{name: "one of several brokers of another kind", file: "[nats]\nurl = 'nats://a:4222, natz://u:hunter2@x'", want: []string{"linienfunk.toml:2", "server 2 of 2", "several with commas"}},
		{name: "comma behind the last broker", file: "[nats]\nurl = 'nats://a:4222,'", want: []string{"server 2 of 2: is empty"}},
		{name: "port of a broker", file: "[nats]\nurl = 'nats://a:99999'", want: []string{"port up to 65535"}},
		{name: "percent sign in a password", file: "[nats]\nurl = 'nats://u:hunter%2@a'", want: []string{"percent-encoded"}},
		{name: "two protocols", file: "[nats]\nurl = 'nats://a,wss://b'", want: []string{"either WebSocket"}},
		{name: "two users", file: "[nats]\nurl = 'nats://u:hunter2@a'\ncredentials = '/dev/null'", want: []string{"linienfunk.toml:3", "nats.credentials", "without a user"}},
		{name: "credentials that are not there", file: "[nats]\nurl = 'nats://a'\ncredentials = '/no/such/file'", want: []string{"linienfunk.toml:3", "nats.credentials", "no such file"}},
		{name: "certificate for a broker without key", file: "[nats]\nurl = 'tls://a'\ntls_cert = '/dev/null'", want: []string{"nats.tls_key"}},
		{name: "authority for the embedded broker", file: "[nats]\nca_file = '/dev/null'", want: []string{"linienfunk.toml:2", "nats.ca_file", "needs nats.url"}},
		{name: "replicas of the embedded broker", file: "[nats]\nreplicas = 3", want: []string{"nats.replicas", "needs nats.url"}},
		{name: "port for programs without TLS", file: "[nats]\nlisten = ':4222'", want: []string{"linienfunk.toml:2", "nats.listen", "needs nats.listen_cert"}},
		{name: "port for programs without a number", file: "[nats]\nlisten = 'localhost'", want: []string{"nats.listen", "wants host:port"}},
		{name: "port for programs beside other servers", file: "[nats]\nlisten = '127.0.0.1:4222'\nurl = 'nats://x'", want: []string{"nats.listen", "linienfunk nats permissions"}},
		{name: "certificate without a port for programs", file: "[nats]\nlisten_cert = '/dev/null'\nlisten_key = '/dev/null'", want: []string{"nats.listen_cert", "needs nats.listen"}},
		{name: "certificate without key for programs", file: "[nats]\nlisten = ':1'\nlisten_cert = '/dev/null'", want: []string{"nats.listen_key"}},
		{name: "even number of replicas", file: "[nats]\nurl = 'nats://a'\nreplicas = 2", want: []string{"1, 3 or 5"}},
		{name: "key without its table", file: "smarthost = 'x'", want: []string{"linienfunk.toml:1", "did you mean mail.smarthost?"}},
		{name: "number in quotes", file: "[nats]\nshards = '4'", want: []string{"linienfunk.toml:2", "nats.shards", "wants a whole number without quotes"}},
		{name: "text without quotes", file: "data = 7", want: []string{"linienfunk.toml:1", "data", "wants text in quotes"}},
		{name: "number where true or false belongs", file: "[outgoing]\nallow_private = 1", want: []string{"linienfunk.toml:2", "wants true or false"}},
		{name: "no TOML", file: "data = 'x'\nwhat is this", want: []string{"linienfunk.toml:2"}},
		{name: "address without a port", file: "\nhttp = 'localhost'", want: []string{"linienfunk.toml:2", "http", "wants host:port"}},
		{name: "base URL with a path", file: "base_url = 'https://x/y'", want: []string{"linienfunk.toml:1", "without a path"}},
		{name: "base URL of another kind", file: "base_url = 'ftp://x'", want: []string{"base_url"}},
		{name: "proxy that is no address", file: "proxies = '127.0.0.1, localhost'", want: []string{"linienfunk.toml:1", "10.0.0.0/8"}},
		{name: "unknown log level", file: "[log]\nlevel = 'loud'", want: []string{"linienfunk.toml:2", "debug, info, warn or error"}},
		{name: "smarthost without a port", file: "[mail]\nsmarthost = 'mail.example'", want: []string{"linienfunk.toml:2", "smtp or smtps", "://host:587"}},
		{name: "delivery that there is not", file: "[mail]\ndelivery = 'pigeon'", want: []string{"linienfunk.toml:2", "mail.delivery", "direct"}},
		{name: "smarthost that is not named", file: "[mail]\ndelivery = 'smarthost'", want: []string{"mail.smarthost", "missing"}},
		{name: "login without a smarthost", file: "[mail]\nuser = 'me'", want: []string{"mail.smarthost", "mail.user"}},
		{name: "password without a smarthost", file: "[mail]\ndelivery = 'direct'\npassword = 'x'", want: []string{"mail.smarthost", "mail.password"}},
		{name: "hostname that is none", file: "[mail]\nhostname = 'a b'", want: []string{"linienfunk.toml:2", "mail.hostname"}},
		{name: "certificate without key", file: "[mail]\ntls_cert = '/x'", want: []string{"mail.tls_key"}},
		{name: "file that is not there", file: "[mail]\ndkim_key = '/no/such/file'", want: []string{"linienfunk.toml:2", "no such file"}},
		{name: "no shards", file: "[nats]\nshards = 0", want: []string{"from 1 to 1024"}},
		{name: "another database", file: "[database]\nurl = 'mysql://x'", want: []string{"postgres://"}},
		{name: "no connections", file: "[database]\nurl = 'postgres://x/y'\nconnections = 0", want: []string{"linienfunk.toml:3", "from 2 to 1000"}},
		{name: "connections to SQLite", file: "[database]\nconnections = 8", want: []string{"linienfunk.toml:2", "set database.url"}},
		{name: "role that there is not", file: "roles = 'bots, censors'", want: []string{"linienfunk.toml:1", "\"censors\" is none of them", "bots, censor, frontend and mail"}},
		{name: "no role", file: "roles = ','", want: []string{"linienfunk.toml:1", "does nothing"}},
		{name: "some roles with the embedded broker", file: "roles = 'bots, censor'", want: []string{"linienfunk.toml:1", "frontend and mail would be missing", "nats.url"}},
		{name: "some roles with SQLite", file: "roles = 'frontend'\n[nats]\nurl = 'nats://x'", want: []string{"linienfunk.toml:1", "bots and censor and mail would be missing", "database.url"}},
		{name: "unknown variable", environ: []string{"LINIENFUNK_HTPP=:80"}, want: []string{"LINIENFUNK_HTPP", "did you mean http?"}},
		{name: "bad variable", environ: []string{"LINIENFUNK_NATS_SHARDS=many"}, want: []string{"LINIENFUNK_NATS_SHARDS", "wants a whole number"}},
		{name: "metrics on a port that does not exist", file: "[metrics]\nlisten = '9464'", want: []string{"linienfunk.toml:2", "metrics.listen: wants host:port"}},
		{name: "metrics on the public port", file: "http = ':80'\n[metrics]\nlisten = ':80'", want: []string{"linienfunk.toml:3", "metrics.listen: wants a port of its own"}},
		{name: "a collector with a password", file: "[traces]\nurl = 'http://me:hunter2@collector:4318'", want: []string{"linienfunk.toml:2", "traces.url: wants the address of a collector without a user"}},
		{name: "a collector without a scheme", file: "[traces]\nurl = 'collector:4318'", want: []string{"linienfunk.toml:2", "traces.url: wants the address of a collector"}},
		{name: "no trace at all", file: "[traces]\npercent = 0", want: []string{"linienfunk.toml:2", "traces.percent: wants a number from 1 to 100"}},
		{name: "bad flag", flags: map[string]string{"http": "80"}, want: []string{"--http: wants host:port"}},
		{name: "flag with too high a port", flags: map[string]string{"http": ":99999"}, want: []string{"--http: wants host:port", "up to 65535"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(t, test.file, test.environ, test.flags)
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("%q shows a password", err)
			}
		})
	}
}

func TestAllErrorsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(t, "htpp = ':80'\n[nats]\nshards = 'x'", nil, nil)
	if err == nil || !strings.Contains(err.Error(), ":1: ") || !strings.Contains(err.Error(), ":3: ") {
		t.Errorf("got %v", err)
	}
}

func TestTheConfigurationIsPrintedWithoutSecretsAndCanBeReadBack(t *testing.T) {
	t.Parallel()
	c, err := load(t, "[mail]\nsmarthost = 'smtp://mail.example:587'\npassword = 'hunter2'\n[nats]\nurl = 'nats://token@host:4222'\n[database]\nurl = 'postgres://me:hunter3@host/db?password=hunter4'", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := c.String()
	for _, secret := range []string{"hunter2", "hunter3", "hunter4", "token"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is shown:\n%s", secret, text)
		}
	}
	if !strings.Contains(text, `url = "postgres://***"`) {
		t.Errorf("the kind of the database is missing:\n%s", text)
	}
	if _, err := load(t, text, nil, nil); err != nil {
		t.Errorf("read back: %v\n%s", err, text)
	}
	if _, err := load(t, "[nats]\nurl = 'natz://u:hunter2@x'", nil, nil); strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error shows the password: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("http = ':80'\n[mail]\nsmarthost = 'x'")
	f.Add("[[mail]]\n[nats]\nshards = {a=1}")
	f.Fuzz(func(t *testing.T, file string) {
		load(t, file, nil, nil)
	})
}

func TestNetworksHaveKeysOfTheirOwn(t *testing.T) {
	t.Parallel()
	defaults := config.Default()
	defaults.Networks = []config.Key{{Network: "pigeon", Name: "loft", Help: "where they live", Value: "roof"}, {Network: "pigeon", Name: "whistle", Secret: true}}
	path := filepath.Join(t.TempDir(), "linienfunk.toml")
	if err := os.WriteFile(path, []byte("[bots.pigeon]\nloft = \"attic\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(defaults, path, true, []string{"LINIENFUNK_BOTS_PIGEON_WHISTLE=geheim"})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.NetworkValues("pigeon"); got["loft"] != "attic" || got["whistle"] != "geheim" || len(c.NetworkValues("crow")) != 0 {
		t.Errorf("%v", got)
	}
	if text := c.String(); !strings.Contains(text, "[bots.pigeon]\n# where they live\nloft = \"attic\"") || strings.Contains(text, "geheim") {
		t.Error(text)
	}
	defaults.CheckNetworks = map[string]func(map[string]string) (string, error){"pigeon": func(values map[string]string) (string, error) {
		if values["loft"] == "attic" {
			return "loft", errors.New("wants a roof")
		}
		return "", nil
	}}
	if _, err := config.Load(defaults, path, true, nil); err == nil || !strings.HasSuffix(err.Error(), "linienfunk.toml:2: bots.pigeon.loft: wants a roof") {
		t.Errorf("a value that cannot work: %v", err)
	}
	if defaults.Networks[0].Value != "roof" {
		t.Error("the defaults have changed")
	}
	if err := os.WriteFile(path, []byte("[bots.pigeon]\nlofft = \"attic\"\n[bots.crow]\nx = \"y\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(defaults, path, true, nil); err == nil || !strings.Contains(err.Error(), ":2: unknown key bots.pigeon.lofft; did you mean bots.pigeon.loft?") || !strings.Contains(err.Error(), "bots.crow") {
		t.Error(err)
	}
}

func TestDeliveryFollowsTheSmarthostUnlessItIsSet(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"": config.Outbox,
		"[mail]\nsmarthost = 'smtp://mail.example:587'":                      config.Smarthost,
		"[mail]\ndelivery = 'direct'":                                        config.Direct,
		"[mail]\ndelivery = 'outbox'\nsmarthost = 'smtp://mail.example:587'": config.Outbox,
	} {
		c, err := load(t, file, nil, nil)
		if err != nil || c.Mail.DeliveryMode() != want {
			t.Errorf("%q: %q, %v", file, c.Mail.DeliveryMode(), err)
		}
	}
}

func TestANodeHasTheRolesThatItIsGivenAndAllWithoutTheKey(t *testing.T) {
	t.Parallel()
	shared := "\n[nats]\nurl = 'nats://x'\n[database]\nurl = 'postgres://x/y'"
	for text, want := range map[string][]config.Role{
		"": config.AllRoles, "roles = 'mail ,bots'": {config.RoleBots, config.RoleMail}, "roles = 'frontend'": {config.RoleFrontend},
	} {
		c, err := load(t, text+shared, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, role := range config.AllRoles {
			if c.Has(role) != slices.Contains(want, role) {
				t.Errorf("%q: has %s: %v", text, role, c.Has(role))
			}
		}
	}
}
