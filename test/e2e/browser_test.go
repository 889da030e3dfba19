package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// TestARiderSeesInABrowserWhatBecameOfAReport reports and subscribes on the page, whose messages stand in the section of the form.
func TestARiderSeesInABrowserWhatBecameOfAReport(t *testing.T) {
	t.Parallel()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here")
	}
	s := newFixture(t)
	for i := range 8 { // a long page
		harness.SendMail(t, s.program, "zuerich", fmt.Sprintf("kontrolle tram %d", i+1))
	}
	s.visitor.WaitForText("/c/zuerich", "kontrolle tram 8")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	for _, width := range []int64{390, 1280} {
		for _, c := range []struct{ section, field, text string }{
			{"web", "#report-text", fmt.Sprintf("kontrolle bus %d", width)},
			{"email", "#email input[type=email]", fmt.Sprintf("rider-%d@example.net", width)},
		} {
			err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
				_, err := cdp.Call(ctx, target, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
					Width: width, Height: 800, DeviceScaleFactor: 1, Mobile: width < 600,
				})
				return err
			}), chromedp.Navigate(s.program.URL()+"/c/zuerich"), chromedp.SendKeys(c.field, c.text),
				chromedp.Evaluate[chromedp.Void](fmt.Sprintf("document.querySelector(%q).form.requestSubmit()", c.field)),
				chromedp.WaitVisible("#"+c.section+" > .flash.done"))
			if err != nil {
				t.Fatal(err)
			}
			gap, err := chromedp.Run(ctx, chromedp.Evaluate[float64](fmt.Sprintf(`(() => {
				const error = document.querySelector("#%s > .flash").cloneNode();
				error.className = "flash error";
				document.querySelector("main").prepend(error);
				const gap = parseFloat(getComputedStyle(error).marginBottom);
				error.remove();
				return gap;
			})()`, c.section)))
			if err != nil || gap < 8 {
				t.Errorf("an error in %s keeps a distance of %v pixels to what follows, at a width of %d: %v", c.section, gap, width, err)
			}
			testkit.Eventually(t, fmt.Sprintf("the message of %s is in view at %d pixels, and has the focus", c.section, width), func() bool {
				seen, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf(`(() => {
					const message = document.querySelector("#%s > .flash"), at = message?.getBoundingClientRect();
					return at?.top >= 0 && at.bottom <= innerHeight && document.activeElement === message;
				})()`, c.section)))
				return err == nil && seen
			})
		}
	}
}
