package e2e

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"linienfunk/test/harness"
)

// addAuthenticator gives the browser one that has verified its user, or has not.
func addAuthenticator(id *webauthn.AuthenticatorID, verified bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		made, err := cdp.Call(ctx, target, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: verified, AutomaticPresenceSimulation: true,
		}})
		*id = made.AuthenticatorID
		return err
	})
}

// TestAnAdminMakesAPasskeyInABrowserAndLogsInWithIt also has one refused that says that it has not verified its user.
func TestAnAdminMakesAPasskeyInABrowserAndLogsInWithIt(t *testing.T) {
	t.Parallel()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here")
	}
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	c.HTTP = harness.FreePort(t)
	c.BaseURL = strings.Replace("http://"+c.HTTP, "127.0.0.1", "localhost", 1)
	harness.Start(t, c)
	harness.NewBrowser(t, c.BaseURL).Register(mails, "zuerich", "Zürich")

	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox,
		chromedp.Flag("force-prefers-reduced-motion", true)) // a click must not miss a page that still scrolls
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	var authenticator webauthn.AuthenticatorID
	do("log in with the password", addAuthenticator(&authenticator, true), chromedp.Navigate(c.BaseURL+"/login"), chromedp.SendKeys("#f-address", "admin-zuerich@example.net"),
		chromedp.SendKeys("#f-password", harness.AdminPassword), chromedp.Click("form[action='/login'] button"), chromedp.WaitVisible("#settings"))
	makes := func(password, then string) {
		t.Helper()
		do("make a passkey", chromedp.Navigate(c.BaseURL+"/account"), chromedp.WaitVisible("#f-passkey"), chromedp.SendKeys("#f-passkey", "Telefon"),
			chromedp.SendKeys("#f-passkey_password", password), chromedp.Click("form[data-passkey] button"), chromedp.WaitVisible(then))
	}
	makes("not the password", "form[data-passkey] [data-says]:not(:empty)")
	makes(harness.AdminPassword, ".flash.done")
	do("see it", chromedp.WaitVisible("#passkeys table"))

	logsOut := func() {
		t.Helper()
		do("log out", chromedp.Navigate(c.BaseURL+"/account"), chromedp.Click("form[action='/logout'] button"), chromedp.WaitVisible("a[href='/login']"))
	}
	logsIn := func(then string) {
		t.Helper()
		do("log in with the passkey", chromedp.Navigate(c.BaseURL+"/login"), chromedp.WaitVisible("form[data-passkey] button"), chromedp.Click("form[data-passkey] button"), chromedp.WaitVisible(then))
	}
	logsOut()
	logsIn("#settings")
	logsOut()
	badUV, refused := true, "form[data-passkey] [data-says]:not(:empty)"
	do("pretend", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: authenticator, IsBadUV: &badUV})
		return err
	}))
	logsIn(refused)
	do("be honest again", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: authenticator})
		return err
	}))
	logsIn("#settings")
	do("remove it", chromedp.Navigate(c.BaseURL+"/account"), chromedp.Click("form[action$='/remove'] button"), chromedp.WaitVisible("#passkeys .flash.done"))
	logsOut()
	logsIn(refused)
}
