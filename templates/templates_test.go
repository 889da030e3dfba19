package templates

import (
	"bytes"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func bot(files map[string]string) fs.FS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestATextComesFromTheSetThenFromTheSharedTextsThenFromEnglish(t *testing.T) {
	set, err := New(bot(map[string]string{
		"locale.en.toml": "own = \"own\"\nonly-en = \"only English\"\nsave = \"keep\"\n[n]\none = \"{{.Count}} stop\"\nother = \"{{.Count}} stops\"\n",
		"locale.de.toml": "own = \"eigen {{.City}}\"\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		lang, id string
		pairs    []any
		want     string
	}{
		{"de", "own", []any{"City", "Gent"}, "eigen Gent"},
		{"en", "own", nil, "own"},
		{"en", "save", nil, "keep"},
		{"de", "save", nil, "Speichern"},
		{"de", "only-en", nil, "only English"},
		{"tlh", "own", nil, "own"},
		{"de", "Das ist schon ein Satz.", nil, "Das ist schon ein Satz."},
		{"de", "", nil, ""},
		{"en", "n", []any{"Count", 1}, "1 stop"},
		{"en", "n", []any{"Count", 2}, "2 stops"},
	} {
		if got := set.Text(c.lang, c.id, c.pairs...); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.lang, c.id, got, c.want)
		}
	}
}

func TestConstantTextsAreRememberedAndSentencesAreNot(t *testing.T) {
	set, err := New(bot(map[string]string{"locale.en.toml": "own = \"own\"\n", "locale.de.toml": ""}))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"own", "save", "A sentence of a bot.", "zone-name"} {
		for range 2 {
			set.Text("de", id, "Zone", "CEST")
			set.Text("de", id)
		}
	}
	var remembered []string
	set.constant.Range(func(key, _ any) bool { remembered = append(remembered, key.(textKey).id); return true })
	slices.Sort(remembered)
	if want := []string{"own", "save", "zone-name"}; !slices.Equal(remembered, want) {
		t.Errorf("%q, want %q", remembered, want)
	}
	if got := set.Text("de", "zone-name", "Zone", "UTC"); !strings.Contains(got, "UTC") {
		t.Errorf("the fields of a text are lost: %q", got)
	}
}

func TestATemplateIsRenderedInItsLanguageOrNotAtAll(t *testing.T) {
	server := time.Local
	time.Local = time.FixedZone("CEST", 2*60*60)
	t.Cleanup(func() { time.Local = server })
	set, err := New(bot(map[string]string{"x.html": `<p lang="{{lang}}">{{t "save"}} {{date .}} {{static "style.css"}}</p>`, "y.html": `<p>{{.No.Such}}</p>`}))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := set.Render(&out, "de", "x.html", time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^<p lang="de">Speichern <time datetime="2026-05-01T12:00:00Z">1\.5\.2026, 14:00 Uhr MESZ</time> /static/[0-9a-f]{12}/style\.css</p>$`)
	if !want.MatchString(out.String()) {
		t.Errorf("got %s", out.String())
	}
	out.Reset()
	if err := set.Render(&out, "en", "y.html", struct{}{}); err == nil || out.Len() > 0 {
		t.Errorf("err %v, wrote %q", err, out.String())
	}
}

func TestADateIsShownInTheGivenTimeZoneOrElseInTheServers(t *testing.T) {
	server := time.Local
	time.Local = time.FixedZone("CEST", 2*60*60)
	t.Cleanup(func() { time.Local = server })
	set, err := New(bot(map[string]string{"x.html": `{{date .At .Zone}}`}))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for want, zone := range map[string]*time.Location{">1 May 2026, 19:00 WIB<": time.FixedZone("WIB", 7*60*60), ">1 May 2026, 14:00 CEST<": nil} {
		var out bytes.Buffer
		if err := set.Render(&out, "en", "x.html", struct {
			At   time.Time
			Zone *time.Location
		}{at, zone}); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("err %v, got %s, want %s", err, out.String(), want)
		}
	}
}

func TestABrokenTemplateOrTextStopsTheProgramAtItsStart(t *testing.T) {
	for what, files := range map[string]map[string]string{
		"template": {"x.html": "{{if}}"},
		"function": {"x.html": `{{nosuch "x"}}`},
		"text":     {"locale.en.toml": "x = "},
	} {
		if _, err := New(bot(files)); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func TestMatchReturnsTheBestLanguage(t *testing.T) {
	for header, want := range map[string]string{
		"": "en", "de": "de", "de-AT,en;q=0.5": "de", "fr,de;q=0.5": "de", "fr": "en", "en-GB,de": "en", "x;;;": "en", strings.Repeat("de,", 2000): "en",
	} {
		if got := Match(header); got != want && len(header) < 100 {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}
