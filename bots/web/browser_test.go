package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"

	"linienfunk/bots/bottest"
)

// TestOpenPageFollowsTheListInABrowser runs live.js under the program's content security policy.
func TestOpenPageFollowsTheListInABrowser(t *testing.T) {
	t.Parallel()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here")
	}
	f := newFixture(t)
	f.listen(t, (&bottest.Outbox{}).Out)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/c/ghent" {
			mounted(f.World).ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!doctype html><title>Ghent</title>%s", f.get(t, "/c/ghent/web/").body)
	}))
	t.Cleanup(site.CloseClientConnections)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancelTab := chromedp.NewContext(ctx)
	defer cancelTab()

	first := f.send(t, "ghent", "1", "tram 1")
	run(t, ctx, chromedp.Navigate(site.URL+"/c/ghent"), chromedp.WaitVisible("#post-"+first.ID))
	second := f.send(t, "ghent", "2", "<b>tram 2</b>")
	run(t, ctx, chromedp.WaitVisible("#post-"+second.ID))
	text, err := chromedp.Run(ctx, chromedp.Text("ol li:first-child p"))
	if err != nil {
		t.Fatal(err)
	}
	if text != "<b>tram 2</b>" {
		t.Errorf("the newest post reads %q", text)
	}
	if err := f.bot().Retract(t.Context(), accountOf("ghent"), "", first); err != nil {
		t.Fatal(err)
	}
	run(t, ctx, chromedp.WaitNotPresent("#post-"+first.ID), chromedp.WaitVisible("#post-"+second.ID))
}

func run(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}
