package text

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"linienfunk/mail"
	"linienfunk/report"
)

// Each case is a mail, testdata/mails/<name>.eml, and beside it the report that it makes, <name>.txt.
func TestMailsMakeReports(t *testing.T) {
	for _, path := range mails(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".eml")
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(path, ".eml") + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			for ending, raw := range map[string][]byte{"CRLF": raw, "LF": bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))} {
				m, err := Parse(bytes.NewReader(raw))
				if err != nil {
					t.Fatal(err)
				}
				if got := m.Report(); got != strings.TrimSuffix(string(want), "\n") {
					t.Errorf("%s: got\n%q\nwant\n%q", ending, got, strings.TrimSuffix(string(want), "\n"))
				}
				if author := m.Author("envelope@rider.example"); author != "marta@rider.example" {
					t.Errorf("author %q", author)
				}
			}
		})
	}
}

func mails(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/mails/*.eml")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d mails, %v", len(paths), err)
	}
	return paths
}

func FuzzRead(f *testing.F) {
	for _, path := range mails(f) {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("a message that was read to its end is an error: %v", err)
		}
		text := m.Report()
		if len(text) > report.MaxText || !utf8.ValidString(text) || text != report.Clean(text) {
			t.Errorf("text %q", text)
		}
		m.Author("x@rider.example")
	})
}

func TestAMessageCannotMakeUsKeepMuch(t *testing.T) {
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
		m, err := Parse(strings.NewReader(message))
		if err != nil {
			t.Fatal(err)
		}
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

func TestTextsThatOnlyLookLikeQuotationsStay(t *testing.T) {
	for _, text := range []string{
		"Am Hermannplatz schrieb jemand etwas auf",
		"On line 4: inspectors",
		"von: hermannplatz nach: südstern",
		"Am 3. Gleis: Kontrolle",
		"Sent two inspectors away\nstill one there",
		"u8 -- beide Richtungen",
		"----------",
		"Gesendet wird nur noch auf Linie 4",
		">3 kontrolleure u8",
		"u8 hermannplatz\n>3 kontrolleure\nin zivil",
		"von: zoo\nan: alex\ndatum: jetzt\nkontrolle",
		"from: zoo\nto: alex\ncc: all\ninspectors",
	} {
		if got := cut(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestQuotationsWithANumberOrAShortHeaderGo(t *testing.T) {
	for _, text := range []string{
		"kontrolle\n> wo?\n>3 kontrolleure",
		"kontrolle\n>3 kontrolleure\n> wo?",
		"kontrolle\nOn Sat, 21 Nov 2026 Zoë wrote:\n\n>3 inspectors",
		"kontrolle\nVon: Zoë <zoe@rider.example>\nAn: alex\nDatum: jetzt\nu8",
		"kontrolle\nVon: Zoë\nGesendet: heute\nAn: alex\nBetreff: u8\nu8",
	} {
		if got := cut(text); got != "kontrolle" {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := cut("On Sat, 21 Nov 2026 Zoë wrote:\n> where?\n\n>3 inspectors u8"); got != ">3 inspectors u8" {
		t.Errorf("an answer below became %q", got)
	}
}

func TestTheAuthorIsTheBareAddress(t *testing.T) {
	for from, want := range map[string]string{
		`"Muster, Marta" <Marta@Rider.Example>`:    "marta@rider.example",
		"marta@rider.example (Marta)":              "marta@rider.example",
		"=?utf-8?Q?J=C3=BCrg?= <j@zürich.example>": "j@xn--zrich-kva.example",
		"Marta <<marta@rider.example>>":            "marta@rider.example",
		"nobody":                                   "envelope@rider.example",
		"":                                         "envelope@rider.example",
	} {
		m, err := Parse(strings.NewReader("From: " + from + "\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Author("Envelope@rider.example"); got != want {
			t.Errorf("From: %s is %q, not %q", from, got, want)
		}
	}
}

func FuzzNormal(f *testing.F) {
	for _, address := range []string{
		"rider@example.org", "Rider+x@Zürich.example", `"a b"@c.d`, "a@b\r\nc: d", "a@[::1]", "a..b@c.d", ".a@c.d", "a.@c.d",
		"a@xn--zrich-kva.example", "a@b。example", "a@ß.example", "a@b_c.example", "0@Xn--.0", "!#$%&'*+-/=?^_`{|}~@c.d", "a@" + strings.Repeat("b.", 120) + "c",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		full, err := normal(address)
		if err != nil {
			return
		}
		if again, err := normal(full); err != nil || again != full {
			t.Errorf("%q becomes %q, which becomes %q, %v", address, full, again, err)
		}
		if sent, err := mail.Address(full); err != nil || sent != full {
			t.Errorf("%q becomes %q, which package mail sends to %q, %v", address, full, sent, err)
		}
		if strings.ContainsAny(full, "\r\n <>,;\"") || len(full) > maxAddress {
			t.Errorf("%q becomes %q", address, full)
		}
	})
}
