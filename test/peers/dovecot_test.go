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
	"time"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// dovecot is a private instance of the IMAP server dovecot: one mailbox for whoever knows the password "sesame". It touches no other
// instance of the machine.
type dovecot struct {
	host, port string
	dir        string
	config     string
}

// dovecotConfig is dovecot.conf: https://doc.dovecot.org/2.3/configuration_manual/
const dovecotConfig = `base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/log
protocols = imap
ssl = no
disable_plaintext_auth = no
mail_location = maildir:%[1]s/mails/%%u
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = static
  args = password=sesame
}
userdb {
  driver = static
  args = uid=%[3]d gid=%[3]d home=%[1]s/mails/%%u
}
service auth {
  unix_listener %[1]s/auth {
    mode = 0666
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = %[2]s
  }
  inet_listener imaps {
    port = 0
  }
}
`

// login is the socket at which a mail server asks for logins.
func (d *dovecot) login() string { return filepath.Join(d.dir, "auth") }

// nobody owns the mails: dovecot refuses to work as root.
const nobody = 65534

// dovecotKeeper runs until its standard input ends, which it does even if the test is killed. It ends the processes of the open
// connections, too, as a restart by systemd does: they are in the group of their master.
const dovecotKeeper = `setsid dovecot -F -c "$1" & read -r _; kill -TERM -$! ; wait $!; exit 0`

func newDovecot(t testing.TB) *dovecot {
	t.Helper()
	needs(t, "dovecot", "doveadm")
	if os.Geteuid() != 0 {
		t.Skip("dovecot starts as root only")
	}
	dir, err := os.MkdirTemp("", "dovecot") // TempDir is closed to all other users
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(harness.FreePort(t))
	d := &dovecot{host: host, port: port, dir: dir, config: filepath.Join(dir, "dovecot.conf")}
	mails := filepath.Join(dir, "mails")
	if err := errors.Join(err, os.Chmod(dir, 0o755), os.Mkdir(mails, 0o755), os.Chown(mails, nobody, nobody),
		os.WriteFile(d.config, fmt.Appendf(nil, dovecotConfig, dir, port, nobody), 0o644)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("dovecot's log:\n%s", text)
		}
		testkit.Eventually(t, "dovecot's files can be removed", func() bool { return os.RemoveAll(dir) == nil })
	})
	return d
}

// start runs dovecot until the test ends or stop is called.
func (d *dovecot) start(t testing.TB) (stop func()) {
	t.Helper()
	keeper := exec.Command("sh", "-c", dovecotKeeper, "sh", d.config)
	stdin, err := keeper.StdinPipe()
	if err := errors.Join(err, keeper.Start()); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			stdin.Close()
			keeper.Wait() // its status says nothing
		}
	}
	t.Cleanup(stop)
	testkit.Eventually(t, "dovecot answers", func() bool {
		conn, err := net.Dial("tcp", net.JoinHostPort(d.host, d.port))
		if err != nil {
			return false
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(time.Second))
		line, _ := bufio.NewReader(conn).ReadString('\n')
		return strings.HasPrefix(line, "* OK")
	})
	return stop
}

// deliver puts a mail into a maildir as a delivery agent does: written elsewhere first, then moved.
func (d *dovecot) deliver(t testing.TB, user, name, message string) {
	t.Helper()
	box := filepath.Join(d.dir, "mails", user)
	for _, dir := range []string{box, filepath.Join(box, "cur"), filepath.Join(box, "new"), filepath.Join(box, "tmp")} {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
		os.Chown(dir, nobody, nobody)
	}
	written := filepath.Join(box, "tmp", name)
	if err := errors.Join(os.WriteFile(written, []byte("Return-Path: <"+harness.RiderAddress+">\n"+message), 0o600), os.Chown(written, nobody, nobody),
		os.Rename(written, filepath.Join(box, "new", name))); err != nil {
		t.Fatal(err)
	}
}

// admin runs doveadm.
func (d *dovecot) admin(t testing.TB, args ...string) string {
	t.Helper()
	output, err := exec.Command("doveadm", append([]string{"-c", d.config}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("doveadm %v: %v\n%s", args, err, output)
	}
	return strings.TrimSpace(string(output))
}

func TestDebiansDovecotIsReadByIMAP(t *testing.T) {
	const user = "melden@post.example"
	whole := t // in subtests: their ends stop nothing
	server := newDovecot(t)
	stop := server.start(t)
	box := harness.NewMailServer(t)
	c := harness.Config(t, box)
	program, _ := harness.Start(t, c)
	database := harness.Database(t, c)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(box, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	server.deliver(t, user, "0", riderMail("zero", "kontrolle von früher"))
	connect := func(password string) string {
		return admin.Post("/city/zuerich/bot/email/connect", "address", user, "host", server.host, "port", server.port, "security", "none", "password", password)
	}
	sees := func(t *testing.T, text string) {
		t.Helper()
		visitor.In(t).WaitForText("/c/zuerich", text)
	}
	if page := connect("wrong"); !strings.Contains(page, "does not accept the user name and password") {
		t.Errorf("a wrong password is not told:\n%s", page)
	}
	if page := connect("sesame"); !strings.Contains(page, "The mailbox is connected") {
		t.Fatalf("the mailbox is not connected:\n%s", page)
	}
	t.Run("a mail arrives", func(t *testing.T) {
		server.deliver(t, user, "1", riderMail("one", "kontrolle u1 über dovecot"))
		sees(t, "kontrolle u1 über dovecot")
	})
	t.Run("a mail that comes while dovecot is stopped arrives after its restart", func(t *testing.T) {
		stop()
		server.deliver(t, user, "2", riderMail("two", "kontrolle u2 über dovecot"))
		stop = server.start(whole)
		sees(t, "kontrolle u2 über dovecot")
		server.deliver(t, user, "3", riderMail("three", "kontrolle u3 über dovecot"))
		sees(t, "kontrolle u3 über dovecot")
	})
	t.Run("new UIDs repeat and lose nothing", func(t *testing.T) {
		before := server.admin(t, "mailbox", "status", "-u", user, "uidvalidity", "INBOX")
		server.admin(t, "mailbox", "update", "-u", user, "--uid-validity", "4711", "INBOX")
		if after := server.admin(t, "mailbox", "status", "-u", user, "uidvalidity", "INBOX"); before == after || !strings.Contains(after, "4711") {
			t.Fatalf("UIDVALIDITY: before %s, after %s", before, after)
		}
		stop()
		server.deliver(t, user, "4", riderMail("four", "kontrolle u4 über dovecot"))
		stop = server.start(whole)
		sees(t, "kontrolle u4 über dovecot")
		server.deliver(t, user, "5", riderMail("five", "kontrolle u5 über dovecot"))
		sees(t, "kontrolle u5 über dovecot")
	})
	t.Run("a bounce unsubscribes", func(t *testing.T) {
		visitor.In(t).Subscribe(box, "zuerich", harness.ReaderAddress)
		bounce, err := os.ReadFile("../../mail/testdata/hard.eml")
		if err != nil {
			t.Fatal(err)
		}
		server.deliver(t, user, "6", riderMail("six", "kontrolle u6 über dovecot"))
		testkit.Eventually(t, "the subscriber gets a mail", func() bool { return len(box.MailsTo(harness.ReaderAddress, "kontrolle u6")) > 0 })
		if n := harness.Count(t, database, "email_", "subscribers"); n != 1 {
			t.Fatalf("%d subscribers", n)
		}
		copied := strings.ReplaceAll(box.MailsTo(harness.ReaderAddress, "kontrolle u6")[0].Raw, "\r\n", "\n")
		server.deliver(t, user, "7", strings.Replace(string(bounce), "Subject: [Zurich] kontrolle", copied, 1))
		testkit.Eventually(t, "the subscriber is gone", func() bool { return harness.Count(t, database, "email_", "subscribers") == 0 })
	})
	page := visitor.Get("/c/zuerich")
	if strings.Contains(page, "kontrolle von früher") {
		t.Error("a mail from before is a report")
	}
	for n := 1; n <= 6; n++ {
		if text := fmt.Sprintf("kontrolle u%d über dovecot", n); strings.Count(page, text) != 1 {
			t.Errorf("%q is shown %d times", text, strings.Count(page, text))
		}
	}
	if unseen := server.admin(t, "mailbox", "status", "-u", user, "unseen", "INBOX"); !strings.Contains(unseen, "unseen=8") {
		t.Errorf("of 8 mails there are %s", unseen)
	}
}
