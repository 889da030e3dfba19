package city_test

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"linienfunk/frontend/frontendtest"

	"github.com/chromedp/chromedp"
)

const (
	saveButton  = "#settings form > .actions button"
	mergeButton = ".conflicts > .actions button"
)

// browser is the browser of one admin, with its own cookies.
type browser struct {
	*frontendtest.World
	ctx context.Context
}

// browsers starts Chromium, with one browser for each admin, and logs in through the form.
func browsers(s *frontendtest.World, addresses ...string) []browser {
	s.T.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		s.T.Skip("no chromium here")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("force-prefers-reduced-motion", true)) // a click must not miss a page that still scrolls
	ctx, cancel := chromedp.NewExecAllocator(s.T.Context(), options...)
	s.T.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	s.T.Cleanup(cancel)
	frontendtest.Check(s.T, chromedp.Do(ctx))
	var all []browser
	for _, address := range addresses {
		own, cancel := chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
		s.T.Cleanup(cancel)
		b := browser{s, own}
		b.do(chromedp.Navigate(s.URL+"/login"), chromedp.SendKeys("#f-address", address), chromedp.SendKeys("#f-password", frontendtest.Password),
			chromedp.Click("main form button"), chromedp.WaitVisible("#settings"))
		all = append(all, b)
	}
	return all
}

func (b browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	frontendtest.Check(b.T, chromedp.Do(b.ctx, steps...))
}

// value returns the result of a script in the page.
func (b browser) value(script string) string {
	b.T.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](script))
	frontendtest.Check(b.T, err)
	return got
}

func TestTwoAdminsEditOnePageInBrowsers(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	bo := s.Admin("bo@example.org")
	frontendtest.Check(t, s.Site.DB.Exec("INSERT INTO city_admins (city, admin_id) VALUES ('berlin', ?)", bo.ID).Error)
	s.Save("berlin", 0, map[string]any{"triggers": []string{"kontrolle", "u8"}})
	both := browsers(s, "ada@example.org", "bo@example.org")
	first, second := both[0], both[1]

	for _, b := range both {
		b.do(chromedp.Navigate(s.URL+"/city/berlin"), chromedp.WaitVisible(saveButton))
	}
	first.do(chromedp.SetValue("#f-triggers", "kontrolle\nu8\ntram"), chromedp.SetValue("#f-about", "Ada war hier"),
		chromedp.Click(saveButton), chromedp.WaitVisible(".flash.done"))
	second.do(chromedp.SetValue("#f-triggers", "kontrolle\nbus"), chromedp.SetValue("#f-about", "Bo war hier"),
		chromedp.SetValue("#f-note", "Bo meint"), chromedp.Click(saveButton), chromedp.WaitVisible(mergeButton))

	page := second.value("document.querySelector('main').innerText")
	for _, word := range []string{"ada@example.org", "Ada war hier", "Bo war hier", "tram", "bus"} {
		if !strings.Contains(page, word) {
			t.Errorf("the page does not say %q:\n%s", word, page)
		}
	}
	if got := s.Present("berlin").About; got != "Ada war hier" {
		t.Fatalf("in force: %q", got)
	}
	second.do(chromedp.Click(mergeButton), chromedp.WaitVisible("input[name='pick.about']:invalid")) // nothing is chosen yet
	second.do(chromedp.Click("input[name='pick.about'][value=mine]"), chromedp.Click(mergeButton), chromedp.WaitVisible(".flash.done"))
	got := s.Present("berlin")
	if got.About != "Bo war hier" || !slices.Equal(got.Triggers, []string{"kontrolle", "bus", "tram"}) {
		t.Errorf("in force: %q, %q", got.About, got.Triggers)
	}
	second.do(chromedp.Navigate(s.URL+historyPath), chromedp.WaitVisible("#change-4"))
	if page := second.value("document.querySelector('#change-4').innerText"); !strings.Contains(page, "Bo meint") || !strings.Contains(page, "bo@example.org") {
		t.Errorf("the history says %s", page)
	}
}

func TestTheEnterKeyTriesATextAndDoesNotSaveInABrowser(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	before := s.Present("berlin").Hash
	b := browsers(s, "ada@example.org")[0]
	b.do(chromedp.Navigate(s.URL+"/city/berlin"), chromedp.SetValue("#f-triggers", "eule"), chromedp.SetValue("#f-note", "weil"), chromedp.SendKeys("#f-try_text", "Eine Eule\r"),
		chromedp.WaitVisible(".tried .chip.good"))
	if s.Present("berlin").Hash != before {
		t.Fatal("the Enter key saved")
	}
	if got := b.value("[...document.querySelectorAll('#f-triggers, #f-note, #f-try_text')].map(f => f.value).join('|') + location.hash"); got != "eule|Eine Eule|weil#try" {
		t.Errorf("after trying the form has %q", got)
	}
	b.do(chromedp.Click(saveButton), chromedp.WaitVisible(".flash.done"))
	if got := s.Present("berlin").Triggers; !slices.Equal(got, []string{"eule"}) {
		t.Errorf("in force: %q", got)
	}
}

func TestAFileIsChosenAndUsedInABrowser(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	b := browsers(s, "ada@example.org")[0]
	b.do(chromedp.Navigate(s.URL+historyPath), chromedp.SetValue("#f-text", s.Exported("berlin", map[string]any{"about": "Zeile 1\n\n\"Zeile\" 2 <b>\u2028ende"})),
		chromedp.Click("#file form button"), chromedp.WaitVisible("form[action$=apply] button"), chromedp.Click("form[action$=apply] button"),
		chromedp.WaitVisible(".flash.done"))
	if got := s.Present("berlin").About; got != "Zeile 1\n\n\"Zeile\" 2 <b>\u2028ende" {
		t.Errorf("in force: %q", got)
	}
}
