//go:build shots

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// TestScreenshots writes pictures of a running program's pages to the directory $SHOTS:
//
//	SHOTS=/tmp/shots go test -tags shots -run Screenshots .
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("SHOTS")
	if dir == "" {
		t.Skip("SHOTS is not set")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := newStage(t)
	for _, text := range []string{"schönes wetter heute", "kontrolle, du idiot", "kontrolle u8 hermannplatz, zwei männer in grauen jacken, richtung wittenau",
		"kontrolle s-bahn ring zwischen ostkreuz und treptower park", "kontrolle tram M10 an der eberswalder"} {
		writeMail(t, s.program, "zuerich", text)
	}
	s.everywhere("kontrolle tram M10 an der eberswalder")
	base, err := url.Parse(s.program.URL())
	if err != nil {
		t.Fatal(err)
	}
	session := s.admin.http.Jar.Cookies(base)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	for name, path := range map[string]string{"front": "/", "city": "/c/zuerich", "settings": "/city/zuerich", "ledger": "/city/zuerich/ledger"} {
		for _, width := range []int64{390, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				lang := map[string]string{"light": "de", "dark": "en"}[scheme]
				cookies := append([]*http.Cookie{{Name: "lang", Value: lang}}, session...)
				if name == "front" || name == "city" {
					cookies = cookies[:1]
				}
				file := filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, scheme))
				shoot(t, ctx, base.String(), path, file, width, scheme, cookies)
			}
		}
	}
}

func shoot(t *testing.T, ctx context.Context, base, path, file string, width int64, scheme string, cookies []*http.Cookie) {
	t.Helper()
	look := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, network.ClearBrowserCookies, cdp.Empty{})
		_, err2 := cdp.Call(ctx, target, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 600,
		})
		_, err3 := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		err = errors.Join(err, err2, err3)
		for _, cookie := range cookies {
			_, one := cdp.Call(ctx, target, network.SetCookie, network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: base})
			err = errors.Join(err, one)
		}
		return err
	})
	if err := chromedp.Do(ctx, look, chromedp.Navigate(base+path)); err != nil {
		t.Fatal(err)
	}
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[int64]("document.documentElement.scrollWidth"))
	if err != nil {
		t.Fatal(err)
	}
	if wide > width {
		t.Errorf("%s at %d px scrolls sideways: it is %d px wide", path, width, wide)
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
}
