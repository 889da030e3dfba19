package city_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"linienfunk/frontend/frontendtest"
	"linienfunk/internal/testkit"
)

// window sets the size of the window, below 600 pixels that of a phone, and scrolls smoothly, as pages do for most people.
func window(width int64, noScript bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: 800, DeviceScaleFactor: 1, Mobile: width < 600,
		})
		_, err2 := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: noScript})
		_, err3 := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "no-preference"}},
		})
		return errors.Join(err, err2, err3)
	})
}

// TestAMessageIsSeenAndFocusedInTheSectionThatTheAddressNames also runs without scripts, where the browser focuses the section, which
// begins with the message.
func TestAMessageIsSeenAndFocusedInTheSectionThatTheAddressNames(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	b := browsers(s, "ada@example.org")[0]
	for _, c := range []struct{ page, field, form, section, focused, says string }{
		{"/city/berlin", "", ".options", "alpha", ".flash", "Nothing was changed"},
		{"/city/berlin", "#fake-host", "form[action$='alpha/connect']", "alpha", ".flash", "The account is connected."},
		{"/city/berlin", "", "form[action$='alpha/connect']", "alpha", ".flash", "Please name a server."},
		{"/city/berlin/people", "", "#invite form", "invite", "#f-invite", "is missing"},
		{"/c/berlin", "#fake-text", "#feeds form", "feeds", ".flash", "Thank you!"},
	} {
		for _, w := range []struct {
			width    int64
			noScript bool
		}{{390, false}, {390, true}, {1280, false}} {
			focused := c.focused
			if w.noScript {
				focused = "#" + c.section
			}
			b.do(window(w.width, w.noScript), chromedp.Navigate(s.URL+c.page), chromedp.WaitVisible(c.form))
			if c.field != "" {
				b.do(chromedp.SetValue(c.field, "bo@example.org"))
			}
			b.value(fmt.Sprintf("document.querySelector(%q).submit() ?? ''", c.form))
			b.do(chromedp.WaitVisible("#" + c.section + " :is(.flash, .error)"))
			testkit.Eventually(t, fmt.Sprintf("%q is in view at %d pixels, and %s has the focus", c.says, w.width, focused), func() bool {
				return b.value(fmt.Sprintf(`(() => {
						const message = document.querySelector("#%s :is(.flash, .error)"), seen = message.getBoundingClientRect();
						return String(message.innerText.includes(%q) && seen.top >= 0 && seen.bottom <= innerHeight && document.activeElement.matches(%q));
					})()`, c.section, c.says, focused)) == "true"
			})
			if hash := b.value("location.hash"); !strings.HasSuffix(hash, c.section) {
				t.Errorf("the address ends with %q", hash)
			}
		}
	}
}
