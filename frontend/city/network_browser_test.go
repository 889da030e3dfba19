package city_test

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"

	"linienfunk/frontend/frontendtest"
	"linienfunk/internal/testkit"
	"linienfunk/transit"
)

// TestTheProgressOfAFeedMovesInABrowser also looks at the end of it: the page with the choice comes by itself.
func TestTheProgressOfAFeedMovesInABrowser(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	b := browsers(s, "ada@example.org")[0]
	s.VisitorAs("ada@example.org").ImportFeed("berlin", testkit.Feed(t, testkit.TownLines()...))
	state := func(set string) {
		frontendtest.Check(t, s.Site.DB.Exec("UPDATE transit_imports SET "+set).Error)
	}
	state("state = 'reading', done = 10, total = 100")
	b.do(chromedp.Navigate(s.URL+networkPath), chromedp.WaitVisible("progress[value='10']"))
	state("done = 60")
	b.do(chromedp.WaitVisible("progress[value='60']"))
	state("state = 'read'")
	b.do(chromedp.WaitVisible("#choice"))
}

func TestAFeedIsSentByABrowserWithoutScriptsAndSaved(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	b := browsers(s, "ada@example.org")[0]
	file := t.TempDir() + "/town.zip"
	frontendtest.Check(t, os.WriteFile(file, testkit.Feed(t, testkit.TownLines()...), 0o600))
	b.do(window(390, true), chromedp.Navigate(s.URL+networkPath), chromedp.SetUploadFiles("#f-file", []string{file}), chromedp.Click("#feed .actions button"),
		chromedp.WaitVisible("#reading, #choice"))
	testkit.Eventually(t, "the feed is read", func() bool {
		got, _, err := s.Site.Imports.Status(t.Context(), "berlin")
		frontendtest.Check(t, err)
		return got.State == transit.Read
	})
	// The page loads anew by itself in browsers without scripts, but not in this one: it ignores <noscript> as if scripts ran.
	b.do(chromedp.Navigate(s.URL+networkPath), chromedp.WaitVisible("#choice"))
	b.do(chromedp.Click("#choice .actions button:not(.secondary)"), chromedp.WaitVisible("#present"))
	if got := linesOf(s, "berlin"); got != "U2 1" {
		t.Errorf("in force: %s", got)
	}
}
