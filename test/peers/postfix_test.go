package peers

import (
	"bufio"
	"bytes"
	"errors"
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

// needs skips a test whose programs are not here. Each is in the Debian package of its name.
func needs(t testing.TB, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed: apt-get install %[1]s", name)
		}
	}
}

// swaks runs swaks against a server and returns its exit status and what it said. message is a whole one, header and body;
// without any it sends one of its own. The statuses are in its manual: 21 to 30 tell at which command the server refused.
func swaks(t testing.TB, server, message string, args ...string) (status int, transcript string) {
	t.Helper()
	args = append([]string{"--server", server, "--timeout", "60", "--suppress-data"}, args...)
	command := exec.CommandContext(t.Context(), "swaks", args...)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()} // nobody's .swaksrc
	if message != "" {
		command.Args = append(command.Args, "--data", "-")
		command.Stdin = strings.NewReader(message)
	}
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(output)
}

// riderMail is a mail as a rider's program writes it just now: an older one would come too late for every network. name makes its
// Message-ID.
func riderMail(name, text string) string {
	var body bytes.Buffer
	w := quotedprintable.NewWriter(&body)
	w.Write([]byte(text)) // into memory
	w.Close()
	return fmt.Sprintf("From: Märta <%s>\nTo: city\nDate: %s\nMessage-ID: <%s@example.net>\n"+
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n%s\n",
		harness.RiderAddress, time.Now().Format(time.RFC1123Z), name, body.String())
}

// tooLarge is the text of a mail of more than 10 MB.
func tooLarge() string { return strings.Repeat(strings.Repeat("kontrolle ", 7)+"\n", 11<<20/71) }

// postfix is a private instance of the mail server postfix. It takes mail on a port of its own, hands what is for the cities to
// the program, and all else, such as its bounces, to a mailbox. It touches no other instance of the machine.
type postfix struct {
	address string // where it takes mail
	config  string // its config_directory
	log     string // its maillog_file
}

// overSMTP is postfix's transport map for a program's SMTP server. ghent is behind a client that does not see the SIZE which
// the program announces, as old servers do not, and so sends mails that are too large.
func overSMTP(t testing.TB, address string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
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

// postfixServices is master.cf without what this instance does not need, and without chroot.
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

// postfixKeeper runs until its standard input ends, which it does even if the test is killed.
const postfixKeeper = `exec 3>&1 >>"$1/output" 2>&1
postfix -c "$1/etc" check && postfix -c "$1/etc" start || exit 1
trap "" INT HUP TERM
echo started >&3
read -r _
postfix -c "$1/etc" stop || postfix -c "$1/etc" abort`

// newPostfix runs an instance until the test ends. cities is its transport map for the cities' mail, others the address of the
// server that it delivers all else to, more what else main.cf says.
func newPostfix(t testing.TB, cities, others string, more ...string) *postfix {
	t.Helper()
	needs(t, "postfix", "swaks")
	if os.Geteuid() != 0 {
		t.Skip("postfix starts as root only")
	}
	dir, err := os.MkdirTemp("", "postfix") // TempDir is closed to all other users, and so to postfix's
	if err := errors.Join(err, os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	p := &postfix{address: harness.FreePort(t), config: filepath.Join(dir, "etc"), log: filepath.Join(dir, "log")}
	// Its servers may be ending still, after their master.
	t.Cleanup(func() {
		testkit.Eventually(t, "postfix's files can be removed", func() bool { return os.RemoveAll(dir) == nil })
	})
	p.configure(t, dir, cities, others, strings.Join(more, ""))
	p.keep(t, dir)
	return p
}

func (p *postfix) configure(t testing.TB, dir, cities, others, more string) {
	t.Helper()
	host, port, err := net.SplitHostPort(others)
	if err := errors.Join(err,
		os.Mkdir(p.config, 0o755), os.Mkdir(filepath.Join(dir, "queue"), 0o755),
		os.WriteFile(filepath.Join(p.config, "main.cf"), []byte(fmt.Sprintf(postfixMain, dir, cities, host, port)+more), 0o644),
		os.WriteFile(filepath.Join(p.config, "master.cf"), fmt.Appendf(nil, postfixServices, p.address), 0o644),
	); err != nil {
		t.Fatal(err)
	}
}

func (p *postfix) keep(t testing.TB, dir string) {
	t.Helper()
	keeper := exec.Command("sh", "-c", postfixKeeper, "sh", dir)
	stdin, err := keeper.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := keeper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := keeper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		err := keeper.Wait()
		if err != nil {
			t.Errorf("postfix is not stopped: %v", err)
		}
		if t.Failed() {
			for _, name := range []string{p.log, filepath.Join(dir, "output")} {
				text, _ := os.ReadFile(name)
				t.Logf("%s:\n%s", filepath.Base(name), text)
			}
		}
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("postfix does not start: %q, %v", line, err)
	}
}

// submit gives postfix a mail as a rider's program would.
func (p *postfix) submit(t testing.TB, to, message string) {
	t.Helper()
	if status, transcript := swaks(t, p.address, message, "--from", harness.RiderAddress, "--to", to); status != 0 {
		t.Fatalf("postfix does not take the mail, status %d:\n%s", status, transcript)
	}
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

// queue is what waits in the queue: an object of JSON for each mail.
func (p *postfix) queue(t testing.TB) string {
	t.Helper()
	return p.run(t, "postqueue", "-c", p.config, "-j")
}

// flush tries all mails in the queue again.
func (p *postfix) flush(t testing.TB) {
	t.Helper()
	p.run(t, "postqueue", "-c", p.config, "-f")
}

func (p *postfix) run(t testing.TB, name string, args ...string) string {
	t.Helper()
	output, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, output)
	}
	return string(output)
}

// waitForBounce waits until the rider has got a bounce with a text, wherever its lines are broken.
func waitForBounce(t testing.TB, mails *harness.MailServer, text string) {
	t.Helper()
	testkit.Eventually(t, "the rider gets a bounce with "+text, func() bool {
		for _, one := range mails.MailsTo(harness.RiderAddress, "") {
			if strings.Contains(strings.Join(strings.Fields(one.Text), " "), text) {
				return true
			}
		}
		return false
	})
}

func TestDebiansPostfixDeliversARealMail(t *testing.T) {
	box := harness.NewMailServer(t)
	c := harness.Config(t, box)
	post := newPostfix(t, overSMTP(t, c.SMTP), box.Address)
	program, stop := harness.Start(t, c)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	harness.NewBrowser(t, program.URL()).Register(box, "ghent", "Ghent")
	admin.Register(box, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	arrives := func(t *testing.T, text string) {
		t.Helper()
		visitor.In(t).WaitForText("/c/zuerich", text)
		admin.In(t).WaitForText("/city/zuerich/ledger", text)
	}

	t.Run("a report arrives", func(t *testing.T) {
		post.submit(t, "zuerich@linienfunk.example", riderMail("one", "kontrolle u8 über postfix"))
		arrives(t, "kontrolle u8 über postfix")
		post.logs(t, "to=<zuerich@linienfunk.example>", "dsn=2.0.0", "status=sent")
	})
	t.Run("a mail for nobody bounces", func(t *testing.T) {
		post.submit(t, "nobody@linienfunk.example", riderMail("two", "kontrolle bei niemand"))
		post.logs(t, "to=<nobody@linienfunk.example>", "dsn=5.1.1", "status=bounced", "said: 550 5.1.1 There is no such city here")
		waitForBounce(t, box, "550 5.1.1 There is no such city here")
	})
	t.Run("a mail that is too large is not even sent", func(t *testing.T) {
		post.submit(t, "zuerich@linienfunk.example", riderMail("three", tooLarge()))
		post.logs(t, "to=<zuerich@linienfunk.example>", "dsn=5.3.4", "status=bounced", "exceeds size limit 10485760 of server")
		waitForBounce(t, box, "exceeds size limit 10485760 of server")
	})
	t.Run("a mail that is too large is refused when it is sent", func(t *testing.T) {
		post.submit(t, "ghent@linienfunk.example", riderMail("four", tooLarge()))
		post.logs(t, "to=<ghent@linienfunk.example>", "dsn=5.3.4", "status=bounced", "said: 552 5.3.4")
		waitForBounce(t, box, "552 5.3.4")
	})
	t.Run("a mail waits while the program is stopped", func(t *testing.T) {
		stop()
		post.submit(t, "zuerich@linienfunk.example", riderMail("five", "kontrolle u9 später"))
		testkit.Eventually(t, "postfix keeps the mail", func() bool { return strings.Contains(post.queue(t), `"queue_name": "deferred"`) })
		harness.Start(t, c)
		post.flush(t)
		arrives(t, "kontrolle u9 später")
		testkit.Eventually(t, "the queue is empty", func() bool { return post.queue(t) == "" })
	})
}

func TestDebiansPostfixDeliversByLMTP(t *testing.T) {
	box := harness.NewMailServer(t)
	c := harness.Config(t, box)
	dir, err := os.MkdirTemp("", "lmtp") // TempDir is closed to postfix's user
	if err := errors.Join(err, os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := "unix:" + filepath.Join(dir, "socket")
	c.Networks = append(c.Networks, config.Key{Network: "email", Name: "lmtp", Value: socket})
	post := newPostfix(t, "linienfunk.example=lmtp:"+socket, box.Address)
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
	t.Run("a mail for two cities and nobody arrives at both, and bounces from nobody", func(t *testing.T) {
		post.submit(t, "zuerich@linienfunk.example,nobody@linienfunk.example,ghent@linienfunk.example", riderMail("six", "kontrolle u8 über lmtp"))
		sees(t, "zuerich", "kontrolle u8 über lmtp")
		sees(t, "ghent", "kontrolle u8 über lmtp")
		post.logs(t, "to=<zuerich@linienfunk.example>", "relay=mx.example.net["+dir, "dsn=2.0.0", "status=sent")
		post.logs(t, "to=<ghent@linienfunk.example>", "dsn=2.0.0", "status=sent")
		post.logs(t, "to=<nobody@linienfunk.example>", "dsn=5.1.1", "status=bounced")
		waitForBounce(t, box, "550 5.1.1 There is no such city here")
	})
	t.Run("a mail waits while the program is stopped", func(t *testing.T) {
		stop()
		post.submit(t, "zuerich@linienfunk.example", riderMail("seven", "kontrolle u9 später über lmtp"))
		testkit.Eventually(t, "postfix keeps the mail", func() bool { return strings.Contains(post.queue(t), `"queue_name": "deferred"`) })
		harness.Start(t, c)
		testkit.Eventually(t, "the queue is empty", func() bool {
			post.flush(t) // the socket comes a moment after the program's start
			return post.queue(t) == ""
		})
		sees(t, "zuerich", "kontrolle u9 später über lmtp")
	})
}

// refusal is a run of swaks which must end with a status after a line that begins with answer: the server's, behind <**, or swaks's
// own, behind ***, if the server does not offer what is asked for.
type refusal struct {
	args    []string
	message string
	status  int
	answer  string
}

func envelope(recipient string) []string {
	return []string{"--from", harness.RiderAddress, "--to", recipient}
}

// refusals are all runs that must not make a report. swaks knows neither SIZE nor garbage, but puts what it is given into its
// commands unchanged, and so does both with line breaks in its arguments: the server's answers to what follows come
// where swaks expects the answers to its own commands.
func refusals() map[string]refusal {
	const zuerich = "zuerich@linienfunk.example"
	mail := riderMail("refused", "kontrolle verweigert")
	longLine := strings.Replace(mail, "\n\n", "\n\n"+strings.Repeat("kontrolle ", 1<<20/10), 1)
	login := []string{"--auth", "PLAIN", "--auth-user", "a", "--auth-password", "b"}
	return map[string]refusal{
		"a foreign recipient":                                  {envelope("victim@other.example"), mail, 24, "<** 554 5.7.1"},
		"a percent hack":                                       {envelope("victim%other.example@linienfunk.example"), mail, 24, "<** 550 5.1.1"},
		"a source route":                                       {envelope("@linienfunk.example:victim@other.example"), mail, 24, "<** 554 5.7.1"},
		"a quoted local part":                                  {envelope(`"victim@other.example"@linienfunk.example`), mail, 24, "<** 550 5.1.1"},
		"a bang path":                                          {envelope("other.example!victim@linienfunk.example"), mail, 24, "<** 550 5.1.1"},
		"a bang path to a foreign domain":                      {envelope("linienfunk.example!zuerich@other.example"), mail, 24, "<** 554 5.7.1"},
		"our domain below a foreign one":                       {envelope("zuerich@linienfunk.example.other.example"), mail, 24, "<** 554 5.7.1"},
		"a domain below ours":                                  {envelope("zuerich@sub.linienfunk.example"), mail, 24, "<** 554 5.7.1"},
		"an address literal":                                   {envelope("zuerich@[127.0.0.1]"), mail, 24, "<** 554 5.7.1"},
		"a relay in the name of a city":                        {[]string{"--from", zuerich, "--to", "victim@other.example"}, mail, 24, "<** 554 5.7.1"},
		"an unknown city":                                      {envelope("nobody@linienfunk.example"), mail, 24, "<** 550 5.1.1"},
		"a pipelined mail for a foreign one":                   {append(envelope("victim@other.example"), "--pipeline"), mail, 24, "<** 554 5.7.1"},
		"a login":                                              {append(envelope(zuerich), login...), mail, 28, "*** Host did not advertise authentication"},
		"TLS without a certificate":                            {append(envelope(zuerich), "--tls"), mail, 29, "*** Host did not advertise STARTTLS"},
		"a declared size above the limit":                      {[]string{"--from", harness.RiderAddress + "> SIZE=11534336\r\nNOOP <", "--to", zuerich}, mail, 23, "<** 552 5.3.4"},
		"a size above the limit":                               {envelope(zuerich), riderMail("large", tooLarge()), 26, "<** 552 5.3.4"},
		"a line of a megabyte":                                 {envelope(zuerich), longLine, 26, "<** 554 5.6.0"},
		"a command of 100 KB":                                  {[]string{"--from", strings.Repeat("a", 100<<10) + "@example.net", "--to", zuerich}, mail, 23, "<** 500 5.4.0"},
		"garbage behind the greeting":                          {append(envelope(zuerich), "--helo", "a.example\r\n\x16\x03\x01\xff\xfe"), mail, 23, "<** 50"},
		"another protocol behind the greeting":                 {append(envelope(zuerich), "--helo", "a.example\r\nGET / HTTP/1.1"), mail, 23, "<** 50"},
		"a recipient before the sender":                        {append(envelope(zuerich), "--helo", "a.example\r\nRCPT TO:<"+zuerich+">"), mail, 23, "<** 502 5.5.1"},
		"a mail without recipients, pipelined":                 {append(envelope(zuerich), "--helo", "a.example\r\nDATA"), mail, 23, "<** 502 5.5.1"},
		"a foreign recipient behind an unknown one, pipelined": {append(envelope("nobody@linienfunk.example>\r\nRCPT TO:<victim@other.example"), "--pipeline"), mail, 24, "<** 554 5.7.1"},
	}
}

// twoCities runs a program with the cities zuerich and ghent.
func twoCities(t *testing.T, keys ...config.Key) (program *app.Program, visitor *harness.Browser) {
	t.Helper()
	box := harness.NewMailServer(t)
	c := harness.Config(t, box)
	c.Networks = append(c.Networks, keys...)
	program, _ = harness.Start(t, c)
	for city, title := range map[string]string{"zuerich": "Zürich", "ghent": "Ghent"} {
		admin := harness.NewBrowser(t, program.URL())
		admin.Register(box, city, title)
		admin.SetLists(city, title, "kontrolle", "")
	}
	return program, harness.NewBrowser(t, program.URL())
}

func TestSwaksIsRefusedWhereItMustBe(t *testing.T) {
	needs(t, "swaks")
	program, visitor := twoCities(t)
	for name, c := range refusals() {
		t.Run(name, func(t *testing.T) {
			status, transcript := swaks(t, program.SMTPAddr(), c.message, c.args...)
			if strings.Contains(transcript, "requires Net::SSLeay") { // swaks finds it missing before it connects
				t.Skip("swaks cannot speak TLS: apt-get install libnet-ssleay-perl")
			}
			if status != c.status || !strings.Contains(transcript, "\n"+c.answer) {
				t.Errorf("status %d, want %d after %q:\n%.4000s", status, c.status, c.answer, transcript)
			}
			if strings.Contains(transcript, "250-AUTH") || strings.Contains(transcript, "250 AUTH") {
				t.Errorf("a login is offered:\n%.4000s", transcript)
			}
		})
	}
	for name, c := range map[string]struct {
		to, message string
		cities      []string
		sees        string
	}{
		"a plain mail": {"zuerich@linienfunk.example", riderMail("plain", "kontrolle u8"), []string{"zuerich"}, "kontrolle u8"},
		"a mail to two cities": {"zuerich@linienfunk.example,ghent@linienfunk.example", riderMail("two", "kontrolle u9"),
			[]string{"zuerich", "ghent"}, "kontrolle u9"},
		"a subject in bare UTF-8": {"ghent@linienfunk.example", "Subject: Kontrolle Müllerstraße\n" + riderMail("subject", ""),
			[]string{"ghent"}, "Kontrolle Müllerstraße"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, transcript := swaks(t, program.SMTPAddr(), c.message, envelope(c.to)...); status != 0 {
				t.Errorf("status %d:\n%s", status, transcript)
			}
			for _, city := range c.cities {
				visitor.In(t).WaitForText("/c/"+city, c.sees)
			}
		})
	}
	for _, city := range []string{"zuerich", "ghent"} { // each has shown a report that came later
		if page := visitor.Get("/c/" + city); strings.Contains(page, "verweigert") {
			t.Errorf("a refused mail is a report:\n%s", page)
		}
	}
}

// falseEnds are ends of a mail that are none: only CRLF . CRLF is one (RFC 5321, section 4.1.1.4).
func falseEnds() map[string]string {
	return map[string]string{"LF . LF": "\n.\n", "LF . CRLF": "\n.\r\n", "CRLF . LF": "\r\n.\n", "CR . CR": "\r.\r"}
}

// smuggled is a mail with an end that is none, and behind it one to ghent. A server that took it for the end would let anybody write
// mails in the name of a server before it.
func smuggled(end string) string {
	return fmt.Sprintf("Message-ID: <%x@example.net>\r\n\r\nkontrolle mit %[1]q%[1]s"+
		"MAIL FROM:<%[2]s>\r\nRCPT TO:<ghent@linienfunk.example>\r\nDATA\r\n\r\nkontrolle geschmuggelt\r\n.\r\n", end, harness.RiderAddress)
}

func TestSwaksSmugglesNoMail(t *testing.T) {
	needs(t, "swaks")
	program, visitor := twoCities(t)
	for name, end := range falseEnds() {
		t.Run(name, func(t *testing.T) {
			status, transcript := swaks(t, program.SMTPAddr(), smuggled(end), append(envelope("zuerich@linienfunk.example"), "--no-data-fixup")...)
			if status != 0 {
				t.Errorf("status %d:\n%s", status, transcript)
			}
			visitor.In(t).WaitForText("/c/zuerich", fmt.Sprintf("kontrolle mit %q", end))
		})
	}
	harness.SendMail(t, program, "ghent", "kontrolle am ende")
	visitor.WaitForText("/c/ghent", "kontrolle am ende")
	if strings.Contains(visitor.Get("/c/ghent"), "geschmuggelt") {
		t.Error("a smuggled mail is a report")
	}
}
