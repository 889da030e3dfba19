package city_test

import (
	"slices"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"linienfunk/frontend/frontendtest"
)

const optionsButton = ".options > .actions button"

func TestEditsInOtherFormsAreCarriedOverASave(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	b := browsers(s, "ada@example.org")[0]
	const rest = "[document.querySelector('#f-triggers').value, document.querySelector('#fake-host').value, document.querySelector('#f-title').value].join('|')"
	b.do(chromedp.Navigate(s.URL+"/city/berlin"), chromedp.SetValue("#f-triggers", "eule\nuhu"), chromedp.SetValue("#fake-host", "example.social"),
		chromedp.SetValue("#alpha-option-greeting", "Moin"), chromedp.Click(optionsButton), chromedp.WaitVisible("#alpha > .flash.done"),
		chromedp.WaitVisible("#settings .note"))
	if got := b.value(rest); got != "eule\nuhu|example.social|Berlin" {
		t.Errorf("after another form was saved the page has %q", got)
	}
	if got := s.Node.View("alpha", s.Present("berlin")).Options.Text("greeting"); got != "Moin" {
		t.Errorf("the saved form has %q", got)
	}
	b.do(chromedp.Click(saveButton),
		chromedp.WaitNotPresent("#alpha > .flash.done"), chromedp.WaitVisible(".flash.done")) // the first is that of the page before
	if got := s.Present("berlin").Triggers; !slices.Equal(got, []string{"eule", "uhu"}) {
		t.Errorf("in force: %q", got)
	}
	if got := b.value(rest); got != "eule\nuhu|example.social|Berlin" {
		t.Errorf("after the settings were saved the page has %q", got)
	}
}

func TestCarriedEditsDoNotHideAnotherAdminsChange(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	b := browsers(s, "ada@example.org")[0]
	b.do(chromedp.Navigate(s.URL+"/city/berlin"), chromedp.SetValue("#f-about", "Meins"), chromedp.WaitVisible(saveButton))
	s.Save("berlin", 0, map[string]any{"about": "Theirs"})
	b.do(chromedp.SetValue("#fake-host", "example.social"), chromedp.Click("form[action$='alpha/connect'] button"), chromedp.WaitVisible("#alpha > .flash"),
		chromedp.Click(saveButton), chromedp.WaitVisible(mergeButton))
	if got := s.Present("berlin").About; got != "Theirs" {
		t.Errorf("in force: %q", got)
	}
}

func TestAFormThatWasSentAfterTheSessionEndedIsFilledInAgain(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	b := browsers(s, "ada@example.org")[0]
	b.do(chromedp.Navigate(s.URL+"/city/berlin"), chromedp.SetValue("#f-about", "Viel Text"), chromedp.SetValue("#alpha-option-greeting", "Moin"))
	frontendtest.Check(t, s.Site.DB.Exec("DELETE FROM sessions").Error)
	b.do(chromedp.Click(saveButton), chromedp.WaitVisible(".flash.error"),
		chromedp.SendKeys("#f-address", "ada@example.org"), chromedp.SendKeys("#f-password", "wrong password"), chromedp.Click("main form button"), chromedp.WaitVisible(".errors"),
		chromedp.SendKeys("#f-password", frontendtest.Password), chromedp.Click("main form button"), chromedp.WaitVisible("#settings .note"))
	if got := b.value("document.querySelector('#f-about').value + '|' + document.querySelector('#alpha-option-greeting').value"); got != "Viel Text|Moin" {
		t.Errorf("after the login the forms have %q", got)
	}
	b.do(chromedp.Click(saveButton), chromedp.WaitVisible(".flash.done"))
	if got := s.Present("berlin").About; got != "Viel Text" {
		t.Errorf("in force: %q", got)
	}
	if got := b.value("document.querySelector('#f-about').value + document.querySelectorAll('#settings .note').length"); got != "Viel Text0" {
		t.Errorf("after the save the form has %q", got)
	}
}

func TestEditsAreCarriedIntoAnotherLanguage(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	b := browsers(s, "ada@example.org")[0]
	b.do(chromedp.Navigate(s.URL+"/city/berlin"), chromedp.SendKeys("#f-about", "Viel Text"), chromedp.Click("footer a[hreflang=de]"),
		chromedp.WaitVisible("#settings .note"), chromedp.WaitVisible("html[lang=de]"))
	if got := b.value("document.querySelector('#f-about').value"); got != "Viel Text" {
		t.Errorf("in German the form has %q", got)
	}
}

func TestAFormThatFailedIsFilledInAgain(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	b := browsers(s, "ada@example.org")[0]
	const host = "document.querySelector('#fake-host').value"
	b.do(chromedp.Navigate(s.URL+"/city/berlin"), chromedp.SetValue("#fake-host", "refused.example"), chromedp.Click("form[action$='alpha/connect'] button"),
		chromedp.WaitVisible("#alpha > .flash.error"))
	if got := b.value(host); got != "refused.example" {
		t.Errorf("after the failure the form has %q", got)
	}
	b.do(chromedp.SetValue("#fake-host", "example.social"), chromedp.Click("form[action$='alpha/connect'] button"), chromedp.WaitVisible("#alpha > .flash.done"))
	if got := b.value(host); got != "" {
		t.Errorf("after the success the form has %q", got)
	}
}

func TestADoubleClickSendsAFormOnce(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	b := browsers(s, "ada@example.org")[0]
	b.do(chromedp.Navigate(s.URL+"/city/berlin"), chromedp.WaitVisible(saveButton))
	sent := b.value(`(() => {
		let sent = 0;
		addEventListener("submit", (event) => {
			sent += event.defaultPrevented ? 0 : 1;
			event.preventDefault();
		});
		const save = document.querySelector("` + saveButton + `");
		save.click();
		save.click();
		document.querySelector(".options button").click();
		return String(sent);
	})()`)
	if sent != "2" {
		t.Errorf("two clicks on one button and one on another send %s forms, want 2", sent)
	}
}

func TestThePageAsksBeforeEditsAreLost(t *testing.T) {
	s := frontendtest.New(t, frontendtest.TwoBots)
	s.Admin("ada@example.org", "berlin")
	b := browsers(s, "ada@example.org")[0]
	asked := make(chan page.DialogType, 10)
	frontendtest.Check(t, chromedp.Listen(b.ctx, func(event any) {
		if opening, ok := event.(*page.EventJavascriptDialogOpening); ok {
			asked <- opening.Type
			go func() { // a listener must not call the browser
				_, _ = chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
			}()
		}
	}))
	for _, c := range []struct {
		what, edit string
		asks       bool
	}{
		{"nothing", "document.querySelector('#f-about').value += ''", false},
		{"a text", "document.querySelector('#f-about').value += 'x'", true},
		{"a switch", "document.querySelector('[name=listed]').click()", true},
		{"a choice", "document.querySelector('#f-time_zone').value = 'Europe/Lisbon'", true},
		{"a network's option", "document.querySelector('#alpha-option-greeting').value = 'x'", true},
	} {
		b.do(chromedp.Navigate(s.URL+"/city/berlin"), chromedp.Click("#f-about")) // browsers ask only those who touched the page
		b.value("String(" + c.edit + ")")
		b.do(chromedp.Click(".tabs a[href$=history]"), chromedp.WaitVisible("ol.history"))
		if got := len(asked) > 0; got != c.asks {
			t.Errorf("%s: asked %v", c.what, got)
		}
		for len(asked) > 0 {
			<-asked
		}
	}
}
