package e2e

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// startPooler runs pgbouncer in front of the database of an address, with one connection for each transaction, and returns the address of the
// same database behind it. It refuses a search_path in the address, so it sets that itself.
func startPooler(t *testing.T, address string) string {
	t.Helper()
	if _, err := exec.LookPath("pgbouncer"); err != nil {
		t.Skip("pgbouncer is not installed: apt-get install pgbouncer")
	}
	direct, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query, name, listen := direct.Query(), strings.TrimPrefix(direct.Path, "/"), harness.FreePort(t)
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		t.Fatal(err)
	}
	login := "user=" + direct.User.Username()
	if password, has := direct.User.Password(); has {
		login += " password='" + password + "'"
	}
	config := fmt.Sprintf(`[databases]
%s = host=%s port=%s %s connect_query='SET search_path TO %s'
[pgbouncer]
listen_addr = %s
listen_port = %s
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
`, name, direct.Hostname(), direct.Port(), login, query.Get("search_path"), host, port)
	path := filepath.Join(t.TempDir(), "pgbouncer.ini")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := []string{path}
	if os.Geteuid() == 0 { // which pgbouncer refuses to be
		arguments = []string{"-u", "nobody", path}
	}
	pooler := exec.Command("pgbouncer", arguments...)
	pooler.Stderr = t.Output()
	if err := pooler.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pooler.Process.Kill(); pooler.Wait() })
	testkit.Eventually(t, "pgbouncer listens", func() bool {
		conn, err := net.Dial("tcp", listen)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	})
	query.Del("search_path")
	direct.Host, direct.RawQuery = listen, query.Encode()
	return direct.String()
}

func TestTheProgramRunsBehindAPoolerThatGivesEachTransactionAnotherConnection(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	if c.Database.URL == "" {
		t.Skip("the pooler is in front of LINIENFUNK_TEST_POSTGRES")
	}
	c.Database.URL = startPooler(t, c.Database.URL)
	s := newFixtureOf(t, mails, c)
	for i := range 3 {
		harness.SendMail(t, s.program, "zuerich", fmt.Sprintf("kontrolle nummer %d", i))
	}
	for i := range 3 {
		s.waitEverywhere(fmt.Sprintf("kontrolle nummer %d", i))
	}
	migrateAhead(t, c, 1)
	harness.SendMail(t, s.program, "zuerich", "kontrolle auf neuen tabellen")
	s.waitEverywhere("kontrolle auf neuen tabellen")
}
