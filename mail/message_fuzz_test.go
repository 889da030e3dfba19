package mail

import (
	"bytes"
	"mime"
	netmail "net/mail"
	"strings"
	"testing"
	"time"
)

// FuzzBuild checks built messages against RFC 5322, and with the parser of another library.
func FuzzBuild(f *testing.F) {
	f.Add("Zürich", "kontrolle u8", "text\n", "<https://linienfunk.example/x>")
	f.Add(strings.Repeat("ü", 400), strings.Repeat("x", 900), strings.Repeat("a ", 3000)+"\r.\r\n..\n", strings.Repeat("y", 900))
	f.Add("Züri\\", "kontrolle", "", "")
	f.Add("=?utf-8?q?=0D=0ABcc:_x?=", "a,b <c@d>", "\x00From me\n\xff", "=?utf-8?q?=0A?=")
	f.Fuzz(func(t *testing.T, name, subject, text, extra string) {
		e, err := build(Message{
			From: "zuerich", FromName: name, To: "rider@example.org", Subject: subject, Text: text,
			Header: map[string]string{"X-Extra": extra},
		}, strings.Repeat("ab", 32), "linienfunk.example", time.Unix(0, 0))
		if err != nil {
			return
		}
		for line := range bytes.SplitSeq(e.Message, []byte("\r\n")) {
			if len(line) > 998 || bytes.ContainsAny(line, "\r\n\x00") || bytes.IndexFunc(line, func(r rune) bool { return r > '~' }) >= 0 {
				t.Fatalf("a line of %d bytes: %q", len(line), line)
			}
		}
		m, err := netmail.ReadMessage(bytes.NewReader(e.Message))
		if err != nil {
			t.Fatalf("%v\n%s", err, e.Message)
		}
		if len(m.Header) != 11 {
			t.Errorf("fields %v", m.Header)
		}
		from, err := m.Header.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Address != "zuerich@linienfunk.example" {
			t.Errorf("From %q: %v, %v", m.Header.Get("From"), from, err)
		}
		if got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || !strings.Contains(subject, "=?") && strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(subject), " ") {
			t.Errorf("the subject %q reads %q, %v", subject, got, err)
		}
	})
}
