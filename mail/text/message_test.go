package text

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/report"
)

// Each case is a mail, testdata/mails/<name>.eml, and its report, <name>.txt.
func TestMailsBecomeReports(t *testing.T) {
	t.Parallel()
	for _, path := range mails(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".eml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, want := readFile(t, path), readFile(t, strings.TrimSuffix(path, ".eml")+".txt")
			for ending, raw := range map[string]string{"CRLF": raw, "LF": strings.ReplaceAll(raw, "\r\n", "\n")} {
				m := parse(t, raw)
				if got := m.Report(); got != strings.TrimSuffix(want, "\n") {
					t.Errorf("%s: got\n%q\nwant\n%q", ending, got, strings.TrimSuffix(want, "\n"))
				}
				if author := m.Author("envelope@rider.example"); author != "marta@rider.example" {
					t.Errorf("author %q", author)
				}
			}
		})
	}
}

// parse parses a message, which must not fail.
func parse(t testing.TB, raw string) *Message {
	t.Helper()
	m, err := Parse(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("a message that was read to its end is an error: %v", err)
	}
	return m
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// mails returns the paths of the mails in testdata/mails.
func mails(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/mails/*.eml")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d mails, %v", len(paths), err)
	}
	return paths
}

func FuzzParse(f *testing.F) {
	for _, path := range mails(f) {
		f.Add([]byte(readFile(f, path)))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := parse(t, string(raw))
		text := m.Report()
		if len(text) > report.MaxText || !utf8.ValidString(text) || text != report.Clean(text) {
			t.Errorf("text %q", text)
		}
		m.Author("x@rider.example")
	})
}

func TestALargeMessageIsReadInBoundedMemory(t *testing.T) {
	t.Parallel()
	head := "From: marta@rider.example\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	for name, message := range map[string]string{
		"a long line":             head + "\r\n--b\r\n\r\n" + strings.Repeat("a", 9<<20),
		"a long header":           head + "X: " + strings.Repeat("a", 9<<20) + "\r\n\r\n",
		"many header fields":      head + strings.Repeat("A:\r\n", 2<<20) + "\r\n",
		"many fields in a part":   head + "\r\n--b\r\n" + strings.Repeat("A:\r\n", 2<<20) + "\r\n",
		"folded field in a part":  head + "\r\n--b\r\nA:" + strings.Repeat(" b\r\n", 2<<20) + "\r\n",
		"many parts":              head + "\r\n" + strings.Repeat("--b\r\n\r\n"+strings.Repeat("kontrolle ", 10)+"\r\n", 80_000),
		"many large parts":        head + "\r\n" + strings.Repeat("--b\r\n\r\n"+strings.Repeat("kontrolle\r\n", 20_000)+"\r\n", 40),
		"deeply nested multipart": strings.Repeat("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", 100_000),
		"deeply nested HTML":      "Content-Type: text/html\r\n\r\n" + strings.Repeat("<div><blockquote>", 500_000),
		"HTML with many breaks":   "Content-Type: text/html\r\n\r\n" + strings.Repeat("<br>", 2<<20),
	} {
		m := parse(t, message)
		if kept := size(m.part); kept > maxKept {
			t.Errorf("%s: %d bytes are kept", name, kept)
		}
		if text := m.Report(); len(text) > report.MaxText {
			t.Errorf("%s: text of %d bytes", name, len(text))
		}
	}
}

func size(v *part) int {
	total := len(v.body)
	for fields := v.header.Fields(); fields.Next(); {
		raw, _ := fields.Raw()
		total += len(raw)
	}
	for _, child := range v.children {
		total += size(child)
	}
	return total
}

func TestTheAuthorIsTheBareAddress(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		`"Muster, Marta" <Marta@Rider.Example>`:    "marta@rider.example",
		"marta@rider.example (Marta)":              "marta@rider.example",
		"=?utf-8?Q?J=C3=BCrg?= <j@zürich.example>": "j@xn--zrich-kva.example",
		"Marta <<marta@rider.example>>":            "marta@rider.example",
		"nobody":                                   "envelope@rider.example",
		"":                                         "envelope@rider.example",
	} {
		m := parse(t, "From: "+from+"\r\n\r\n")
		if got := m.Author("Envelope@rider.example"); got != want {
			t.Errorf("From: %s is %q, not %q", from, got, want)
		}
	}
}

func TestTheSubjectOfAReplyIsNotTheAuthors(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]string{
		"Re: Kontrolle U8": "", "AW: Kontrolle U8": "", "SV: Kontrolle U8": "", "Res: Kontrolle U8": "", "YNT: Kontrolle U8": "", "Odp: Kontrolle U8": "", "回覆：Kontrolle U8": "", "Re[2]: Kontrolle U8": "", "Fwd: Re: Kontrolle U8": "",
		"Fwd: Kontrolle U8": "Kontrolle U8", "WG: Kontrolle U8": "Kontrolle U8", "ENC: Kontrolle U8": "Kontrolle U8", "転送: Kontrolle U8": "Kontrolle U8", "Richtung: Zoo": "Richtung: Zoo", "Resi: Kontrolle": "Resi: Kontrolle",
	} {
		m := parse(t, "From: marta@rider.example\nSubject: "+subject+"\nContent-Type: text/plain\n\n")
		if got := m.Report(); got != want {
			t.Errorf("%q became %q", subject, got)
		}
	}
}
