package text

import (
	"strings"
	"testing"

	"linienfunk/internal/testkit/measure"
)

func TestMessagesThatBreakTheRulesOfMIMEAreRead(t *testing.T) {
	t.Parallel()
	count := measure.New(t, "messages that break the rules of MIME are read")
	for name, c := range map[string]struct{ message, want string }{
		"a stray = in quoted-printable":              {"Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=utf-8\n\nU8 = Zoo =ZZ Gr=C3=BCn\nund =c3=bc weiter=", "U8 = Zoo =ZZ Grün\nund ü weiter"},
		"umlauts in quoted-printable":                {"Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=utf-8\n\nGrün=20ja", "Grün ja"},
		"an encoding with a semicolon":               {"Content-Transfer-Encoding: quoted-printable;\nContent-Type: text/plain; charset=utf-8\n\nGr=C3=BCn", "Grün"},
		"an encoding with a comment":                 {"Content-Transfer-Encoding: base64 (x)\n\nS29udHJvbGxlIFU4", "Kontrolle U8"},
		"an encoding that nobody knows":              {"Content-Transfer-Encoding: 8-bit\n\nKontrolle U8", "Kontrolle U8"},
		"noise in base64":                            {"Content-Transfer-Encoding: base64\n\nS29u dHJv\n!bGxlIFU4", "Kontrolle U8"},
		"base64 without padding":                     {"Content-Transfer-Encoding: base64\n\nS29udHJvbGxlIFU4IQ", "Kontrolle U8!"},
		"plain text below base64":                    {"Content-Transfer-Encoding: base64\n\nS29udHJvbGxlIFU4\n\n____\nlinie mailing list\n", "Kontrolle U8"},
		"pieces of base64 with padding":              {"Content-Transfer-Encoding: base64\n\nS29udHJvbGxlIA==\nVTg=\n", "Kontrolle U8"},
		"blank lines in base64":                      {"Content-Transfer-Encoding: base64\n\nS29udHJv\n\n\nbGxlIFU4\n", "Kontrolle U8"},
		"a word below base64":                        {"Content-Transfer-Encoding: base64\n\nS29udHJvbGxlIFU4\n\nunsubscribe here\n", "Kontrolle U8"},
		"base64 for addresses of pages":              {"Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8\n\nS29udHJvbGxlIMO_w74_Pn4gVTg=\n", "Kontrolle ÿþ?>~ U8"},
		"plain text that says base64":                {"Content-Transfer-Encoding: base64\n\nKontrolle in der U8, zwei Leute!\n", "Kontrolle in der U8, zwei Leute!"},
		"an encoding in quotation marks":             {"Content-Transfer-Encoding: \"base64\"\n\nS29udHJvbGxlIFU4", "Kontrolle U8"},
		"a text in uuencode":                         {"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x.txt\n,2V]N=')O;&QE(%4X\n`\nend\n", "Kontrolle U8"},
		"a type the wrong way round":                 {"Content-Type: plain/text; charset=iso-8859-1\n\nGr\xfcn", "Grün"},
		"a page of XHTML":                            {"Content-Type: application/xhtml+xml; charset=utf-8\n\n<html><body><p>Gr\xc3\xbcn</p></body></html>", "Grün"},
		"a type of three words":                      {"Content-Type: text/plain/utf-8\n\nGr\xc3\xbcn", "Grün"},
		"a charset behind a comma":                   {"Content-Type: text/plain, charset=iso-8859-2\n\nBia\xb3y", "Biały"},
		"a line in the header that is no field":      {"X-A: b\nno field\nContent-Type: text/plain; charset=iso-8859-2\n\nBia\xb3y", "Biały"},
		"no empty line below the header":             {"X-A: b\nKontrolle U8\nFrom: Alex\n", "Kontrolle U8\nFrom: Alex"},
		"empty lines above the header":               {"\n\nContent-Type: text/plain; charset=iso-8859-2\n\nBia\xb3y", "Biały"},
		"empty lines above a sender":                 {"\nFrom: a@b.example\nContent-Type: text/plain; charset=iso-8859-2\n\nBia\xb3y", "Biały"},
		"blank lines in a group of base64":           {"Content-Transfer-Encoding: base64\n\nS29udH\n\nJvbGxlIFU4\n", "Kontrolle U8"},
		"empty lines above a text":                   {"\n\nU8: Kontrolle\n", "U8: Kontrolle"},
		"a zero byte in the text":                    {"Content-Type: text/plain\n\nKontrolle in der\x00 U8, zwei Leute", "Kontrolle in der U8, zwei Leute"},
		"a charset without a quotation mark":         {"Content-Type: text/plain; charset=\"iso-8859-1\n\nGr\xfcn", "Grün"},
		"a charset without a semicolon":              {"Content-Type: text/plain charset=iso-8859-2\n\nBia\xb3y", "Biały"},
		"two charsets":                               {"Content-Type: text/plain; charset=utf-8; charset=iso-8859-1\n\nGr\xc3\xbcn", "Grün"},
		"a parameter without a value":                {"Content-Type: text/html; charset=iso-8859-1; x y\n\n<p>Gr\xfcn", "Grün"},
		"a charset by RFC 2231":                      {"Content-Type: text/plain; charset*=us-ascii'en'iso-8859-2\n\nBia\xb3y", "Biały"},
		"an empty type":                              {"Content-Type: \n\nKontrolle U8", "Kontrolle U8"},
		"a type of one word":                         {"Content-Type: text\n\nKontrolle U8", "Kontrolle U8"},
		"a boundary without quotation marks":         {"Content-Type: multipart/mixed; boundary=a=b_c/d?\n\n--a=b_c/d?\n\nKontrolle U8\n--a=b_c/d?--\n", "Kontrolle U8"},
		"a boundary with spaces":                     {"Content-Type: multipart/mixed; boundary = \"x y\" \n\n--x y  \nContent-Type: text/plain\n\nKontrolle U8\n--x y--\n", "Kontrolle U8"},
		"a boundary that begins another":             {"Content-Type: multipart/mixed; boundary=ab\n\n--ab\nContent-Type: multipart/alternative; boundary=abc\n\n--abc\n\nKontrolle U8\n--abc\nContent-Type: text/html\n\n<b>x\n--abc--\n--ab--", "Kontrolle U8"},
		"a file of uuencode in the text":             {"\nKontrolle U8\nbegin 644 x.txt\n#0V%T\n`\nend\nzwei Leute\n", "Kontrolle U8\nzwei Leute"},
		"the word begin in the text":                 {"\nbegin 2 Leute\nend\n", "begin 2 Leute\nend"},
		"enriched text":                              {"Content-Type: text/enriched\n\n<bold>Kontrolle</bold> U8\n\n<color><param>red</param>zwei</color> <<drei", "Kontrolle U8\nzwei <drei"},
		"a related part that the header names":       {"Content-Type: multipart/related; boundary=b; start=\"<2>\"\n\n--b\nContent-Type: text/html\n\n<p>x\n--b\nContent-ID: <2>\nContent-Type: text/html\n\n<p>Kontrolle U8\n--b--", "Kontrolle U8"},
		"a picture above the text it belongs to":     {"Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: image/png\n\nx\n--b\nContent-Type: text/html\n\n<p>Kontrolle U8\n--b--", "Kontrolle U8"},
		"plain text and the same in HTML one by one": {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nKontrolle U8\n--b\nContent-Type: text/html\n\n<p>Kontrolle  U8</p>\n--b--", "Kontrolle U8"},
	} {
		for ending, message := range map[string]string{"LF": c.message, "CRLF": strings.ReplaceAll(c.message, "\n", "\r\n")} {
			if got := parse(t, message).Report(); !count.Add(got == c.want) {
				t.Errorf("%s, %s: %q, want %q", name, ending, got, c.want)
			}
		}
	}
	if got := parse(t, "\ufeffFrom: marta@rider.example\nSubject: Kontrolle\n\nU8\n").Report(); got != "Kontrolle\nU8" {
		t.Errorf("a mark of the order of bytes above the header: %q", got)
	}
}

func TestPartsAboveTheLimitAreNotParsed(t *testing.T) {
	const parts = 50_000
	mail := "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nkontrolle\n" + strings.Repeat("--b\nContent-Type: text/plain\n\n", parts) + "--b--\n"
	var got *Message
	allocated := testing.AllocsPerRun(1, func() {
		var err error
		if got, err = Parse(strings.NewReader(mail)); err != nil {
			t.Fatal(err)
		}
	})
	if allocated > 3*parts {
		t.Errorf("%.0f allocations for %d parts", allocated, parts)
	}
	if text := got.Report(); text != "kontrolle" {
		t.Errorf("report %q", text)
	}
}
