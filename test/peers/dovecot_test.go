package peers

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// dovecot is an instance of the IMAP server dovecot, apart from all others on this machine. Every user has a mailbox, with the password
// "sesame".
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

// login returns the socket where mail servers check logins.
func (d *dovecot) login() string { return filepath.Join(d.dir, "auth") }

// nobody is the user and group that own the mails: dovecot refuses to access them as root.
const nobody = 65534

// dovecotScript runs an instance until standard input ends. It also ends the processes of open connections, as a restart by systemd does:
// they are in the process group of their master.
const dovecotScript = `setsid dovecot -F -c "$1" & read -r _; kill -TERM -$! ; wait $!; exit 0`

// newDovecot prepares an instance, with more lines of configuration; see start.
func newDovecot(t testing.TB, more ...string) *dovecot {
	t.Helper()
	dir := publicDir(t, 0o755)
	host, port := hostAndPort(t, harness.FreePort(t))
	d := &dovecot{host: host, port: port, dir: dir, config: filepath.Join(dir, "dovecot.conf")}
	mails := filepath.Join(dir, "mails")
	must(t, os.Mkdir(mails, 0o755), os.Chown(mails, nobody, nobody),
		os.WriteFile(d.config, fmt.Appendf(nil, dovecotConfig+strings.Join(more, ""), dir, port, nobody), 0o644))
	return d
}

// start runs the instance until the test ends or stop is called.
func (d *dovecot) start(t testing.TB) (stop func() error) {
	t.Helper()
	stop = runScript(t, dovecotScript, d.config, filepath.Join(d.dir, "log"))
	testkit.Eventually(t, "dovecot answers", func() bool { return greets(net.JoinHostPort(d.host, d.port), "* OK") })
	return stop
}

// deliver puts a mail into a maildir as a delivery agent does: it writes the mail elsewhere and then moves it.
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
	must(t, os.WriteFile(written, []byte("Return-Path: <"+harness.RiderAddress+">\n"+message), 0o600), os.Chown(written, nobody, nobody),
		os.Rename(written, filepath.Join(box, "new", name)))
}

// admin runs doveadm.
func (d *dovecot) admin(t testing.TB, args ...string) string {
	t.Helper()
	return run(t, "doveadm", append([]string{"-c", d.config}, args...)...)
}

func TestDebiansDovecotIsReadByIMAP(t *testing.T) {
	t.Parallel()
	needs(t, "dovecot", "doveadm")
	needsRoot(t)
	const user = "melden@post.example"
	whole := t // for servers that outlive the subtest that starts them
	server := newDovecot(t)
	stop := server.start(t)
	p := newProgram(t, nil)
	admin, visitor, database := p.admins["zuerich"], p.visitor, harness.Database(t, p.config)
	server.deliver(t, user, "0", riderMail("zero", "kontrolle von früher"))
	connect := func(password string) string {
		return admin.Post("/city/zuerich/bot/email/connect", "address", user, "host", server.host, "port", server.port, "security", "none", "password", password)
	}
	sees := func(t *testing.T, text string) {
		t.Helper()
		p.waitForReport(t, "zuerich", text)
	}
	arriveAroundRestart := func(t *testing.T, before, after string) {
		t.Helper()
		stop()
		server.deliver(t, user, before, riderMail(before, "kontrolle u"+before+" über dovecot"))
		stop = server.start(whole)
		sees(t, "kontrolle u"+before+" über dovecot")
		server.deliver(t, user, after, riderMail(after, "kontrolle u"+after+" über dovecot"))
		sees(t, "kontrolle u"+after+" über dovecot")
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
	t.Run("a mail delivered while dovecot is stopped arrives after its restart", func(t *testing.T) {
		arriveAroundRestart(t, "2", "3")
	})
	t.Run("new UIDs repeat and lose nothing", func(t *testing.T) {
		before := server.admin(t, "mailbox", "status", "-u", user, "uidvalidity", "INBOX")
		server.admin(t, "mailbox", "update", "-u", user, "--uid-validity", "4711", "INBOX")
		if after := server.admin(t, "mailbox", "status", "-u", user, "uidvalidity", "INBOX"); before == after || !strings.Contains(after, "4711") {
			t.Fatalf("UIDVALIDITY: before %s, after %s", before, after)
		}
		arriveAroundRestart(t, "4", "5")
	})
	t.Run("a bounce unsubscribes", func(t *testing.T) {
		visitor.In(t).Subscribe(p.mails, "zuerich", harness.ReaderAddress)
		bounce := harness.BounceReport(t)
		server.deliver(t, user, "6", riderMail("six", "kontrolle u6 über dovecot"))
		if n := harness.Count(t, database, "email_", "subscribers"); n != 1 {
			t.Fatalf("%d subscribers", n)
		}
		copied := strings.ReplaceAll(p.mails.WaitForMail(t, harness.ReaderAddress, "kontrolle u6").Raw, "\r\n", "\n")
		server.deliver(t, user, "7", strings.Replace(bounce, "Subject: [Zurich] kontrolle", copied, 1))
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

// dovecotNamespace has all folders of a user, among them one with a special use (https://doc.dovecot.org/2.3/configuration_manual/namespace/).
const dovecotNamespace = `namespace inbox {
  inbox = yes
  separator = SEPARATOR
  mailbox Gesendet {
    auto = create
    special_use = \Sent
  }
}
`

// The names are in modified UTF-7 on the wire, and the parent of the second folder is none that can be opened.
func TestAFolderOfDebiansDovecotIsChosenAndRead(t *testing.T) {
	t.Parallel()
	needs(t, "dovecot", "doveadm")
	needsRoot(t)
	for _, separator := range []string{"/", "."} {
		t.Run("separator "+separator, func(t *testing.T) {
			t.Parallel()
			const user = "melden@post.example"
			server := newDovecot(t, strings.Replace(dovecotNamespace, "SEPARATOR", separator, 1))
			server.start(t)
			p := newProgram(t, nil)
			admin := p.admins["zuerich"]
			folder, nested := "Züge & <Trams> 🚋", "Verkehr"+separator+"日本"
			for _, name := range []string{folder, nested} {
				server.admin(t, "mailbox", "create", "-u", user, name)
			}
			save := func(folder, name, text string) {
				file := filepath.Join(server.dir, name)
				must(t, os.WriteFile(file, []byte("Return-Path: <"+harness.RiderAddress+">\n"+riderMail(name, text)), 0o644))
				server.admin(t, "save", "-u", user, "-m", folder, file)
			}
			save(folder, "1", "kontrolle von früher im ordner")
			if page := admin.Post("/city/zuerich/bot/email/connect", "address", user, "host", server.host, "port", server.port, "security", "none", "password", "sesame"); !strings.Contains(page, "The mailbox is connected") {
				t.Fatalf("the mailbox is not connected:\n%s", page)
			}
			page := admin.Get("/city/zuerich")
			for _, want := range []string{">INBOX (inbox)<", ">" + folder + "<", ">" + nested + "<", ">Gesendet (sent mails)<"} {
				if !strings.Contains(page, want) {
					t.Errorf("the page does not offer %s", want)
				}
			}
			if strings.Contains(page, ">Verkehr<") {
				t.Error("the page offers a folder that cannot be opened")
			}
			if page := admin.Post("/city/zuerich/bot/email/folder", "folder", "Verkehr"); !strings.Contains(page, "does not open this folder") {
				t.Errorf("a folder that cannot be opened is chosen:\n%s", page)
			}
			for i, name := range []string{folder, nested} {
				if page := admin.Post("/city/zuerich/bot/email/folder", "folder", name); !strings.Contains(page, "is read from now on") {
					t.Fatalf("%s is not chosen:\n%s", name, page)
				}
				save("INBOX", fmt.Sprintf("a%d", i), fmt.Sprintf("kontrolle %d im posteingang", i))
				save(name, fmt.Sprintf("b%d", i), fmt.Sprintf("kontrolle u%d im ordner", i))
				p.waitForReport(t, "zuerich", fmt.Sprintf("kontrolle u%d im ordner", i))
			}
			if page := p.visitor.In(t).Get("/c/zuerich"); strings.Contains(page, "posteingang") || strings.Contains(page, "von früher") {
				t.Errorf("another folder is read, or mails from before:\n%s", page)
			}
		})
	}
}
