//go:build shots

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"

	"linienfunk/internal/testkit/pictures"
	"linienfunk/test/harness"
)

// tunnel sends a report without a connection.
var tunnel = []chromedp.Action[chromedp.Void]{
	chromedp.Evaluate[chromedp.Void]("window.fetch = () => Promise.reject(new TypeError()), undefined"),
	chromedp.SendKeys("#report-text", "Kontrolle U8 Hermannplatz"), chromedp.Click("form.report button"),
	chromedp.WaitVisible("form.report [role=status]"),
	chromedp.Evaluate[chromedp.Void]("dispatchEvent(new Event('offline')), undefined"), chromedp.WaitVisible("#reports-state"),
	chromedp.Evaluate[chromedp.Void]("sessionStorage.clear()"), // the next picture must not send it
}

// TestScreenshots takes pictures of a running program's pages:
//
//	SHOTS=/tmp/shots go test -tags shots -run Screenshots ./test/e2e
func TestScreenshots(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	camera := pictures.New(t, s.program.URL())
	for _, text := range []string{"schönes wetter heute", "kontrolle, du idiot",
		"kontrolle u8 hermannplatz, zwei männer in grauen jacken, richtung wittenau",
		"kontrolle s-bahn ring zwischen ostkreuz und treptower park", "kontrolle tram M10 an der eberswalder"} {
		harness.SendMail(t, s.program, "zuerich", text)
	}
	s.waitEverywhere("kontrolle tram M10 an der eberswalder")
	harness.SendMail(t, s.program, "zuerich", "/status") // the answer asks, with a link, whether the rider wrote it
	act := s.mails.WaitForLink(t, harness.RiderAddress, "/email/act")
	_, sent := s.reports("zwei in zivil beim zoo")
	flag := flagPath.FindString(s.visitor.Get("/c/zuerich"))
	base, err := url.Parse(s.program.URL())
	if err != nil {
		t.Fatal(err)
	}
	session := s.admin.Client.Jar.Cookies(base)
	for name, path := range map[string]string{"front": "/", "city": "/c/zuerich", "settings": "/city/zuerich", "ledger": "/city/zuerich/ledger", "act": act, "sent": sent, "flag": flag} {
		for _, width := range []int64{390, 1280} {
			for scheme, lang := range map[string]string{"light": "de", "dark": "en"} {
				cookies := []*http.Cookie{{Name: "lang", Value: lang}}
				if name == "settings" || name == "ledger" {
					cookies = append(cookies, session...)
				}
				shot := pictures.Shot{Name: fmt.Sprintf("%s-%d-%s", name, width, scheme), Path: path, Width: width, Scheme: scheme, Cookies: cookies}
				camera.Take(shot)
				if name == "city" {
					shot.Name, shot.Before = fmt.Sprintf("tunnel-%d-%s", width, scheme), tunnel
					camera.Take(shot)
				}
			}
		}
	}
}
