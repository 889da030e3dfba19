package web

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"linienfunk/bots/bottest"
	"linienfunk/report"
)

func TestReportIsHandedInWithoutAuthor(t *testing.T) {
	t.Parallel()
	f, o := newFixture(t), &bottest.Outbox{}
	f.listen(t, o.Out)
	got := f.report(t, "zuerich", f.openForm(t, "zuerich"), "  Kontrolle U8\r\nHermannplatz ", "X-Lang", "de")
	reports := o.All()
	if to := got.header.Get("Location"); got.status != http.StatusSeeOther || len(reports) != 1 || to != "/c/zuerich/sent/web/"+reports[0].ID { // where the core says what became of it
		t.Fatalf("answered %d %q", got.status, to)
	}
	if len(reports) != 1 || o.Cities()[0] != "zuerich" {
		t.Fatalf("handed in %+v for %v", reports, o.Cities())
	}
	r := reports[0]
	if r.Text != "Kontrolle U8\nHermannplatz" || r.Author != "" || r.URL != "" || r.Ref != "" || r.Private || r.At.IsZero() {
		t.Errorf("handed in %+v", r)
	}
}

func TestButtonPressedTwiceIsOneReport(t *testing.T) {
	t.Parallel()
	f, o := newFixture(t), &bottest.Outbox{}
	f.listen(t, o.Out)
	once := f.openForm(t, "zuerich")
	f.report(t, "zuerich", once, "Kontrolle U8")
	f.report(t, "zuerich", once, "Kontrolle U8")
	f.report(t, "zuerich", once, "Kontrolle U7")
	f.report(t, "zuerich", f.openForm(t, "zuerich"), "Kontrolle U8")
	f.report(t, "zuerich", "", "Kontrolle U8")
	var ids []string
	for _, r := range o.All() {
		ids = append(ids, r.ID)
	}
	if len(ids) != 5 || ids[0] != ids[1] {
		t.Fatalf("ids %v: the second is not the first", ids)
	}
	distinct := map[string]bool{}
	for _, id := range ids {
		distinct[id] = true
	}
	if len(distinct) != 4 {
		t.Errorf("ids %v: another text, another form and no form are not all different", ids)
	}
}

func TestAnInvalidReportIsExplained(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", maxText)
	tests := []struct {
		name, body string
		status     int
		text       string // an id of our texts
		kept       string
	}{
		{"nothing", "", 422, "form-empty", ""},
		{"only space", "text=+%0D%0A%09", 422, "form-empty", ""},
		{"one character too many", "text=" + url.QueryEscape(long+"ü"), 422, "form-too-long", long + "ü"},
		{"a form of a megabyte", "text=" + strings.Repeat("a", 1<<20), 413, "form-too-long", ""},
		{"no UTF-8", "text=Kontrolle+%FF+U8", 422, "form-not-utf8", "Kontrolle \uFFFD U8"},
		{"a control character", "text=Kontrolle+%07U8", 422, "form-control", "Kontrolle U8"},
		{"a NUL", "text=U8%00", 422, "form-control", "U8"},
		{"the hidden field", "text=Kontrolle&website=x", 422, "form-hidden-field", "Kontrolle"},
		{"a broken escape", "text=%zz", 400, "form-unreadable", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, o := newFixture(t), &bottest.Outbox{}
			f.listen(t, o.Out)
			got := f.do(t, http.MethodPost, "/c/ghent/web/report", test.body)
			if got.status != test.status {
				t.Errorf("status %d, want %d", got.status, test.status)
			}
			if sentence := f.Core.Pages.Text("en", test.text, "Max", maxText); !strings.Contains(html.UnescapeString(got.body), sentence) {
				t.Errorf("the answer does not say %q:\n%s", sentence, got.body)
			}
			if test.kept != "" && !strings.Contains(got.body, ">"+test.kept+"</textarea>") {
				t.Errorf("the answer has lost the text:\n%.600s", got.body)
			}
			if n := len(o.All()); n != 0 {
				t.Errorf("%d reports were handed in", n)
			}
		})
	}
}

func TestLongestReportIsAccepted(t *testing.T) {
	t.Parallel()
	f, o := newFixture(t), &bottest.Outbox{}
	f.listen(t, o.Out)
	if got := f.report(t, "ghent", "", strings.Repeat("🚇", maxText)); got.status != http.StatusSeeOther {
		t.Errorf("status %d:\n%.300s", got.status, got.body)
	}
}

func TestReportThatIsNotStoredIsShownInTheFormAgain(t *testing.T) {
	t.Parallel()
	f, o := newFixture(t), &bottest.Outbox{}
	o.FailWith(errStore)
	f.listen(t, o.Out)
	once := f.openForm(t, "ghent")
	got := f.report(t, "ghent", once, "control <tram 1>")
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("status %d, headers %v", got.status, got.header)
	}
	for _, want := range []string{once, "control &lt;tram 1&gt;</textarea>", "could not be saved just now"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("no %q in\n%s", want, got.body)
		}
	}
}

func TestFormIsUnavailableUnlessListenRuns(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if got := f.report(t, "ghent", "", "tram 1"); got.status != http.StatusServiceUnavailable {
		t.Errorf("before Listen: status %d", got.status)
	}
	stop := f.listen(t, (&bottest.Outbox{}).Out)
	stop()
	if got := f.report(t, "ghent", "", "tram 1"); got.status != http.StatusServiceUnavailable {
		t.Errorf("after Listen: status %d", got.status)
	}
}

func TestListenWaitsForAReportOnItsWay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	entered := make(chan struct{})
	left := false
	stop := f.listen(t, func(ctx context.Context, _ string, _ report.Report) error {
		close(entered)
		<-ctx.Done()
		left = true
		return ctx.Err()
	})
	answered := make(chan error, 1)
	go func() {
		got, err := f.try(context.Background(), http.MethodPost, "/c/ghent/web/report", "text=tram+1")
		if err == nil && got.status != http.StatusServiceUnavailable {
			err = fmt.Errorf("status %d", got.status)
		}
		answered <- err
	}()
	<-entered
	stop()
	if !left {
		t.Error("Listen returned before the report was through")
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func FuzzCheckText(f *testing.F) {
	f.Add("Kontrolle U8")
	f.Add("\xff\x00\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		kept, wrong := checkText(text)
		if wrong == nil && (kept == "" || kept != report.Clean(kept)) {
			t.Errorf("%q was taken as %q, which is no text of a report", text, kept)
		}
		if again, wrongAgain := checkText(kept); wrong == nil && (wrongAgain != nil || again != kept) {
			t.Errorf("%q was taken, but not its own result %q", text, kept)
		}
	})
}
