package peers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// exim is an instance of the mail server exim, apart from all others on this machine.
type exim struct {
	address string // of its SMTP server
	dir     string
	config  string
}

// eximConfig is its configuration: https://www.exim.org/exim-html-current/doc/html/spec_html/. Mails to zuerich go by LMTP, those to other
// cities by SMTP.
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

// eximScript runs an instance until standard input ends.
const eximScript = `exim4 -C "$1/config" -bdf >"$1/output" 2>&1 & read -r _; kill $!; wait $!; exit 0`

// newExim runs an instance until the test ends. lmtp is the socket for mails to zuerich; mails to other cities go to the server cities, all
// others to the server others.
func newExim(t testing.TB, lmtp, cities, others string) *exim {
	t.Helper()
	dir := publicDir(t, 0o777)
	e := &exim{address: harness.FreePort(t), dir: dir, config: filepath.Join(dir, "config")}
	program, err := exec.LookPath("exim4") // not in /usr where it is only unpacked: Debian installs one mail server only
	_, port := hostAndPort(t, e.address)
	cityHost, cityPort := hostAndPort(t, cities)
	otherHost, otherPort := hostAndPort(t, others)
	text := fmt.Sprintf(eximConfig, dir, port, lmtp, cityHost, cityPort, otherHost, otherPort, program)
	must(t, err, os.WriteFile(e.config, []byte(text), 0o644))
	runScript(t, eximScript, dir, filepath.Join(dir, "output"), filepath.Join(dir, "mainlog"), filepath.Join(dir, "paniclog"))
	testkit.Eventually(t, "exim answers", func() bool { return greets(e.address, "220") })
	return e
}

// flush makes exim retry all queued mails.
func (e *exim) flush(t testing.TB) {
	t.Helper()
	run(t, "exim4", "-C", e.config, "-qff")
}

// waiting returns the number of queued mails.
func (e *exim) waiting(t testing.TB) string {
	t.Helper()
	output, err := exec.Command("exim4", "-C", e.config, "-bpc").Output()
	must(t, err)
	return strings.TrimSpace(string(output))
}

func TestDebiansEximDelivers(t *testing.T) {
	t.Parallel()
	needs(t, "exim4", "swaks")
	needsRoot(t)
	socket := filepath.Join(publicDir(t, 0o755), "socket")
	p := newProgram(t, withLMTP("unix:"+socket))
	server := newExim(t, socket, p.config.SMTP, p.mails.Address)
	submit := func(t *testing.T, to, message string) {
		t.Helper()
		if status, transcript := swaks(t, server.address, message, envelope(to)...); status != 0 {
			t.Fatalf("exim does not accept the mail, status %d:\n%s", status, transcript)
		}
	}
	t.Run("a mail arrives by LMTP and by SMTP, and bounces from nobody", func(t *testing.T) {
		submit(t, "zuerich@linienfunk.example,nobody@linienfunk.example,ghent@linienfunk.example", riderMail("one", "kontrolle u8 über exim"))
		p.waitForReport(t, "zuerich", "kontrolle u8 über exim")
		p.waitForReport(t, "ghent", "kontrolle u8 über exim")
		p.waitForBounce(t, "550 5.1.1 There is no such city here")
	})
	t.Run("a mail that is too large bounces", func(t *testing.T) {
		submit(t, "zuerich@linienfunk.example", riderMail("two", tooLarge()))
		p.waitForBounce(t, "552 5.3.4")
	})
	t.Run("mails wait while the program is stopped", func(t *testing.T) {
		p.stop()
		submit(t, "zuerich@linienfunk.example,ghent@linienfunk.example", riderMail("three", "kontrolle u9 später über exim"))
		testkit.Eventually(t, "exim keeps the mail", func() bool { return server.waiting(t) == "1" })
		harness.Start(t, p.config)
		testkit.Eventually(t, "the queue is empty", func() bool {
			server.flush(t) // the socket comes a moment after the program's start
			return server.waiting(t) == "0"
		})
		p.waitForReport(t, "zuerich", "kontrolle u9 später über exim")
		p.waitForReport(t, "ghent", "kontrolle u9 später über exim")
	})
}
