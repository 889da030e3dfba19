package peers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/mail/inbound/inboundtest"
	"linienfunk/test/harness"
	"linienfunk/transit"
	transitnetwork "linienfunk/transit/network"
)

const axePackage = "axe-core@4.14.1"

// seen is a page, and what a visitor does before it is examined.
type seen struct {
	name, path string
	admin      bool
	script     string // run on the page; it may submit a form
	then       string // a selector that is visible afterwards
}

// submitForm returns a script that fills fields, by selector, and submits the form of the last one without the browser's own checks.
func submitForm(pairs ...string) string {
	var script strings.Builder
	last := ""
	for i := 0; i < len(pairs); i += 2 {
		last = pairs[i]
		fmt.Fprintf(&script, "document.querySelector(%q).value = %q;", last, pairs[i+1])
	}
	fmt.Fprintf(&script, "(() => { const form = document.querySelector(%q).form; form.noValidate = true; form.requestSubmit() })()", last)
	return script.String()
}

// offerTimetable lets a city's admins choose lines of a timetable.
func offerTimetable(t *testing.T, c config.Config, city string) {
	t.Helper()
	feed := testkit.Feed(t, testkit.CityLines(40)...)
	n, err := transitnetwork.Read(t.Context(), bytes.NewReader(feed), int64(len(feed)), transitnetwork.Options{})
	must(t, err)
	must(t, transit.NewStore(harness.Database(t, c), time.Now).Offer(t.Context(), city, "feed.zip", n))
}

// addNumbers makes the page with numbers have all of its tables.
func addNumbers(t *testing.T, c config.Config, city string) {
	t.Helper()
	now := time.Now()
	month, d := now.Year()*10000+int(now.Month())*100, harness.Database(t, c)
	for kind, name := range map[string]string{db.NumberOfLine: "U6", db.NumberOfStop: "Bahnhof", db.NumberOfHour: "2-17"} {
		must(t, d.Create(&db.Number{City: city, Period: month, Kind: kind, Name: name, Reports: db.LeastNumber}).Error)
	}
}

// TestPagesHaveNoMistakesForAxe examines the pages of a running program with axe, in light and dark colours, on a phone and on a desktop.
func TestPagesHaveNoMistakesForAxe(t *testing.T) {
	t.Parallel()
	needs(t, "chromium", "node", "npm")
	dir := t.TempDir()
	run(t, "npm", "install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", axePackage)
	axe, err := os.ReadFile(filepath.Join(dir, "node_modules/axe-core/axe.min.js"))
	must(t, err)

	mails, instance, telegram := harness.NewMailServer(t), mastodontest.New(t), telegramtest.New(t)
	c := harness.Config(t, mails)
	c.Networks = []config.Key{{Network: "telegram", Name: "api", Value: telegram.URL}}
	c.NATS.URL, c.NATS.Prefix, c.NATS.Listen = "", "", harness.FreePort(t)
	c.Operator = "admin-zuerich@example.net"
	program, _ := harness.Start(t, c)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "idiot")
	admin.SetLists("zuerich", "Zürich Stadt", "kontrolle\nkontrollen", "idiot")
	admin.SetLists("zuerich", "Zürich", "kontrolle\nkontrollen", "idiot")
	admin.ConnectMastodon(instance, "zuerich")
	admin.Post("/city/zuerich/bot/telegram/connect", "token", telegram.AddBot("ZueriBot"))
	telegram.Mute(telegram.AddChat("ZueriBot", "supergroup", "Linie 4"), true)
	admin.WaitForText("/city/zuerich", "Linie 4")
	admin.Post("/city/zuerich/bot/telegram/places")
	mailbox := inboundtest.New(t)
	mailbox.Add("melden@post.example")
	mailbox.AddFolder("melden@post.example", "Meldungen")
	admin.Post("/city/zuerich/bot/email/connect", "address", "melden@post.example", "host", mailbox.Host(), "port", mailbox.Port(), "security", "none", "password", inboundtest.Password)
	admin.Post("/city/zuerich/bot/external/connect", "name", "forum")
	visitor.Subscribe(mails, "zuerich", harness.ReaderAddress)
	for _, text := range []string{"kontrolle, du idiot", "schönes wetter", "kontrolle u6 am bahnhof"} {
		harness.SendMail(t, program, "zuerich", text)
	}
	admin.WaitForText("/city/zuerich/ledger", "kontrolle u6 am bahnhof")
	visitor.WaitForText("/c/zuerich", "kontrolle u6 am bahnhof")
	visitor.Post("/register", "address", "cy@example.net", "password", harness.AdminPassword, "city", "wien", "title", "Wien")
	confirm := strings.TrimPrefix(mails.WaitForLink(t, "cy@example.net", "/confirm/"), program.URL())
	visitor.Post("/forgot", "address", "admin-zuerich@example.net")
	reset := strings.TrimPrefix(mails.WaitForLink(t, "admin-zuerich@example.net", "/reset/"), program.URL())
	admin.Post("/city/zuerich/people/invite", "address", "bo@example.net", "role", "moderator")
	invite := strings.TrimPrefix(mails.WaitForLink(t, "bo@example.net", "/invite/"), program.URL())
	visitor.Post("/c/zuerich/email/subscribe", "address", "dora@example.net")
	subscribe := strings.TrimPrefix(mails.WaitForLink(t, "dora@example.net", "/c/zuerich/email/confirm"), program.URL())
	leave := strings.TrimPrefix(mails.WaitForLink(t, harness.ReaderAddress, "/c/zuerich/email/unsubscribe"), program.URL())

	offerTimetable(t, c, "zuerich")
	addNumbers(t, c, "zuerich")

	base, err := url.Parse(program.URL())
	must(t, err)
	a := newAuditor(t, program.URL(), string(axe), admin.Client.Jar.Cookies(base))
	file := strings.Replace(admin.Get("/city/zuerich/settings.json"), `"about": ""`, `"about": "Anders"`, 1)
	const city, history = "/city/zuerich", "/city/zuerich/history"
	pages := []seen{
		{name: "front", path: "/"},
		{name: "missing", path: "/nowhere"},
		{name: "privacy", path: "/privacy"},
		{name: "register", path: "/register"},
		{name: "wrong registration", path: "/register", script: submitForm("#f-title", "", "#f-address", "x", "#f-password", "x"), then: ".errors"},
		{name: "registered", path: "/register/sent"},
		{name: "confirm", path: confirm},
		{name: "login", path: "/login"},
		{name: "wrong login", path: "/login", script: submitForm("#f-address", "x@example.net", "#f-password", "x"), then: ".errors"},
		{name: "forgot", path: "/forgot"},
		{name: "forgotten", path: "/forgot/sent"},
		{name: "reset", path: reset},
		{name: "invitation", path: invite},
		{name: "old link", path: "/confirm/x"},
		{name: "public", path: "/c/zuerich"},
		{name: "numbers", path: "/c/zuerich/numbers", script: "0", then: "table.hours"},
		{name: "wrong subscription", path: "/c/zuerich", script: submitForm("#email input[type=email]", "x"), then: ".flash"},
		{name: "reported", path: "/c/zuerich", script: submitForm("#report-text", "kontrolle u2"), then: ".flash"},
		{name: "what became of a report", path: "/c/zuerich/sent/web/" + strings.Repeat("0", 32) + "?looks=99"},
		{name: "objection", path: regexp.MustCompile(`/c/zuerich/flag/[^"]+`).FindString(visitor.Get("/c/zuerich"))},
		{name: "subscription", path: subscribe},
		{name: "wrong subscription link", path: "/c/zuerich/email/confirm?t=x"},
		{name: "unsubscription", path: leave},
		{name: "cities", path: "/cities", admin: true},
		{name: "wrong city", path: "/cities", admin: true, script: submitForm("#f-title", ""), then: ".errors"},
		{name: "account", path: "/account", admin: true},
		{name: "operator", path: "/operator", admin: true},
		{name: "wrong password", path: "/account", admin: true, script: submitForm("#f-present", "x", "#f-password", "a tram named x"), then: ".errors"},
		{name: "app for codes", path: "/account", admin: true, script: submitForm("#f-totp_password", harness.AdminPassword), then: "svg.qr"},
		{name: "settings", path: city, admin: true},
		{name: "saved settings", path: city, admin: true, script: submitForm("#f-about", "Neu\n"), then: ".flash"},
		{name: "password of a program", path: city, admin: true, script: "document.querySelector(\"form[action$='/bot/external/password']\").requestSubmit()", then: "#external-password"},
		{name: "wrong settings", path: city, admin: true, script: submitForm("#f-about", strings.Repeat("x", 5000), "#f-triggers", "/(/"), then: ".errors"},
		{name: "wrong options", path: city, admin: true, script: submitForm("#mastodon form.options input:not([type])", strings.Repeat("#x ", 200)), then: "#mastodon .errors"},
		{name: "wrong token", path: city, admin: true, script: submitForm("#telegram input[name=token]", "x"), then: "#telegram > .flash"},
		{
			name: "wrong mailbox", path: city, admin: true, then: "#email > .flash",
			script: submitForm("#mailbox-address", "city@example.net", "#mailbox-host", "127.0.0.1", "#mailbox-port", "1", "#mailbox-password", "x"),
		},
		{name: "people", path: city + "/people", admin: true},
		{name: "log", path: city + "/log", admin: true},
		{name: "held", path: city + "/ledger?held=1", admin: true},
		{name: "take along or delete", path: city + "/end", admin: true},
		{name: "delete with a wrong name", path: city + "/end", admin: true, script: submitForm("#f-name", "bern"), then: "#f-name[aria-invalid]"},
		{name: "move to a wrong address", path: city + "/end", admin: true, script: submitForm("#f-url", "https://localhost/"+strings.Repeat("x", 300)), then: "#f-url[aria-invalid]"},
		{name: "wrong invitation", path: city + "/people", admin: true, script: submitForm("#f-invite", "x"), then: ".errors"},
		{
			name: "tried lists", path: city, admin: true, then: ".tried",
			script: `document.querySelector("#f-triggers").value = "wetter"; document.querySelector("#f-try_text").value = "wetter"; document.querySelector("#try button").click()`,
		},
		{
			name: "conflict", path: city, admin: true, then: ".conflicts",
			script: fmt.Sprintf(`fetch(location.pathname, {method: "POST", body: (() => {
				const body = new URLSearchParams(new FormData(document.querySelector("#settings form")));
				body.set("about", "Anderes " + Math.random()); body.set("triggers", "kontrolle\nu" + Math.random()); body.set("freshness_minutes", 20 + Math.floor(Math.random() * 20));
				return body;
			})()}).then(() => { %s })`, submitForm("#f-about", "Meins", "#f-freshness_minutes", "50", "#f-triggers", "kontrolle\nuhu")),
		},
		{name: "ledger", path: "/city/zuerich/ledger", admin: true},
		{name: "history", path: history, admin: true},
		{name: "undo", path: history, admin: true, script: `document.querySelector("#change-4 button").click()`, then: "form[action$='undo/apply']"},
		{name: "refused undo", path: history, admin: true, script: `document.querySelector("#change-3 button").click()`, then: "main table"},
		{name: "import", path: history, admin: true, script: submitForm("#f-text", file), then: "form[action$='import/apply']"},
		{name: "wrong import", path: history, admin: true, script: submitForm("#f-text", "{"), then: ".error"},
		{name: "choice of lines", path: city + "/network", admin: true, script: `document.querySelector("#f-choice-try").value = "inspectors u2"; document.querySelector("#choice .actions button").click()`, then: ".tried"},
		{name: "wrong lines", path: city + "/network", admin: true, script: submitForm("#f-lines", ": A"), then: ".errors"},
		{name: "lines", path: city + "/network", admin: true, script: `document.querySelector("#choice .actions button:not(.secondary)").click()`, then: "#present"},
		{name: "names of stops", path: city + "/network", admin: true, script: `document.querySelector("#f-stop_names").value = "Nowhere = N"; document.querySelector("#f-try").value = "u2 harbour"; document.querySelector("#names .actions button").click()`, then: ".tried"},
		{name: "commands", path: city + "/commands", admin: true},
		{name: "carried out command", path: city + "/commands", admin: true, script: submitForm("#c-lists-add-rule", "neues wort"), then: ".command .note"},
		{name: "wrong command", path: city + "/commands", admin: true, script: submitForm("#c-release-report", "nowhere"), then: ".errors"},
		{name: "keys and webhooks", path: city + "/api", admin: true},
		{name: "wrong key", path: city + "/api", admin: true, script: submitForm("#f-name", ""), then: ".errors"},
		{name: "wrong webhook", path: city + "/api", admin: true, script: submitForm("#f-url", "x"), then: ".errors"},
		{name: "the API", path: "/api/docs"},
		{name: "missing page of a network", path: city + "/bot/telegram/nowhere", admin: true},
		{name: "address of a form of a network", path: "/c/zuerich/web/report"},
	}
	for _, one := range pages {
		t.Run(one.name, func(t *testing.T) { a.examine(t, one) })
	}
}

// auditor examines pages in a browser.
type auditor struct {
	ctx       context.Context
	base, axe string
	cookies   []*http.Cookie // of an admin
}

func newAuditor(t *testing.T, base, axe string, cookies []*http.Cookie) *auditor {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	must(t, chromedp.Listen(ctx, func(event any) { // pages ask before edits are lost
		if _, ok := event.(*page.EventJavascriptDialogOpening); ok {
			go func() { // a listener must not call the browser
				_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
			}()
		}
	}))
	return &auditor{ctx, base, axe, cookies}
}

// mistake is a rule of axe that a page breaks.
type mistake struct {
	ID, Help string
	Nodes    []struct {
		Target  []any
		HTML    string
		Summary string `json:"failureSummary"`
	}
}

// examine examines a page in light colours on a phone, and then what colours and width change in dark colours on a desktop.
func (a *auditor) examine(t *testing.T, one seen) {
	must(t, chromedp.Do(a.ctx, a.logIn(one.admin), show("light", 390), chromedp.Navigate(a.base+one.path)))
	if one.script != "" {
		must(t, chromedp.Do(a.ctx, chromedp.Evaluate[chromedp.Void](one.script+", undefined"), chromedp.WaitVisible(one.then)))
	}
	must(t, chromedp.Do(a.ctx, chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((one) => (one.open = true))`),
		chromedp.Evaluate[chromedp.Void](a.axe+"; undefined")))
	a.run(t, "light", "{}")
	must(t, chromedp.Do(a.ctx, show("dark", 1280)))
	a.run(t, "dark", `{runOnly: ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]}`)
}

// logIn replaces all cookies by those of the admin, or by none.
func (a *auditor) logIn(admin bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, network.ClearBrowserCookies, cdp.Empty{}); err != nil || !admin {
			return err
		}
		for _, cookie := range a.cookies {
			if _, err := cdp.Call(ctx, target, network.SetCookie, network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: a.base}); err != nil {
				return err
			}
		}
		return nil
	})
}

func show(scheme string, width int64) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 600,
		})
		if err != nil {
			return err
		}
		_, err = cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	})
}

// run runs axe with options.
func (a *auditor) run(t *testing.T, scheme, options string) {
	found, err := chromedp.Run(a.ctx, chromedp.Evaluate[string](
		"axe.run("+options+").then((found) => JSON.stringify(found.violations))", chromedp.EvalAwaitPromise))
	must(t, err)
	var mistakes []mistake
	must(t, json.Unmarshal([]byte(found), &mistakes))
	for _, m := range mistakes {
		for _, node := range m.Nodes {
			t.Errorf("in %s colours: %s (%s) at %v:\n%s\n%s", scheme, m.Help, m.ID, node.Target, node.HTML, node.Summary)
		}
	}
}
