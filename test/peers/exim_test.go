package peers

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// exim is a private instance of the mail server exim, as postfix is.
type exim struct {
	address string // where it takes mail
	dir     string
	config  string
}

// eximConfig is its configuration: https://www.exim.org/exim-html-current/doc/html/spec_html/. zuerich is behind LMTP, other cities behind SMTP.
const eximConfig = `exim_path = %[8]s
primary_hostname = mx.example.net
spool_directory = %[1]s/spool
log_file_path = %[1]s/%%slog
pid_file_path = %[1]s/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = %[2]s
tls_advertise_hosts =
keep_environment =
message_size_limit = 50M
acl_smtp_rcpt = accept
begin routers
zuerich:
  driver = accept
  domains = linienfunk.example
  local_parts = zuerich : nobody
  transport = cities_lmtp
cities:
  driver = manualroute
  domains = linienfunk.example
  route_list = * %[4]s byname
  self = send
  transport = cities_smtp
others:
  driver = manualroute
  route_list = * %[6]s byname
  self = send
  transport = others_smtp
begin transports
cities_lmtp:
  driver = lmtp
  socket = %[3]s
  batch_max = 50
  user = Debian-exim
cities_smtp:
  driver = smtp
  port = %[5]s
  allow_localhost
others_smtp:
  driver = smtp
  port = %[7]s
  allow_localhost
begin retry
* * F,1h,1s
`

// eximKeeper runs until its standard input ends, which it does even if the test is killed.
const eximKeeper = `exim4 -C "$1/config" -bdf >"$1/output" 2>&1 & read -r _; kill $!; wait $!; exit 0`

func newExim(t testing.TB, socket, cities, others string) *exim {
	t.Helper()
	needs(t, "exim4", "swaks")
	if os.Geteuid() != 0 {
		t.Skip("exim starts as root only")
	}
	dir, err := os.MkdirTemp("", "exim") // TempDir is closed to all other users
	if err != nil {
		t.Fatal(err)
	}
	e := &exim{address: harness.FreePort(t), dir: dir, config: filepath.Join(dir, "config")}
	t.Cleanup(func() {
		testkit.Eventually(t, "exim's files can be removed", func() bool { return os.RemoveAll(dir) == nil })
	})
	program, err4 := exec.LookPath("exim4") // it may be unpacked somewhere: Debian installs one mail server only
	_, port, err := net.SplitHostPort(e.address)
	cityHost, cityPort, err2 := net.SplitHostPort(cities)
	otherHost, otherPort, err3 := net.SplitHostPort(others)
	text := fmt.Sprintf(eximConfig, dir, port, socket, cityHost, cityPort, otherHost, otherPort, program)
	if err := errors.Join(err, err2, err3, err4, os.Chmod(dir, 0o777), os.WriteFile(e.config, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
	e.keep(t)
	return e
}

func (e *exim) keep(t testing.TB) {
	t.Helper()
	keeper := exec.Command("sh", "-c", eximKeeper, "sh", e.dir)
	stdin, err := keeper.StdinPipe()
	if err := errors.Join(err, keeper.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		keeper.Wait() // its status says nothing
		if t.Failed() {
			for _, name := range []string{"output", "mainlog", "paniclog"} {
				text, _ := os.ReadFile(filepath.Join(e.dir, name))
				t.Logf("%s:\n%s", name, text)
			}
		}
	})
	testkit.Eventually(t, "exim answers", func() bool {
		conn, err := net.Dial("tcp", e.address)
		if err != nil {
			return false
		}
		defer conn.Close()
		line, _ := bufio.NewReader(conn).ReadString('\n')
		return strings.HasPrefix(line, "220")
	})
}

// flush tries all mails in the queue again.
func (e *exim) flush(t testing.TB) {
	t.Helper()
	if output, err := exec.Command("exim4", "-C", e.config, "-qff").CombinedOutput(); err != nil {
		t.Fatalf("exim -qff: %v\n%s", err, output)
	}
}

// waiting counts the mails in the queue.
func (e *exim) waiting(t testing.TB) string {
	t.Helper()
	output, err := exec.Command("exim4", "-C", e.config, "-bpc").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(output))
}

func TestDebiansEximDelivers(t *testing.T) {
	box := harness.NewMailServer(t)
	c := harness.Config(t, box)
	dir, err := os.MkdirTemp("", "lmtp") // TempDir is closed to exim's user
	if err := errors.Join(err, os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "socket")
	c.Networks = append(c.Networks, config.Key{Network: "email", Name: "lmtp", Value: "unix:" + socket})
	server := newExim(t, socket, c.SMTP, box.Address)
	program, stop := harness.Start(t, c)
	visitor := harness.NewBrowser(t, program.URL())
	for city, title := range map[string]string{"zuerich": "Zürich", "ghent": "Ghent"} {
		admin := harness.NewBrowser(t, program.URL())
		admin.Register(box, city, title)
		admin.SetLists(city, title, "kontrolle", "")
	}
	sees := func(t *testing.T, city, text string) {
		t.Helper()
		visitor.In(t).WaitForText("/c/"+city, text)
	}
	submit := func(t *testing.T, to, message string) {
		t.Helper()
		if status, transcript := swaks(t, server.address, message, envelope(to)...); status != 0 {
			t.Fatalf("exim does not take the mail, status %d:\n%s", status, transcript)
		}
	}
	t.Run("a mail arrives by LMTP and by SMTP, and bounces from nobody", func(t *testing.T) {
		submit(t, "zuerich@linienfunk.example,nobody@linienfunk.example,ghent@linienfunk.example", riderMail("one", "kontrolle u8 über exim"))
		sees(t, "zuerich", "kontrolle u8 über exim")
		sees(t, "ghent", "kontrolle u8 über exim")
		waitForBounce(t, box, "550 5.1.1 There is no such city here")
	})
	t.Run("a mail that is too large bounces", func(t *testing.T) {
		submit(t, "zuerich@linienfunk.example", riderMail("two", tooLarge()))
		waitForBounce(t, box, "552 5.3.4")
	})
	t.Run("mails wait while the program is stopped", func(t *testing.T) {
		stop()
		submit(t, "zuerich@linienfunk.example,ghent@linienfunk.example", riderMail("three", "kontrolle u9 später über exim"))
		testkit.Eventually(t, "exim keeps the mail", func() bool { return server.waiting(t) == "1" })
		harness.Start(t, c)
		testkit.Eventually(t, "the queue is empty", func() bool {
			server.flush(t) // the socket comes a moment after the program's start
			return server.waiting(t) == "0"
		})
		sees(t, "zuerich", "kontrolle u9 später über exim")
		sees(t, "ghent", "kontrolle u9 später über exim")
	})
}
