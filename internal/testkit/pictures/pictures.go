// Package pictures takes screenshots of pages with Chromium for people to look at.
package pictures

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Camera takes screenshots with one browser.
type Camera struct {
	t    testing.TB
	ctx  context.Context
	dir  string
	base string
}

// New starts a browser for the site at base. Pictures are written to the directory $SHOTS; without it the test is skipped.
func New(t testing.TB, base string) *Camera {
	t.Helper()
	dir := os.Getenv("SHOTS")
	if dir == "" {
		t.Skip("SHOTS is not set")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	leave(t, ctx)
	return &Camera{t: t, ctx: ctx, dir: dir, base: base}
}

// leave leaves pages that ask before edits are lost.
func leave(t testing.TB, ctx context.Context) {
	err := chromedp.Listen(ctx, func(event any) {
		if _, ok := event.(*page.EventJavascriptDialogOpening); ok {
			go func() { // a listener must not call the browser
				_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
			}()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Shot is one picture.
type Shot struct {
	Name    string // of the file, without .png
	Path    string
	Width   int64  // of the window in pixels; below 600 the browser is that of a phone
	Scheme  string // "light" or "dark"
	Cookies []*http.Cookie
	Before  []chromedp.Action[chromedp.Void] // run on the page before the picture is taken
}

// Take writes a picture of the whole page. The test fails if the page is wider than the window.
func (c *Camera) Take(s Shot) {
	c.t.Helper()
	err := chromedp.Do(c.ctx, c.prepare(s), chromedp.Navigate(c.base+s.Path), chromedp.Steps(s.Before...))
	if err != nil {
		c.t.Fatalf("%s: %v", s.Name, err)
	}
	wide, err := chromedp.Run(c.ctx, chromedp.Evaluate[int64]("document.documentElement.scrollWidth"))
	if err != nil {
		c.t.Fatalf("%s: %v", s.Name, err)
	}
	if wide > s.Width {
		c.t.Errorf("%s: %d px wide, has only %d", s.Name, wide, s.Width)
	}
	png, err := chromedp.Run(c.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		c.t.Fatalf("%s: %v", s.Name, err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, s.Name+".png"), png, 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// prepare sets the window, the colour scheme and the cookies of a shot, and drops all other cookies.
func (c *Camera) prepare(s Shot) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.ClearBrowserCookies, cdp.Empty{})
		_, err2 := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: s.Width, Height: 900, DeviceScaleFactor: 1, Mobile: s.Width < 600,
		})
		_, err3 := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			// Without smooth scrolling: a click would miss an element that still moves.
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.Scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		err = errors.Join(err, err2, err3)
		for _, cookie := range s.Cookies {
			_, one := cdp.Call(ctx, t, network.SetCookie, network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: c.base})
			err = errors.Join(err, one)
		}
		return err
	})
}
