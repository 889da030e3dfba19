// Package peers tests the program together with real mail servers of Debian: postfix, exim, dovecot, and swaks and opendkim as clients; with
// Debian's Prometheus; our count of a post's length with X's own library; and our pages with axe. A test is skipped where its programs are missing, and where it does not
// run as root, as mail servers must.
package peers

import (
	"bufio"
	"bytes"
	"fmt"
	"mime/quotedprintable"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/app"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// needs skips a test whose programs are missing. Each is in the Debian package of its name. Call it before anything is started.
func needs(t testing.TB, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed: apt-get install %[1]s", name)
		}
	}
}

// needsRoot skips a test that does not run as root.
func needsRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may start mail servers")
	}
}

// publicDir makes a directory which, unlike t.TempDir, the users of mail servers can enter. It is removed when the test ends, as soon as no
// process of a server writes to it any more.
func publicDir(t testing.TB, mode os.FileMode) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "peer")
	must(t, err)
	t.Cleanup(func() {
		testkit.Eventually(t, "the server's files can be removed", func() bool { return os.RemoveAll(dir) == nil })
	})
	must(t, os.Chmod(dir, mode))
	return dir
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// run runs a program until it ends and returns its output.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	output, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, output)
	}
	return strings.TrimSpace(string(output))
}

// hostAndPort splits the address of a server.
func hostAndPort(t testing.TB, address string) (host, port string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	must(t, err)
	return host, port
}

// runScript runs a shell script until stop is called or the test ends. The script must end with its standard input, so that it ends even if
// the test binary is killed. stop returns its error. A failed test shows the logs.
func runScript(t testing.TB, script, argument string, logs ...string) (stop func() error) {
	t.Helper()
	command := exec.Command("sh", "-c", script, "sh", argument)
	stdin, err := command.StdinPipe()
	must(t, err)
	must(t, command.Start())
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		stdin.Close()
		return command.Wait()
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("the server did not stop: %v", err)
		}
		if t.Failed() {
			for _, name := range logs {
				text, _ := os.ReadFile(name)
				t.Logf("%s:\n%s", filepath.Base(name), text)
			}
		}
	})
	return stop
}

// greets reports whether a server answers with a line that begins with greeting.
func greets(address, greeting string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	defer conn.Close()
	line, _ := bufio.NewReader(conn).ReadString('\n')
	return strings.HasPrefix(line, greeting)
}

// program is a running program with the cities zuerich and ghent, whose trigger is the word kontrolle.
type program struct {
	*app.Program
	config  config.Config
	mails   *harness.MailServer
	visitor *harness.Browser
	admins  map[string]*harness.Browser
	stop    func()
}

// newProgram starts a program. set may change its configuration.
func newProgram(t testing.TB, set func(c *config.Config)) *program {
	t.Helper()
	mails := harness.NewMailServer(t)
	p := &program{mails: mails, config: harness.Config(t, mails), admins: map[string]*harness.Browser{}}
	if set != nil {
		set(&p.config)
	}
	p.Program, p.stop = harness.Start(t, p.config)
	p.visitor = harness.NewBrowser(t, p.URL())
	for city, title := range map[string]string{"zuerich": "Zürich", "ghent": "Ghent"} {
		p.admins[city] = harness.NewBrowser(t, p.URL())
		p.admins[city].Register(mails, city, title)
		p.admins[city].SetLists(city, title, "kontrolle", "")
	}
	return p
}

// waitForReport waits until a city's page shows a report.
func (p *program) waitForReport(t testing.TB, city, text string) {
	t.Helper()
	p.visitor.In(t).WaitForText("/c/"+city, text)
}

// waitForBounce waits for a bounce to the rider that contains a text, wherever its lines are broken.
func (p *program) waitForBounce(t testing.TB, text string) {
	t.Helper()
	testkit.Eventually(t, "the rider gets a bounce with "+text, func() bool {
		for _, mail := range p.mails.MailsTo(harness.RiderAddress, "") {
			if strings.Contains(strings.Join(strings.Fields(mail.Text), " "), text) {
				return true
			}
		}
		return false
	})
}

// withLMTP makes a program accept mail by LMTP at an address: host:port, or unix: and a path.
func withLMTP(address string) func(c *config.Config) {
	return func(c *config.Config) {
		c.Networks = append(c.Networks, config.Key{Network: "email", Name: "lmtp", Value: address})
	}
}

// riderMail returns a rider's mail with a text and the Message-ID name. It is dated now: an older report would have expired.
func riderMail(name, text string) string {
	var body bytes.Buffer
	w := quotedprintable.NewWriter(&body)
	w.Write([]byte(text)) // a buffer returns no error
	w.Close()
	return fmt.Sprintf("From: Märta <%s>\nTo: city\nDate: %s\nMessage-ID: <%s@example.net>\n"+
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n%s\n",
		harness.RiderAddress, time.Now().Format(time.RFC1123Z), name, body.String())
}

// tooLarge returns the text of a mail of more than 10 MB.
func tooLarge() string { return strings.Repeat(strings.Repeat("kontrolle ", 7)+"\n", 11<<20/71) }
