package peers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// postfix is an instance of the mail server postfix, apart from all others on this machine. It delivers mails to cities to the program and all
// others, such as its bounces, to a harness.MailServer.
type postfix struct {
	address string // of its SMTP server
	config  string // its config_directory
	log     string // its maillog_file
}

// overSMTP is postfix's transport map for a program's SMTP server. Mails to ghent go through a client that ignores the announced SIZE, as old
// servers do, and so sends mails that are too large.
func overSMTP(t testing.TB, address string) string {
	t.Helper()
	host, port := hostAndPort(t, address)
	return fmt.Sprintf("ghent@linienfunk.example=sizeless:[%[1]s]:%[2]s, linienfunk.example=smtp:[%[1]s]:%[2]s", host, port)
}

// postfixMain is main.cf: https://www.postfix.org/postconf.5.html
const postfixMain = `compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = mx.example.net
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
notify_classes =
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_dns_support_level = disabled
message_size_limit = 50000000
transport_maps = inline:{ %[2]s }
relayhost = [%[3]s]:%[4]s
`

// postfixServices is master.cf, reduced to the services of this instance, and without chroot.
const postfixServices = `%s inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
sizeless unix - - n - - smtp -o smtp_discard_ehlo_keywords=size
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
scache unix - - n - 1 scache
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`

// postfixScript runs an instance until standard input ends.
const postfixScript = `exec >>"$1/output" 2>&1
postfix -c "$1/etc" check && postfix -c "$1/etc" start || { touch "$1/failed"; exit 1; }
trap "" INT HUP TERM
touch "$1/started"
read -r _
postfix -c "$1/etc" stop || postfix -c "$1/etc" abort`

// newPostfix runs an instance until the test ends. cities is its transport map for mails to cities, others the address of the server for all
// other mails; more is added to main.cf.
func newPostfix(t testing.TB, cities, others string, more ...string) *postfix {
	t.Helper()
	dir := publicDir(t, 0o755)
	p := &postfix{address: harness.FreePort(t), config: filepath.Join(dir, "etc"), log: filepath.Join(dir, "log")}
	p.configure(t, dir, cities, others, strings.Join(more, ""))
	p.start(t, dir)
	return p
}

func (p *postfix) configure(t testing.TB, dir, cities, others, more string) {
	t.Helper()
	host, port := hostAndPort(t, others)
	must(t,
		os.Mkdir(p.config, 0o755), os.Mkdir(filepath.Join(dir, "queue"), 0o755),
		os.WriteFile(filepath.Join(p.config, "main.cf"), []byte(fmt.Sprintf(postfixMain, dir, cities, host, port)+more), 0o644),
		os.WriteFile(filepath.Join(p.config, "master.cf"), fmt.Appendf(nil, postfixServices, p.address), 0o644),
	)
}

// start runs the instance until the test ends.
func (p *postfix) start(t testing.TB, dir string) {
	t.Helper()
	runScript(t, postfixScript, dir, p.log, filepath.Join(dir, "output"))
	testkit.Eventually(t, "postfix has started", func() bool {
		if _, err := os.Stat(filepath.Join(dir, "failed")); err == nil {
			t.Fatal("postfix does not start")
		}
		_, err := os.Stat(filepath.Join(dir, "started"))
		return err == nil
	})
}

// submit submits a mail to postfix as a rider's mail program would.
func (p *postfix) submit(t testing.TB, to, message string) {
	t.Helper()
	if status, transcript := swaks(t, p.address, message, "--from", harness.RiderAddress, "--to", to); status != 0 {
		t.Fatalf("postfix does not accept the mail, status %d:\n%s", status, transcript)
	}
}

// submitWhileStopped submits a mail to zuerich while the program is stopped, and starts the program once postfix has deferred the mail.
func (p *postfix) submitWhileStopped(t *testing.T, to *program, message string) {
	t.Helper()
	to.stop()
	p.submit(t, "zuerich@linienfunk.example", message)
	p.deferred(t)
	harness.Start(t, to.config)
}

// logs waits until a line of postfix's log contains all words.
func (p *postfix) logs(t testing.TB, words ...string) {
	t.Helper()
	testkit.Eventually(t, fmt.Sprintf("postfix logs %q", words), func() bool {
		text, _ := os.ReadFile(p.log) // not there yet
	line:
		for line := range strings.Lines(string(text)) {
			for _, word := range words {
				if !strings.Contains(line, word) {
					continue line
				}
			}
			return true
		}
		return false
	})
}

// queue lists the queued mails, one JSON object each.
func (p *postfix) queue(t testing.TB) string {
	t.Helper()
	return run(t, "postqueue", "-c", p.config, "-j")
}

// deferred waits until postfix has deferred a mail.
func (p *postfix) deferred(t testing.TB) {
	t.Helper()
	testkit.Eventually(t, "postfix keeps the mail", func() bool { return strings.Contains(p.queue(t), `"queue_name": "deferred"`) })
}

// flush makes postfix retry all queued mails.
func (p *postfix) flush(t testing.TB) {
	t.Helper()
	run(t, "postqueue", "-c", p.config, "-f")
}

func TestDebiansPostfixDeliversARealMail(t *testing.T) {
	t.Parallel()
	needs(t, "postfix", "swaks")
	needsRoot(t)
	p := newProgram(t, nil)
	post := newPostfix(t, overSMTP(t, p.config.SMTP), p.mails.Address)
	arrives := func(t *testing.T, text string) {
		t.Helper()
		p.waitForReport(t, "zuerich", text)
		p.admins["zuerich"].In(t).WaitForText("/city/zuerich/ledger", text)
	}
	t.Run("a report arrives", func(t *testing.T) {
		post.submit(t, "zuerich@linienfunk.example", riderMail("one", "kontrolle u8 über postfix"))
		arrives(t, "kontrolle u8 über postfix")
		post.logs(t, "to=<zuerich@linienfunk.example>", "dsn=2.0.0", "status=sent")
	})
	t.Run("a mail to an unknown city bounces", func(t *testing.T) {
		post.submit(t, "nobody@linienfunk.example", riderMail("two", "kontrolle bei niemand"))
		post.logs(t, "to=<nobody@linienfunk.example>", "dsn=5.1.1", "status=bounced", "said: 550 5.1.1 There is no such city here")
		p.waitForBounce(t, "550 5.1.1 There is no such city here")
	})
	t.Run("a mail that is too large is not sent if SIZE is announced", func(t *testing.T) {
		post.submit(t, "zuerich@linienfunk.example", riderMail("three", tooLarge()))
		post.logs(t, "to=<zuerich@linienfunk.example>", "dsn=5.3.4", "status=bounced", "exceeds size limit 10485760 of server")
		p.waitForBounce(t, "exceeds size limit 10485760 of server")
	})
	t.Run("a mail that is too large is refused after it is sent", func(t *testing.T) {
		post.submit(t, "ghent@linienfunk.example", riderMail("four", tooLarge()))
		post.logs(t, "to=<ghent@linienfunk.example>", "dsn=5.3.4", "status=bounced", "said: 552 5.3.4")
		p.waitForBounce(t, "552 5.3.4")
	})
	t.Run("a mail waits while the program is stopped", func(t *testing.T) {
		post.submitWhileStopped(t, p, riderMail("five", "kontrolle u9 später"))
		post.flush(t)
		arrives(t, "kontrolle u9 später")
		testkit.Eventually(t, "the queue is empty", func() bool { return post.queue(t) == "" })
	})
}

func TestDebiansPostfixDeliversByLMTP(t *testing.T) {
	t.Parallel()
	needs(t, "postfix", "swaks")
	needsRoot(t)
	socket := "unix:" + filepath.Join(publicDir(t, 0o755), "socket")
	p := newProgram(t, withLMTP(socket))
	post := newPostfix(t, "linienfunk.example=lmtp:"+socket, p.mails.Address)
	t.Run("a mail for two cities and nobody arrives at both, and bounces from nobody", func(t *testing.T) {
		post.submit(t, "zuerich@linienfunk.example,nobody@linienfunk.example,ghent@linienfunk.example", riderMail("six", "kontrolle u8 über lmtp"))
		p.waitForReport(t, "zuerich", "kontrolle u8 über lmtp")
		p.waitForReport(t, "ghent", "kontrolle u8 über lmtp")
		post.logs(t, "to=<zuerich@linienfunk.example>", "relay=mx.example.net["+filepath.Dir(strings.TrimPrefix(socket, "unix:")), "dsn=2.0.0", "status=sent")
		post.logs(t, "to=<ghent@linienfunk.example>", "dsn=2.0.0", "status=sent")
		post.logs(t, "to=<nobody@linienfunk.example>", "dsn=5.1.1", "status=bounced")
		p.waitForBounce(t, "550 5.1.1 There is no such city here")
	})
	t.Run("a mail waits while the program is stopped", func(t *testing.T) {
		post.submitWhileStopped(t, p, riderMail("seven", "kontrolle u9 später über lmtp"))
		testkit.Eventually(t, "the queue is empty", func() bool {
			post.flush(t) // the socket comes a moment after the program's start
			return post.queue(t) == ""
		})
		p.waitForReport(t, "zuerich", "kontrolle u9 später über lmtp")
	})
}
