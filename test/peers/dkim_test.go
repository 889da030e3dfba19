package peers

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/foxcpp/go-mockdns"
	"github.com/miekg/dns"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// verifier is opendkim-testmsg with a DNS of its own. The program queries the servers in /etc/resolv.conf, always at port 53: so it runs in a
// mount namespace with another such file, which names a server at a loopback address that nothing else uses.
type verifier struct{ resolvConf string }

func newVerifier(t testing.TB, zones map[string]mockdns.Zone) verifier {
	t.Helper()
	if output, err := exec.Command("unshare", "--mount", "true").CombinedOutput(); err != nil {
		t.Skipf("no mount namespace to be had for opendkim-testmsg: %s", output)
	}
	answers, err := mockdns.NewServerWithLogger(zones, log.New(io.Discard, "", 0), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answers.Close() })
	v := verifier{filepath.Join(t.TempDir(), "resolv.conf")}
	conn := listen53(t)
	server := &dns.Server{PacketConn: conn, Handler: answers}
	ended := make(chan error, 1)
	go func() { ended <- server.ActivateAndServe() }()
	t.Cleanup(func() { conn.Close(); <-ended })
	host, _, err := net.SplitHostPort(conn.LocalAddr().String())
	if err := errors.Join(err, os.WriteFile(v.resolvConf, []byte("nameserver "+host+"\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	return v
}

func listen53(t testing.TB) net.PacketConn {
	t.Helper()
	for range 100 {
		conn, err := net.ListenPacket("udp4", fmt.Sprintf("127.%d.%d.%d:53", 1+mathrand.IntN(254), mathrand.IntN(255), 1+mathrand.IntN(254)))
		if err == nil {
			return conn
		}
	}
	t.Fatal("port 53 is in use at all addresses")
	return nil
}

// verify returns nil if opendkim-testmsg accepts a mail's signature.
func (v verifier) verify(t testing.TB, mail string) error {
	t.Helper()
	command := exec.Command("unshare", "--mount", "sh", "-c", `mount --bind "$1" /etc/resolv.conf && exec opendkim-testmsg -t "$2"`,
		"sh", v.resolvConf, t.TempDir())
	command.Stdin = strings.NewReader(mail)
	output, err := command.CombinedOutput()
	if err == nil && len(output) > 0 {
		err = errors.New("it is not silent")
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	return nil
}

// signed reports whether the signature of a mail covers a header field: RFC 6376, section 3.5, tag h=.
func signed(mail, field string) bool {
	header, _, _ := strings.Cut(mail, "\r\n\r\n")
	header = strings.ReplaceAll(header, "\r\n ", "")
	found := regexp.MustCompile(`(?m)^DKIM-Signature:.*[; ]h=([^;]*)`).FindStringSubmatch(header)
	return found != nil && slices.ContainsFunc(strings.Split(found[1], ":"), func(one string) bool { return strings.EqualFold(strings.TrimSpace(one), field) })
}

// dkimKey writes a private key to a file, and returns its path and the DNS record of the public key.
func dkimKey(t testing.TB, private any, kind string, public []byte) (path, record string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	path = filepath.Join(t.TempDir(), "dkim.pem")
	if err := errors.Join(err, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path, "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public)
}

func TestOpendkimVerifiesTheMailsOfTheProgram(t *testing.T) {
	t.Parallel()
	needs(t, "opendkim-testmsg", "unshare")
	needsRoot(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaPublic, err := x509.MarshalPKIXPublicKey(rsaKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	edPublic, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("rsa", func(t *testing.T) {
		t.Parallel()
		path, record := dkimKey(t, rsaKey, "rsa", rsaPublic)
		opendkimVerifies(t, path, record)
	})
	t.Run("ed25519", func(t *testing.T) {
		t.Parallel()
		path, record := dkimKey(t, edPrivate, "ed25519", edPublic)
		opendkimVerifies(t, path, record)
	})
}

func opendkimVerifies(t *testing.T, key, record string) {
	v := newVerifier(t, map[string]mockdns.Zone{"linienfunk._domainkey.linienfunk.example.": {TXT: []string{record}}})
	box := harness.NewMailServer(t)
	c := harness.Config(t, box)
	c.Mail.DKIMKey = key
	program, _ := harness.Start(t, c)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(box, "zuerich", "Zürich – Straßenbahn, Fähren & Züge: alle Linien")
	admin.SetLists("zuerich", "Zürich – Straßenbahn, Fähren & Züge: alle Linien", "kontrolle", "")
	visitor.Subscribe(box, "zuerich", harness.ReaderAddress)
	for name, text := range map[string]string{
		"a short text":       "kontrolle u8",
		"umlauts":            "kontrolle größer als üblich, Müllerstraße",
		"a long line":        "kontrolle " + strings.Repeat("weiter und weiter ", 60) + "ende",
		"a word of 300":      "kontrolle " + strings.Repeat("ü", 300),
		"dots and spaces":    "kontrolle  hier \r\n..\r\n.\r\nFrom hier an \r\n\r\n\r\nnichts mehr",
		"signs of all kinds": "kontrolle 🚋 =3D =20 \tTab, „Zitat“ – Strich",
	} {
		t.Run(name, func(t *testing.T) {
			before := len(box.MailsTo(harness.ReaderAddress, "kontrolle"))
			harness.SendMail(t, program, "zuerich", text)
			testkit.Eventually(t, "the mail arrives", func() bool { return len(box.MailsTo(harness.ReaderAddress, "kontrolle")) > before })
			mail := box.MailsTo(harness.ReaderAddress, "kontrolle")[before].Raw
			if err := v.verify(t, mail); err != nil {
				t.Errorf("%v\n%s", err, mail)
			}
			for _, field := range []string{"From", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post"} {
				if !signed(mail, field) {
					t.Errorf("%s is not signed:\n%s", field, mail)
				}
			}
		})
	}
	mails := box.MailsTo(harness.ReaderAddress, "kontrolle")
	mail := mails[len(mails)-1].Raw
	for name, changed := range map[string]string{
		"another body":             strings.Replace(mail, "kontrolle", "Kontrolle", strings.Count(mail, "kontrolle")),
		"something behind it":      mail + "more\r\n",
		"another unsubscribe link": strings.Replace(mail, "List-Unsubscribe: <http", "List-Unsubscribe: <https", 1),
		"no one-click any more":    strings.Replace(mail, "List-Unsubscribe-Post: ", "X-Was: ", 1),
		"a second subject":         "Subject: other\r\n" + mail,
		"no signature":             mail[strings.Index(mail, "\r\nFrom: ")+2:],
		"a selector without a key": strings.Replace(mail, "s=linienfunk", "s=other", 1),
	} {
		if changed == mail {
			t.Errorf("%s: nothing was changed in\n%s", name, mail)
		}
		if err := v.verify(t, changed); err == nil {
			t.Errorf("%s: it verifies:\n%s", name, changed)
		}
	}
	for _, one := range box.MailsTo(harness.ReaderAddress, "") { // the confirmation, too
		if err := v.verify(t, one.Raw); err != nil {
			t.Errorf("%s: %v", one.Subject, err)
		}
	}
}
