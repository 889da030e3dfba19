package text

import "testing"

func TestSignaturesThatAProgramHasMarkedInHTMLAreCut(t *testing.T) {
	t.Parallel()
	const person = "<div>Erika Beispiel</div><table><tr><td>Die Vertreterin der Beispiele im Land</td></tr></table>"
	for name, signature := range map[string]string{
		"Outlook on the Web":         `<div id="Signature"><div><p>` + person + `</p></div></div>`,
		"Outlook for iOS":            `<div id="ms-outlook-mobile-signature">` + person + `</div>`,
		"Outlook for Mac":            `<div id="MAC_OUTLOOK_SIGNATURE">` + person + `</div>`,
		"Apple Mail":                 `<div id="AppleMailSignature" dir="ltr">` + person + `</div>`,
		"Mail on an iPhone":          `<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">` + person + `</div>`,
		"Proton":                     `<div class="protonmail_signature_block"><div class="protonmail_signature_block-user">` + person + `</div></div>`,
		"Open-Xchange":               `<div class="io-ox-signature">` + person + `</div>`,
		"GMX":                        `<div class="signature">` + person + `</div>`,
		"Spark":                      `<div name="messageSignatureSection">` + person + `</div>`,
		"Gmail":                      `<span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature">` + person + `</div>`,
		"Thunderbird":                `<pre class="moz-signature" cols="72">-- ` + person + `</pre>`,
		"Yahoo":                      `<div class="ydp1234signature">` + person + `</div>`,
		"Yahoo on Android":           `<div id="ymail_android_signature">` + person + `</div>`,
		"Samsung":                    `<div id="composer_signature">` + person + `</div>`,
		"Roundcube":                  `<div id="_rc_sig">` + person + `</div>`,
		"Zimbra":                     `<div data-marker="__SIG_PRE__">` + person + `</div>`,
		"Mail.ru":                    `<div data-signature-widget="container" id="mail-app-auto-default-signature">` + person + `</div>`,
		"Mailspring":                 `<signature id="x">` + person + `</signature>`,
		"as a table below a closing": `<p>Mit freundlichen Grüßen</p><table><tr><td>Erika Beispiel</td></tr><tr><td>Beispiel GmbH</td><td>Musterstraße 12</td></tr><tr><td>12345 Berlin</td></tr><tr><td>Tel.:</td><td>(030) 1234567</td></tr></table>`,
	} {
		page := "<html><body><div>Kontrolle U8</div><br>" + signature + "</body></html>"
		if got := cut(fromHTML(page)); got != "Kontrolle U8" {
			t.Errorf("%s: %q", name, got)
		}
		if name == "Mail on an iPhone" {
			continue // its signature has no end
		}
		page = "<html><body>" + signature + "<div>Kontrolle U8</div></body></html>"
		if got := cut(fromHTML(page)); got != "Kontrolle U8" && name != "as a table below a closing" {
			t.Errorf("%s, above the text: %q", name, got)
		}
	}
}

func TestQuotationsThatAProgramHasMarkedInHTMLAreCut(t *testing.T) {
	t.Parallel()
	for name, quotation := range map[string]string{
		"GMX":          `<div name="quote" style="margin:10px"><div>Gesendet: heute</div><div>Hi</div></div>`,
		"Spark":        `<div name="messageReplySection">On 12 Mar, Erika wrote:<br>Hi</div>`,
		"Zimbra":       `<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">Von: Erika</div><div data-marker="__QUOTED_TEXT__">Hi</div>`,
		"Yahoo":        `<div id="ydp1yahoo_quoted_1" class="ydp1yahoo_quoted"><div>On Tuesday, Erika wrote:</div><div>Hi</div></div>`,
		"Outlook":      `<div id="x_divRplyFwdMsg"><b>Von:</b> Erika</div><div>Hi</div>`,
		"old Outlook":  `<div class="OutlookMessageHeader"><b>From:</b> Erika<br><b>Sent:</b> x</div><div>Hi</div>`,
		"NetEase":      `<div id="isReplyContent">On 12 Mar, Erika wrote:<br>Hi</div>`,
		"Thunderbird":  `<div class="moz-cite-prefix">Am 12.03. schrieb Erika:</div><blockquote type="cite">Hi</blockquote>`,
		"Missive":      `<div class="missive_quote"><div>On 12 Mar, Erika wrote:</div>Hi</div>`,
		"Front":        `<div class="front-blockquote">Hi</div>`,
		"Nextcloud":    `<div class="quote">Hi</div>`,
		"Gmail, again": `<div class="x_gmail_quote">On 12 Mar, Erika wrote:<br>Hi</div>`,
	} {
		if got := cut(fromHTML("<div>Kontrolle U8</div>" + quotation)); got != "Kontrolle U8" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWhatBrowsersDoNotShowIsCut(t *testing.T) {
	t.Parallel()
	for _, attribute := range []string{
		`style="display:none"`, `style="display: none !important"`, `style="visibility: hidden"`, `style="mso-hide:all"`, `style="max-height:0; overflow:hidden"`, `style="overflow:hidden;max-height:0px"`,
		`style="font-size:0"`, `style="color:red;font-size: 0px;"`, `style="font-size:0.0em"`, `style="opacity:0"`, `style="height:0;overflow:hidden"`, `hidden`,
		`style="display:none;font-size:1px;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;"`,
	} {
		if got := cut(fromHTML("<div " + attribute + ">Newsletter</div><div>Kontrolle U8</div>")); got != "Kontrolle U8" {
			t.Errorf("%s: %q", attribute, got)
		}
	}
	for _, attribute := range []string{
		`style="font-size:0.9em"`, `style="font-size:05px"`, `style="max-height:0.5em;overflow:hidden"`, `style="max-height:0"`, `style="overflow:hidden"`, `style="opacity:0.8"`, `style="line-height:0"`, `class="sign"`, `style="visibility:visible"`,
	} {
		if got := cut(fromHTML("<div " + attribute + ">Kontrolle U8</div>")); got != "Kontrolle U8" {
			t.Errorf("%s: %q", attribute, got)
		}
	}
}

func TestAPageThatIsASignatureForItsProgramIsTheText(t *testing.T) {
	t.Parallel()
	for _, page := range []string{`<div class="has-signature"><p>Kontrolle U8</p></div>`, `<table style="font-size:0"><tr><td style="font-size:14px">Kontrolle U8</td></tr></table>`} {
		if got := cut(fromHTML(page)); got != "Kontrolle U8" {
			t.Errorf("%s: %q", page, got)
		}
	}
}
