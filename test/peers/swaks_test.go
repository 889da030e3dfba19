package peers

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// swaks runs swaks against a server and returns its exit status and output. message is header and body; if it is empty, swaks sends a
// message of its own. The statuses are in swaks's manual: 21 to 30 name the command that the server refused.
func swaks(t testing.TB, server, message string, args ...string) (status int, transcript string) {
	t.Helper()
	args = append([]string{"--server", server, "--timeout", "600", "--suppress-data"}, args...)
	command := exec.CommandContext(t.Context(), "swaks", args...)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()} // without a .swaksrc
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

// refusal is a run of swaks that the server must refuse: swaks ends with a status after a line that begins with answer. A line of the server
// begins with <**; one of swaks itself, because the server does not offer what swaks wants, with ***.
type refusal struct {
	args    []string
	message string
	status  int
	answer  string
}

func envelope(recipient string) []string {
	return []string{"--from", harness.RiderAddress, "--to", recipient}
}

// refusals returns runs of swaks that must not become a report. swaks can send neither SIZE nor garbage by itself, but it puts arguments into its
// commands unchanged, also with line breaks: the server's answers to what follows a line break come where swaks expects the answers to
// its own commands.
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

// falseEnds look like the end of a mail, which is CRLF . CRLF and nothing else (RFC 5321, section 4.1.1.4).
func falseEnds() map[string]string {
	return map[string]string{"LF . LF": "\n.\n", "LF . CRLF": "\n.\r\n", "CRLF . LF": "\r\n.\n", "CR . CR": "\r.\r"}
}

// smuggled returns a mail to zuerich with a false end, followed by a mail to ghent. A server that accepts the false end would accept forged
// mails from a mail server in front of it.
func smuggled(end string) string {
	return fmt.Sprintf("Message-ID: <%x@example.net>\r\n\r\nkontrolle mit %[1]x%[1]s"+
		"MAIL FROM:<%[2]s>\r\nRCPT TO:<ghent@linienfunk.example>\r\nDATA\r\n\r\nkontrolle geschmuggelt\r\n.\r\n", end, harness.RiderAddress)
}

// target is a program's mail server, to which swaks sends mails.
type target struct {
	*program
	address  string
	protocol []string // more arguments of swaks
}

// smtpTarget and lmtpTarget start a program. They skip the test if swaks is missing.
func smtpTarget(t *testing.T) target {
	t.Helper()
	needs(t, "swaks")
	p := newProgram(t, nil)
	return target{p, p.SMTPAddr(), nil}
}

func lmtpTarget(t *testing.T) target {
	t.Helper()
	needs(t, "swaks")
	address := harness.FreePort(t)
	p := newProgram(t, withLMTP(address))
	testkit.Eventually(t, "the LMTP server listens", func() bool {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
	return target{p, address, []string{"--protocol", "LMTP"}}
}

// overBothProtocols checks a program's SMTP server, and another's LMTP server.
func overBothProtocols(t *testing.T, check func(t *testing.T, s target)) {
	t.Run("SMTP", func(t *testing.T) { t.Parallel(); check(t, smtpTarget(t)) })
	t.Run("LMTP", func(t *testing.T) { t.Parallel(); check(t, lmtpTarget(t)) })
}

func TestSwaksIsRefused(t *testing.T) {
	t.Parallel()
	overBothProtocols(t, checkRefusals)
}

// checkRefusals sends the mails that the server must refuse, then some that it must accept.
func checkRefusals(t *testing.T, s target) {
	t.Run("refused", func(t *testing.T) { // ends when all parallel tests in it have
		for name, c := range refusals() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				checkRefused(t, s, c)
			})
		}
	})
	for name, c := range map[string]struct {
		to, message string
		cities      []string
		shows       string
	}{
		"a plain mail": {"zuerich@linienfunk.example", riderMail("plain", "kontrolle u8"), []string{"zuerich"}, "kontrolle u8"},
		"a mail to two cities": {"zuerich@linienfunk.example,ghent@linienfunk.example", riderMail("two", "kontrolle u9"),
			[]string{"zuerich", "ghent"}, "kontrolle u9"},
		"a subject in bare UTF-8": {"ghent@linienfunk.example", "Subject: Kontrolle Müllerstraße\n" + riderMail("subject", ""),
			[]string{"ghent"}, "Kontrolle Müllerstraße"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, transcript := swaks(t, s.address, c.message, slices.Concat(envelope(c.to), s.protocol)...); status != 0 {
				t.Errorf("status %d:\n%s", status, transcript)
			}
			for _, city := range c.cities {
				s.waitForReport(t, city, c.shows)
			}
		})
	}
	for _, city := range []string{"zuerich", "ghent"} { // each has already shown a later report
		if page := s.visitor.Get("/c/" + city); strings.Contains(page, "verweigert") {
			t.Errorf("a refused mail is a report:\n%s", page)
		}
	}
}

func checkRefused(t *testing.T, s target, c refusal) {
	status, transcript := swaks(t, s.address, c.message, slices.Concat(c.args, s.protocol)...)
	if strings.Contains(transcript, "requires Net::SSLeay") { // swaks says so before it connects
		t.Skip("swaks cannot speak TLS: apt-get install libnet-ssleay-perl")
	}
	if status != c.status || !strings.Contains(transcript, "\n"+c.answer) {
		t.Errorf("status %d, want %d after %q:\n%.4000s", status, c.status, c.answer, transcript)
	}
	for _, extension := range []string{"250-AUTH", "250 AUTH", "250-STARTTLS"} {
		if strings.Contains(transcript, extension) {
			t.Errorf("%s is offered:\n%.4000s", extension, transcript)
		}
	}
}

func TestSwaksSmugglesNoMail(t *testing.T) {
	t.Parallel()
	overBothProtocols(t, checkSmuggling)
}

// checkSmuggling sends mails with false ends.
func checkSmuggling(t *testing.T, s target) {
	for name, end := range falseEnds() {
		t.Run(name, func(t *testing.T) {
			args := slices.Concat(envelope("zuerich@linienfunk.example"), []string{"--no-data-fixup"}, s.protocol)
			if status, transcript := swaks(t, s.address, smuggled(end), args...); status != 0 {
				t.Errorf("status %d:\n%s", status, transcript)
			}
			s.waitForReport(t, "zuerich", fmt.Sprintf("kontrolle mit %x", end))
		})
	}
	harness.SendMail(t, s.Program, "ghent", "kontrolle am ende")
	s.waitForReport(t, "ghent", "kontrolle am ende")
	if strings.Contains(s.visitor.Get("/c/ghent"), "geschmuggelt") {
		t.Error("a smuggled mail is a report")
	}
}
