package text

import (
	"strings"
	"testing"

	"linienfunk/internal/testkit/measure"
)

func TestTextsAreReadInTheCharsetThatTheyAreIn(t *testing.T) {
	t.Parallel()
	count := measure.New(t, "texts are read in the charset that they are in, whatever the header says")
	for name, c := range map[string]struct{ charset, raw, want string }{
		"UTF-8":                          {"utf-8", "Gr\xc3\xbcner Weg", "Grüner Weg"},
		"UTF-8 with a bad byte":          {"utf-8", "Gr\xc3\xbcner Weg \xff Stra\xc3\x9fe", "Grüner Weg \uFFFD Straße"},
		"UTF-8 with a broken character":  {"utf8", "Gr\xc3\xbcner Weg \xc3 Stra\xc3\x9fe", "Grüner Weg \uFFFD Straße"},
		"UTF-8 under another name":       {"unicode-1-1-utf-8", "Gr\xc3\xbcner Weg", "Grüner Weg"},
		"Windows-1252 under a wrong one": {"utf-8", "Gr\xfcner Weg, Stra\xdfe", "Grüner Weg, Straße"},
		"no charset":                     {"", "Gr\xfcner Weg", "Grüner Weg"},
		"ASCII that is UTF-8":            {"us-ascii", "Gr\xc3\xbcner Weg", "Grüner Weg"},
		"Latin-1 with quotation marks":   {"iso-8859-1", "\x93Gr\xfcner Weg\x94", "“Grüner Weg”"},
		"a number for a name":            {"cp1252", "Gr\xfcner Weg", "Grüner Weg"},
		"a name that says nothing":       {"unknown-8bit", "Gr\xfcner Weg", "Grüner Weg"},
		"UTF-7":                          {"utf-7", "Gr+APw-ner Weg +- U8, A+ACY-B +IKw 5", "Grüner Weg + U8, A&B € 5"},
		"UTF-7 at the end of a word":     {"UTF-7", "Stra+AN8-e und Stra+AN8.", "Straße und Straß."},
		"broken UTF-7":                   {"unicode-1-1-utf-7", "U8 + U7 +A", "U8 + U7 +A"},
		"Shift JIS of Microsoft":         {"cp932", "\x8c\x9f\x8e\x44 \x87\x40", "検札 ①"},
		"JIS of Microsoft":               {"iso-2022-jp-ms", "\x1b$B8!;%\x1b(B U8", "検札 U8"},
		"Korean of Microsoft":            {"ks_c_5601-1987", "\xb0\xcb\xc7\xa5", "검표"},
		"Chinese of Microsoft":           {"gb2312", "\xbc\xec\xc6\xb1 \x80", "检票 €"},
		"UTF-8 that says Latin-1":        {"iso-8859-1", "Gr\xc3\xbcner Weg", "Grüner Weg"},
		"UTF-8 that says Windows-1252":   {"windows-1252", "Stra\xc3\x9fe \xe2\x80\x93 U8", "Straße – U8"},
		"a charset of fonts":             {"x-user-defined", "Gr\xc3\xbcner Weg", "Grüner Weg"},
		"Korean with shifts":             {"iso-2022-kr", "\x1b$)CU8 \x0e0KG%\x0f jetzt", "U8 검표 jetzt"},
		"a charset no browser reads":     {"iso-2022-cn", "Kontrolle U8", "Kontrolle U8"},
		"Cyrillic":                       {"koi8-r", "\xeb\xcf\xce\xd4\xd2\xcf\xcc\xd8", "Контроль"},
	} {
		head := "From: marta@rider.example\nContent-Type: text/plain"
		if c.charset != "" {
			head += "; charset=" + c.charset
		}
		if got := parse(t, head+"\n\n"+c.raw+"\n").Report(); !count.Add(got == c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestSubjectsAreReadInTheirCharset(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"=?utf-7?Q?Gr+APw-ner_Weg?=":                  "Grüner Weg",
		"=?unicode-1-1-utf-7?Q?Gr+APw-ner_Weg?=":      "Grüner Weg",
		"=?cp932?B?jJ+ORA==?=":                        "検札",
		"=?iso-2022-jp-ms?B?GyRCOCE7JRsoQg==?=":       "検札",
		"=?utf-8?Q?Gr=C3=BCner_Weg_=FF_Stra=C3=9Fe?=": "Grüner Weg \uFFFD Straße",
		"=?iso-8859-1?Q?Gr=FCner_Weg?=":               "Grüner Weg",
		"=?utf-8*de?Q?Gr=C3=BCner_Weg?=":              "Grüner Weg",
		"=?utf-8?B?R3LDvG5lciBXZWc?=":                 "Grüner Weg",
		"=?x-unheard-of?Q?Gr=C3=BCner_Weg?=":          "Grüner Weg",
	} {
		if got := parse(t, "From: marta@rider.example\nSubject: "+raw+"\n\n").Report(); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

func TestFilesAndFootersBelowATextAreNoPartOfIt(t *testing.T) {
	t.Parallel()
	const text = "Content-Type: text/plain; charset=utf-8\n\nKontrolle U8\n"
	for name, part := range map[string]string{
		"a file that is shown":             "Content-Type: text/plain; charset=utf-8\nContent-Disposition: inline; filename=notizen.txt\n\nMilch, Brot\n",
		"a file with its name in the type": "Content-Type: text/plain; name=\"notizen.txt\"\n\nMilch, Brot\n",
		"a page that is shown":             "Content-Type: text/html\nContent-Disposition: inline; filename*=utf-8''seite.html\n\n<p>Milch</p>\n",
		"the footer of a mailing list":     "Content-Type: text/plain; charset=\"us-ascii\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\nContent-Disposition: inline\n\nlinie: to leave, see http://lists.example/linie\n",
		"a footer below a line":            "Content-Type: text/plain\n\n_______________________________________________\nlinie mailing list\nlinie@lists.example\nhttp://lists.example/listinfo/linie\n",
		"a file that is to be saved":       "Content-Type: text/plain\nContent-Disposition: attachment; filename=notizen.txt\n\nMilch, Brot\n",
	} {
		m := parse(t, "From: marta@rider.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"+text+"\n--b\n"+part+"\n--b--\n")
		if got := m.Report(); got != "Kontrolle U8" {
			t.Errorf("%s: %q", name, got)
		}
	}
	for name, message := range map[string]string{
		"the only part has a name":          "--b\nContent-Type: text/plain; name=text.txt\nContent-Disposition: inline; filename=text.txt\n\nKontrolle U8\n--b--\n",
		"a picture stands between the text": "--b\nContent-Type: text/plain\n\nKontrolle\n--b\nContent-Type: image/jpeg; name=x.jpg\nContent-Disposition: inline; filename=x.jpg\n\nx\n--b\nContent-Type: text/plain\n\nU8\n--b--\n",
	} {
		m := parse(t, "From: marta@rider.example\nContent-Type: multipart/mixed; boundary=b\n\n"+message)
		if got := strings.Join(strings.Fields(m.Report()), " "); got != "Kontrolle U8" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
