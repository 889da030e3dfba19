package e2e

import (
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

var (
	formNonce  = regexp.MustCompile(`name="once" value="([0-9a-f]{32})"`)
	flagPath   = regexp.MustCompile(`/c/zuerich/flag/[^"]+`)
	heldReport = regexp.MustCompile(`/city/zuerich/ledger/\d+/release`)
)

// reports reports something with the form of zuerich's page, and returns the page that says what became of it, with its path.
func (s *fixture) reports(text string) (page, path string) {
	s.t.Helper()
	once := formNonce.FindStringSubmatch(s.visitor.Get("/c/zuerich"))
	if once == nil {
		s.t.Fatal("there is no form")
	}
	client := *s.visitor.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.PostForm(s.program.URL()+"/c/zuerich/web/report", map[string][]string{"once": {once[1]}, "text": {text}})
	if err != nil {
		s.t.Fatal(err)
	}
	answer.Body.Close()
	path = answer.Header.Get("Location")
	testkit.Eventually(s.t, text+" is judged", func() bool {
		page = s.visitor.Get(path)
		return !strings.Contains(page, "is being checked")
	})
	return page, path
}

func TestARiderSeesWhyAReportIsHeldAndThatAModeratorHasReleasedIt(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	if page, _ := s.reports("kontrolle beim zoo"); !strings.Contains(page, "is out") {
		t.Errorf("a report that passes leads to\n%s", page)
	}
	s.visitor.WaitForText("/c/zuerich", "kontrolle beim zoo")
	page, path := s.reports("zwei in zivil beim zoo")
	if !strings.Contains(page, "none of the words") || strings.Contains(page, "kontrollen") {
		t.Errorf("a report that is held leads to\n%s", page)
	}
	s.admin.WaitForText("/city/zuerich/ledger", "zwei in zivil beim zoo")
	s.admin.Post(heldReport.FindString(s.admin.Get("/city/zuerich/ledger")))
	s.waitEverywhere("zwei in zivil beim zoo")
	if page := s.visitor.Get(path); !strings.Contains(page, "is out") {
		t.Errorf("after the release:\n%s", page)
	}
	if page := s.visitor.Get("/c/zuerich/sent/web/" + strings.Repeat("0", 32)); !strings.Contains(page, "being checked") {
		t.Errorf("an id that nobody has:\n%s", page)
	}
}

func TestWhatARiderObjectsToDisappearsEverywhereUntilAModeratorReleasesIt(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.admin.Post("/city/zuerich/commands/settings-change", "once", "1", "changes", `{"flags": 1}`)
	const text = "kontrolle bei der post, frau meier"
	harness.SendMail(t, s.program, "zuerich", text)
	s.waitEverywhere(text)
	s.visitor.WaitForText("/c/zuerich", text)
	path := flagPath.FindString(s.visitor.Get("/c/zuerich"))
	if page := s.visitor.Get(path); !strings.Contains(page, "names or describes somebody") {
		t.Fatalf("the page to object:\n%s", page)
	}
	if page := s.visitor.Post(path, "reason", "name"); !strings.Contains(page, "was taken back") {
		t.Errorf("after the objection:\n%s", page)
	}
	testkit.Eventually(t, "it is gone from the instance", func() bool { return !slices.Contains(s.posts(), text) })
	testkit.Eventually(t, "it is gone from the page", func() bool { return !strings.Contains(s.visitor.Get("/c/zuerich"), text) })
	s.admin.WaitForText("/city/zuerich/ledger", "riders object to it")
	s.admin.Post(heldReport.FindString(s.admin.Get("/city/zuerich/ledger")))
	testkit.Eventually(t, "it is on the instance again", func() bool { return slices.Contains(s.posts(), text) })
	s.visitor.WaitForText("/c/zuerich", text)
	count := 0
	for _, one := range s.posts() {
		if one == text {
			count++
		}
	}
	if count != 1 {
		t.Errorf("posted %d times", count)
	}
}

func TestInAPanicNothingGoesOutAndEverythingIsKept(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.admin.Post("/city/zuerich/commands/panic", "once", "1", "on", "on")
	harness.SendMail(t, s.program, "zuerich", "kontrolle in der panik")
	s.admin.WaitForText("/city/zuerich/ledger", "panic: nothing is sent")
	release := heldReport.FindString(s.admin.Get("/city/zuerich/ledger"))
	if page := s.admin.Post(release); !strings.Contains(page, "Panic is on") {
		t.Errorf("a release in a panic:\n%s", page)
	}
	if len(s.posts()) != 0 {
		t.Errorf("posted: %q", s.posts())
	}
	s.admin.Post("/city/zuerich/commands/panic", "once", "2")
	s.admin.Post(release)
	s.waitEverywhere("kontrolle in der panik")
	if page := s.admin.Post("/city/zuerich/commands/log", "limit", "5"); !strings.Contains(page, "panic on=true") || !strings.Contains(page, "release report=") {
		t.Errorf("the log:\n%s", page)
	}
}

// TestAModeratorReleasesInABrowserWhatARiderHasReportedThere has both look at their pages in Chromium: the rider is told why the report waits, and then that it is out.
func TestAModeratorReleasesInABrowserWhatARiderHasReportedThere(t *testing.T) {
	t.Parallel()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here")
	}
	s := newFixture(t)
	s.admin.Post("/city/zuerich/commands/settings-change", "once", "1", "changes", `{"flags": 1}`)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox)...)
	defer cancel()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	do := func(what string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	press := func(selector string) chromedp.Action[chromedp.Void] {
		return chromedp.Evaluate[chromedp.Void](fmt.Sprintf("document.querySelector(%q).click()", selector))
	}
	visible := func(selector string) chromedp.Action[chromedp.Void] {
		return chromedp.WaitVisible(chromedp.CSS(selector))
	}
	const text = "zwei in zivil am zoo"
	do("report", chromedp.Navigate(s.program.URL()+"/c/zuerich"), chromedp.SendKeys(chromedp.CSS("#report-text"), text), press("form.report button"), visible("main > [role=status]"))
	testkit.Eventually(t, "the rider reads why it waits", func() bool {
		said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("main > [role=status]")?.innerText ?? ""`))
		return err == nil && strings.Contains(said, "none of the words") // an error means that the page looks again just now
	})
	sent, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href"))
	if err != nil {
		t.Fatal(err)
	}

	do("log in", chromedp.Navigate(s.program.URL()+"/login?next=/city/zuerich/ledger"), chromedp.SendKeys(chromedp.CSS("#f-address"), "admin-zuerich@example.net"),
		chromedp.SendKeys(chromedp.CSS("#f-password"), harness.AdminPassword), press("main form button"), visible("table.cards"))
	do("release", press("form[action$='/release'] button"), visible(".flash.done"))
	s.waitEverywhere(text)
	do("log out", press("form[action='/logout'] button"), visible("header a[href^='/login']"))

	do("look again", chromedp.Navigate(sent), visible("#web > .flash.done"), visible("ol.reports li"))
	const other = "kontrolle, frau meier" // what a moderator has released stays
	harness.SendMail(t, s.program, "zuerich", other)
	s.waitEverywhere(other)
	do("wait for the report", visible("ol.reports li:nth-child(2)"))
	do("object", press("ol.reports li:first-child .flag a"), visible("main form fieldset"), press("main form button"), visible(".flash.done"))
	testkit.Eventually(t, "it is gone from the instance", func() bool { return !slices.Contains(s.posts(), other) })
	s.admin.WaitForText("/city/zuerich/ledger", "riders object to it")
}
