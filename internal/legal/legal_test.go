package legal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linienfunk/internal/legal"
)

func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, paths map[string]string, facts legal.Facts) legal.Texts {
	t.Helper()
	texts, err := legal.Read(paths, facts, []string{"en", "de"})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestATextIsTakenFromTheFileOfItsLanguageOrElseFromTheOneForAll(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"imprint.md": "Ada, Main Street 1", "imprint.de.md": "Ada, Hauptstraße 1", "contact.de.md": "Schreib uns.", "terms.md": "Be kind."})
	texts := read(t, map[string]string{"imprint": filepath.Join(dir, "imprint.md"), "contact": filepath.Join(dir, "contact.md"), "terms": filepath.Join(dir, "terms.md")}, legal.Facts{})
	for _, want := range []struct{ kind, lang, text string }{
		{"imprint", "en", "Main Street"}, {"imprint", "de", "Hauptstraße"}, {"contact", "de", "Schreib"}, {"contact", "en", "Schreib"}, {"terms", "de", "Be kind."}, {"terms", "fr", "Be kind."},
	} {
		if got := string(texts.In(want.kind, want.lang)); !strings.Contains(got, want.text) {
			t.Errorf("%s in %s: %q", want.kind, want.lang, got)
		}
	}
	if _, found := legal.Find(filepath.Join(dir, "privacy.md"), "de"); found {
		t.Error("a file is found that does not exist")
	}
}

func TestAPageThatIsNotConfiguredHasNoLink(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"imprint.md": "Ada"})
	texts := read(t, map[string]string{"imprint": filepath.Join(dir, "imprint.md")}, legal.Facts{})
	if got := strings.Join(texts.Links(), " "); got != "imprint privacy" {
		t.Errorf("links to %s", got)
	}
	if _, err := legal.Read(map[string]string{"terms": filepath.Join(dir, "none.md")}, legal.Facts{}, []string{"en"}); err == nil || !strings.Contains(err.Error(), "legal.terms") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestTheReadyPrivacyTextNamesTheOperatorAndHowLongThingsAreKept(t *testing.T) {
	t.Parallel()
	facts := legal.Facts{Name: "Ada *Lovelace* <b>", Address: "ada@example.org", RetentionHours: 24, MaxRetentionDays: 91, SessionDays: 31, LogDays: 366, FlagHours: 49, MuteDays: 367,
		MailDays: 6, InvitationDays: 8, SubscriptionHours: 47, RegistrationHours: 23, GreylistDays: 32, BounceDays: 61, NumbersMonths: 13}
	texts := read(t, nil, facts)
	for lang, wants := range map[string][]string{
		"en": {"24 hours", "91 days", "31 days", "366 days", "49 hours", "367 days", "6 days", "8 days", "47 hours", "23 hours", "32 days", "61 days", "13 months", "ada@example.org"},
		"de": {"24 Stunden", "91 Tagen", "31 Tage", "366 Tage", "49 Stunden", "367 Tage", "6 Tage", "8 Tagen", "47 Stunden", "23 Stunden", "32 Tage", "61 Tage", "13 Monate", "ada@example.org"},
	} {
		got := string(texts.In("privacy", lang))
		for _, want := range append(wants, "Ada *Lovelace* &lt;b&gt;") {
			if !strings.Contains(got, want) {
				t.Errorf("%s does not say %q", lang, want)
			}
		}
		if strings.Contains(got, "/imprint") {
			t.Errorf("%s links an imprint that does not exist", lang)
		}
	}
}

func TestNeitherHTMLNorScriptsComeFromAText(t *testing.T) {
	t.Parallel()
	got, err := legal.Render([]byte("<script>alert(1)</script>\n\n<b onclick=x>bold</b> [link](javascript:alert(1)) ![x](data:text/html,x)\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<b", "onclick", "javascript:", "data:"} {
		if strings.Contains(string(got), bad) {
			t.Errorf("%q has %q", got, bad)
		}
	}
}

func TestAnInlineTextHasNoHeading(t *testing.T) {
	t.Parallel()
	got, err := legal.Inline("# Loud\n\nand **strong**, see https://example.org")
	if err != nil || strings.Contains(string(got), "<h") || !strings.Contains(string(got), "<strong>") || !strings.Contains(string(got), `href="https://example.org"`) {
		t.Errorf("%q, %v", got, err)
	}
}

func FuzzNoTextBecomesAScript(f *testing.F) {
	for _, seed := range []string{"# a", "<script>x</script>", "[a](javascript:x)", "[a]: jAvAsCrIpT:x\n[a]", "|a|\n|-|\n|<b>|", "<javascript:x>", "\xff\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, render := range []func() (string, error){
			func() (string, error) { got, err := legal.Render([]byte(text)); return string(got), err },
			func() (string, error) { got, err := legal.Inline(text); return string(got), err },
		} {
			got, err := render()
			if err != nil {
				t.Fatal(err)
			}
			for _, bad := range []string{"<script", "<style", "<iframe", `href="javascript:`, `src="javascript:`} {
				if strings.Contains(strings.ToLower(got), bad) {
					t.Errorf("%q becomes %q", text, got)
				}
			}
		}
	})
}
