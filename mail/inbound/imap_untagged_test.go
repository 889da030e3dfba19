package inbound

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

// from is a connection that only reads.
type from struct {
	net.Conn
	r io.Reader
}

func (f from) Read(b []byte) (int, error) { return f.r.Read(b) }

func TestOnlyUntaggedResponsesOfUnknownTypesAreRemoved(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"* OK ready\r\n* XNEWS today\r\na OK done\r\n":                                      "* OK ready\r\na OK done\r\n",
		"* 5 EXISTS\r\n* 5 XSEEN\r\n* 1 FETCH (UID 1)\r\n":                                  "* 5 EXISTS\r\n* 1 FETCH (UID 1)\r\n",
		"* xlist () \"/\" a\r\n* list () \"/\" a\r\n":                                       "* list () \"/\" a\r\n",
		"* XNEWS {3}\r\na\r\n {4+}\r\n* O\n)\r\na OK\r\n":                                   "a OK\r\n",
		"* XNEWS {0}\r\n {a}\r\na OK\r\n":                                                   "a OK\r\n",
		"* 1 FETCH (BODY[] {11}\r\n* XNEWS a\r\n)\r\n* XNEWS\r\n* BYE\r\n":                  "* 1 FETCH (BODY[] {11}\r\n* XNEWS a\r\n)\r\n* BYE\r\n",
		"+ idling\r\n* XNEWS\r\n+\r\n*\r\n\r\n**\r\na1 NO [X] * XNEWS {9}\r\n123456789\r\n": "+ idling\r\n+\r\n*\r\n\r\n**\r\na1 NO [X] * XNEWS {9}\r\n123456789\r\n",
		"* " + strings.Repeat("X", 200) + "\r\n":                                            "* " + strings.Repeat("X", 200) + "\r\n",
	} {
		for name, r := range map[string]io.Reader{
			"whole": strings.NewReader(said), "byte by byte": iotest.OneByteReader(strings.NewReader(said)), "with the error": iotest.DataErrReader(strings.NewReader(said)),
		} {
			got, err := io.ReadAll(iotest.OneByteReader(&knownOnly{Conn: from{r: r}}))
			if err != nil || string(got) != want {
				t.Errorf("%s, %q: %q, %v, want %q", name, said, got, err, want)
			}
		}
	}
}

func FuzzKnownResponsesPassUnchanged(f *testing.F) {
	f.Add("* OK ready\r\n* 1 FETCH (BODY[] {3}\r\na\r\n)\r\na OK\r\n")
	f.Fuzz(func(t *testing.T, said string) {
		got, err := io.ReadAll(&knownOnly{Conn: from{r: iotest.HalfReader(strings.NewReader(said + "\r\n"))}})
		if err != nil || len(got) > len(said)+2 || !strings.Contains(said, "*") && string(got) != said+"\r\n" {
			t.Errorf("%q becomes %q, %v", said, got, err)
		}
	})
}

func TestAServerThatDoesNotOfferSTARTTLSGetsNoPassword(t *testing.T) {
	t.Parallel()
	for said, wrote := range map[string]string{
		"* PREAUTH hello\r\n": "", "* BYE no\r\n": "", "": "", "* OK " + strings.Repeat("x", maxLine) + "\r\n": "",
		"* OK hello\r\n* CAPABILITY IMAP4rev1\r\ns BAD no\r\n": "s STARTTLS\r\n", "* ok hello\r\ns NO\r\n": "s STARTTLS\r\n",
	} {
		conn := &script{r: strings.NewReader(said)}
		if _, err := startTLS(t.Context(), conn, &tls.Config{ServerName: "mail.example"}); err == nil || conn.wrote.String() != wrote {
			t.Errorf("after %.40q the client says %q, %v", said, conn.wrote.String(), err)
		}
	}
}

// script is a connection with a server that says the same whatever the client writes.
type script struct {
	net.Conn
	r     io.Reader
	wrote strings.Builder
}

func (s *script) Read(b []byte) (int, error)  { return s.r.Read(b) }
func (s *script) Write(b []byte) (int, error) { return s.wrote.Write(b) }
