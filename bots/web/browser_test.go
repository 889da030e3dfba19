package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// visit is a browser on the page of the city ghent, under the program's content security policy.
type visit struct {
	*fixture
	t    *testing.T
	ctx  context.Context
	url  string
	down atomic.Bool  // connections break, as in a tunnel
	open atomic.Int64 // live streams
}

func newVisit(t *testing.T, out bots.CityOut) *visit {
	t.Helper()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here")
	}
	v := &visit{fixture: newFixture(t), t: t}
	v.listen(t, out)
	site := httptest.NewServer(v)
	t.Cleanup(site.CloseClientConnections)
	v.url = site.URL + "/c/ghent"
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	v.ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return v
}

func (v *visit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case v.down.Load():
		panic(http.ErrAbortHandler)
	case r.URL.Path != "/c/ghent":
		if strings.HasSuffix(r.URL.Path, "/events") {
			v.open.Add(1)
			defer v.open.Add(-1)
		}
		mounted(v.World).ServeHTTP(w, r)
	default:
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		section := httptest.NewRecorder()
		mounted(v.World).ServeHTTP(section, httptest.NewRequest(http.MethodGet, "/c/ghent/web/", nil))
		fmt.Fprintf(w, "<!doctype html><html lang=de><title>Ghent</title>%s", section.Body)
	}
}

func (v *visit) do(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	if err := chromedp.Do(v.ctx, steps...); err != nil {
		v.t.Fatal(err)
	}
}

// value returns the result of a script in the page.
func (v *visit) value(script string) string {
	v.t.Helper()
	got, err := chromedp.Run(v.ctx, chromedp.Evaluate[string](script))
	if err != nil {
		v.t.Fatal(err)
	}
	return got
}

// becomes waits until a script has a result. A script that the page's change to another document ends is run again.
func (v *visit) becomes(what, script, want string) {
	v.t.Helper()
	testkit.Eventually(v.t, what, func() bool {
		got, err := chromedp.Run(v.ctx, chromedp.Evaluate[string](script))
		return err == nil && got == want
	})
}

func TestOpenPageFollowsTheListInABrowser(t *testing.T) {
	t.Parallel()
	v := newVisit(t, (&bottest.Outbox{}).Out)
	first := v.send(t, "ghent", "1", "tram 1")
	v.do(chromedp.Navigate(v.url), chromedp.WaitVisible("#post-"+first.ID))
	second := v.send(t, "ghent", "2", "<b>tram 2</b>")
	v.do(chromedp.WaitVisible("#post-" + second.ID))
	if text := v.value("document.querySelector('ol li:first-child p').innerText"); text != "<b>tram 2</b>" {
		t.Errorf("the newest post reads %q", text)
	}
	if err := v.bot().Retract(t.Context(), accountOf("ghent"), "", first); err != nil {
		t.Fatal(err)
	}
	v.do(chromedp.WaitNotPresent("#post-"+first.ID), chromedp.WaitVisible("#post-"+second.ID))
}

func TestAPageThatNobodySeesHasNoConnection(t *testing.T) {
	t.Parallel()
	v := newVisit(t, (&bottest.Outbox{}).Out)
	v.do(chromedp.Navigate(v.url), chromedp.WaitReady("[data-live]"))
	testkit.Eventually(t, "the page is connected", func() bool { return v.open.Load() == 1 })
	hide := func(hidden bool) {
		v.value(fmt.Sprintf("Object.defineProperty(document, 'hidden', {value: %v, configurable: true}); document.dispatchEvent(new Event('visibilitychange')); ''", hidden))
	}
	hide(true)
	testkit.Eventually(t, "the hidden page is not connected", func() bool { return v.open.Load() == 0 })
	missed := v.send(t, "ghent", "1", "tram 1")
	hide(false)
	v.do(chromedp.WaitVisible("#post-" + missed.ID))
}

func TestAPageSaysSinceWhenItIsNotConnected(t *testing.T) {
	t.Parallel()
	v := newVisit(t, (&bottest.Outbox{}).Out)
	v.do(chromedp.Navigate(v.url), chromedp.WaitReady("[data-live]"))
	testkit.Eventually(t, "the page is connected", func() bool { return v.open.Load() == 1 })
	v.down.Store(true)
	v.value("dispatchEvent(new Event('online')), ''") // makes a new connection, which breaks
	v.do(chromedp.WaitVisible("#reports-state"))
	if text := v.value("document.querySelector('#reports-state').innerText"); !regexp.MustCompile(`[0-2]\d:[0-5]\d`).MatchString(text) {
		t.Errorf("the page says %q", text)
	}
	v.down.Store(false)
	v.do(chromedp.WaitNotVisible("#reports-state"))
}

func TestAReportWithoutAConnectionIsKeptAndSentOnceThereIsOne(t *testing.T) {
	t.Parallel()
	box := &bottest.Outbox{}
	v := newVisit(t, box.Out)
	v.do(chromedp.Navigate(v.url), chromedp.SendKeys("#report-text", "Kontrolle U8"))
	v.down.Store(true)
	v.do(chromedp.Click("form.report button"), chromedp.WaitVisible("form.report [role=status]"))
	if text := v.value("document.querySelector('#report-text').value"); text != "Kontrolle U8" {
		t.Errorf("the form has %q", text)
	}
	if len(box.All()) != 0 {
		t.Fatal("there is a connection")
	}
	v.down.Store(false)
	v.value("dispatchEvent(new Event('online')), ''")
	testkit.Eventually(t, "the report is sent", func() bool { return len(box.All()) == 1 })
	v.becomes("the page says what became of the report", "location.pathname", "/c/ghent/sent/web/"+box.All()[0].ID)
}

func TestAReportWithoutAConnectionSurvivesAReload(t *testing.T) {
	t.Parallel()
	box := &bottest.Outbox{}
	v := newVisit(t, box.Out)
	v.do(chromedp.Navigate(v.url), chromedp.SendKeys("#report-text", "Kontrolle U8"))
	v.down.Store(true)
	v.do(chromedp.Click("form.report button"), chromedp.WaitVisible("form.report [role=status]"))
	v.down.Store(false)
	v.do(chromedp.Navigate(v.url))
	testkit.Eventually(t, "the report is sent", func() bool { return len(box.All()) == 1 })
}

func TestALateReportIsNotSentByItself(t *testing.T) {
	t.Parallel()
	box := &bottest.Outbox{}
	v := newVisit(t, box.Out)
	v.do(chromedp.Navigate(v.url))
	v.value("sessionStorage.setItem('report /c/ghent/web/report', JSON.stringify({text: 'Kontrolle U8', once: '" + strings.Repeat("0", 32) +
		"', since: Date.now() - 11 * 60000})), ''")
	v.do(chromedp.Navigate(v.url), chromedp.WaitVisible("form.report [role=status]"))
	if text := v.value("document.querySelector('#report-text').value"); text != "Kontrolle U8" || len(box.All()) != 0 {
		t.Errorf("the form has %q, and %d reports are sent", text, len(box.All()))
	}
	v.do(chromedp.Click("form.report button"))
	testkit.Eventually(t, "the report is sent", func() bool { return len(box.All()) == 1 })
}

func TestAReportThatTheServerRefusesIsShownWithTheReason(t *testing.T) {
	t.Parallel()
	v := newVisit(t, (&bottest.Outbox{}).Out)
	v.do(chromedp.Navigate(v.url), chromedp.SendKeys("#report-text", "   "), chromedp.Click("form.report button"), chromedp.WaitVisible("p.failed"))
}

func TestAnOpenPageShowsOnlySomeLinesAndWhatBecomesOfReports(t *testing.T) {
	t.Parallel()
	v := newVisit(t, (&bottest.Outbox{}).Out)
	tram := func(line string) report.Reading { return report.Reading{Lines: []report.Line{{Name: line}}} }
	v.sight(t, "1", "tram 1", tram("1"), nil)
	v.do(chromedp.Navigate(v.url), chromedp.WaitVisible("[data-live] li"), chromedp.SendKeys("#reports-only", "2"))
	v.do(chromedp.WaitNotVisible("[data-live] li"), chromedp.WaitVisible("#reports-hidden"))
	second := v.incoming("ghent", "2", "tram 2")
	second.Means = tram("2")
	sent, err := v.bot().Send(t.Context(), accountOf("ghent"), second)
	if err != nil {
		t.Fatal(err)
	}
	v.sight(t, "3", "another tram 1", tram("1"), nil)
	v.do(chromedp.WaitVisible("#post-"+sent.ID), chromedp.WaitNotVisible("#reports-hidden"))
	shown := "[...document.querySelectorAll('ol.reports li:not([hidden]) p:first-of-type')].map((p) => p.textContent).join()"
	v.becomes("only tram 2 is shown", "String(document.querySelectorAll('ol.reports li').length) + "+shown, "3tram 2")
	second.People, second.Ended = 3, second.At
	if err := v.bot().Edit(t.Context(), accountOf("ghent"), second, sent); err != nil {
		t.Fatal(err)
	}
	v.do(chromedp.WaitReady("#reports-past #post-"+sent.ID+"[data-over] .state"), chromedp.WaitVisible("#reports-past"))
	v.do(chromedp.Navigate(v.url), chromedp.WaitReady("#reports-past #post-"+sent.ID)) // the filter is remembered
	v.becomes("still only tram 2 is shown", shown, "tram 2")
}

func TestReportsAgeOnAnOpenPage(t *testing.T) {
	t.Parallel()
	v := newVisit(t, (&bottest.Outbox{}).Out)
	first, second := v.send(t, "ghent", "1", "tram 1"), v.send(t, "ghent", "2", "tram 2")
	v.do(chromedp.Navigate(v.url), chromedp.WaitVisible("#post-"+first.ID+".new"))
	later := func(minutes int) { // the page's clock is changed, and the page looks again as it does every 20 seconds
		v.value(fmt.Sprintf("{ const now = Date.now; Date.now = () => now() + %d * 60000 } document.getElementById('reports-only').dispatchEvent(new Event('change')); ''", minutes))
	}
	post := "document.querySelector('#post-" + first.ID + "')"
	later(12)
	v.becomes("the post says its age", post+".className + ' ' + "+post+".querySelector('time').innerText", "old vor 12 Minuten")
	later(20)
	v.becomes("both are past, the newer one first", "[...document.querySelectorAll('#reports-past li')].map((one) => one.id).join()", "post-"+second.ID+",post-"+first.ID)
	v.do(chromedp.WaitVisible("#reports-empty"))
	third := v.send(t, "ghent", "3", "tram 3")
	v.do(chromedp.WaitReady("#post-" + third.ID))
}
