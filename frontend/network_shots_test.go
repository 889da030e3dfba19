//go:build shots

package frontend_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"

	"linienfunk/frontend/frontendtest"
	"linienfunk/internal/testkit"
	"linienfunk/internal/testkit/pictures"
	"linienfunk/transit"
	"linienfunk/transit/network"
)

// TestNetworkScreenshots takes pictures of each step in which a city of 300 lines is set up:
//
//	SHOTS=/tmp/shots go test -tags shots -run NetworkScreenshots ./frontend
func TestNetworkScreenshots(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	camera := pictures.New(t, s.URL)
	s.Admin("ada@example.org", "berlin", "ghent", "wien", "hamburg", "praha")
	v := s.VisitorAs("ada@example.org")
	feed := testkit.Feed(t, testkit.CityLines(300)...)
	for _, city := range []string{"berlin", "ghent", "hamburg"} {
		v.ImportFeed(city, feed)
	}
	without := testkit.FeedFiles(testkit.CityLines(3)...)
	without["routes.txt"] += "r9,\"City Buses\",\"9\",,tram,\n"
	refused := testkit.Zip(t, without)
	v.ImportFeed("praha", refused).Want(200)
	v.Submit(v.Get("/city/berlin/network"), "/city/berlin/network/save#choice").Want(200)
	s.Save("berlin", 0, map[string]any{"stop_names": []string{"Amber Street = Ambi", "Birch Street = Birchy, The Birch", "Nowhere = No"}})
	frontendtest.Check(t, s.Site.DB.Exec("UPDATE transit_imports SET state = 'reading', done = 64, total = 100 WHERE city = 'hamburg'").Error)
	frontendtest.Check(t, s.Site.Imports.Follow(t.Context(), "berlin", transit.Import{Address: "https://transit.example/open-data/gtfs.zip", Started: s.Now()}, network.Options{},
		s.Present("berlin").Network))
	frontendtest.Check(t, s.Site.DB.Exec(`UPDATE transit_refreshes SET failed = true, problem = '{"Problem":"unreachable"}'`).Error)
	base, err := url.Parse(s.URL)
	frontendtest.Check(t, err)
	cookies := v.Client.Jar.Cookies(base)
	shoot := func(name, city string, width int64, scheme, lang string, before ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		camera.Take(pictures.Shot{Name: fmt.Sprintf("network-%s-%s-%d-%s", name, lang, width, scheme), Path: "/city/" + city + "/network", Width: width,
			Scheme: scheme, Cookies: append([]*http.Cookie{{Name: "lang", Value: lang}}, cookies...), Before: before})
	}
	for _, width := range []int64{390, 1280} {
		for scheme, lang := range map[string]string{"light": "de", "dark": "en"} {
			shoot("1-empty", "wien", width, scheme, lang)
			shoot("2-reading", "hamburg", width, scheme, lang)
			shoot("3-choice", "ghent", width, scheme, lang)
			shoot("4-preview", "ghent", width, scheme, lang, chromedp.Click(chromedp.CSS("[name=kind][value=bus]")), put("#f-choice-center", "Amber Street"),
				put("#f-choice-radius", "8"), put("#f-choice-try", "two inspectors U2 at birch street"), submit("#choice .actions button.secondary", ".tried"),
				chromedp.Click(chromedp.CSS(".kind summary")))
			shoot("5-tried", "berlin", width, scheme, lang, put("#f-try", "2 inspectors on U3 at ambi, towards cedar"), submit("#names .actions button.secondary", ".tried"))
			shoot("6-refused", "praha", width, scheme, lang)
			shoot("7-lists", "wien", width, scheme, lang, put("#f-lines", "U8: Mill Lane\n: A, B"), submit("#lists button", ".errors"))
		}
	}
}
