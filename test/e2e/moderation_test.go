package e2e

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

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
	return s.visitor.Get(path), path
}

func TestARiderSeesWhyAReportIsHeldAndThatAModeratorHasReleasedIt(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	if page, _ := s.reports("kontrolle beim zoo"); !strings.Contains(page, "is out") || !strings.Contains(page, "kontrolle beim zoo") {
		t.Errorf("a report that passes leads to\n%s", page)
	}
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
