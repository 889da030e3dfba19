package email_test

import (
	"bytes"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/report"
)

func want(t testing.TB, answer *httptest.ResponseRecorder, status int, header, text string) {
	t.Helper()
	got := answer.Body.String()
	if header != "" {
		got = answer.Header().Get(header)
	}
	if answer.Code != status || !strings.Contains(got, text) {
		t.Errorf("%d %q, want %d with %q", answer.Code, got, status, text)
	}
}

func TestOnlyAConfirmedSubscriberGetsReports(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	want(t, v.ask(" Rider@Example.ORG "), 303, "X-Message", "check your inbox")
	if got := v.broadcast(v.report("1")); len(got) != 0 {
		t.Errorf("a pending subscriber got %v", got)
	}
	link := v.link("rider@example.org", "confirm")
	want(t, v.get(link), 200, "", "<form method=\"post\" action=\"/c/zuerich/email/confirm\"")
	if got := v.broadcast(v.report("2")); len(got) != 0 {
		t.Error("viewing the link subscribed")
	}
	want(t, v.submit(link), 303, "X-Message", "Zürich")
	want(t, v.submit(link), 303, "X-Message", "Zürich") // again
	got := v.broadcast(v.report("3"))
	if len(got) != 1 || got[0].To != "rider@example.org" {
		t.Errorf("mails %+v", got)
	}
}

func TestAReportsMailHasTheHeadersOfAMailingList(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("rider@example.org")
	r := v.report("1")
	m := v.broadcast(r)[0]
	unsubscribe := strings.Trim(m.Header["List-Unsubscribe"], "<>")
	if m.From != "zuerich" || m.FromName != "Zürich" || m.Subject != "[Zürich] kontrolle u8 hermannplatz" {
		t.Errorf("from %s %s: %s", m.From, m.FromName, m.Subject)
	}
	if !strings.HasPrefix(m.Text, "kontrolle u8\nhermannplatz\n\n-- \nAlle Meldungen von Zürich: https://linienfunk.example/c/zuerich\n") ||
		!strings.Contains(m.Text, "Abbestellen: "+unsubscribe+"\n") {
		t.Errorf("text %q", m.Text)
	}
	if m.Header["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" || m.Header["X-Loop"] != "zuerich@linienfunk.example" ||
		m.Header["List-Id"] != "<zuerich.linienfunk.example>" || !m.Expires.Equal(r.At.Add(30*time.Minute)) {
		t.Errorf("header %v, expires %v", m.Header, m.Expires)
	}
}

func TestASubjectIsShortAndHasNoControlCharacters(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("rider@example.org")
	r := v.report("1")
	r.Text = "a\r\nBcc: x@example.org\x00\u202e " + strings.Repeat("🚨", 4000)
	subject := v.broadcast(r)[0].Subject
	if strings.ContainsAny(subject, "\r\n\x00\u202e") || len(subject) > 400 || !strings.HasSuffix(subject, "…") {
		t.Errorf("subject %q", subject)
	}
}

func TestUnsubscribingNeedsAButtonOrAMailProgram(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(v visitor, link string){
		"with the button": func(v visitor, link string) {
			want(t, v.get(link), 200, "", "action=\"/c/zuerich/email/unsubscribe\"")
			want(t, v.submit(link), 303, "X-Message", "deleted")
			want(t, v.submit(link), 303, "X-Message", "deleted")
		},
		"with one click, as a form": func(v visitor, link string) {
			want(t, v.post(link, url.Values{"List-Unsubscribe": {"One-Click"}}), 200, "", "deleted")
			want(t, v.post(link, url.Values{"List-Unsubscribe": {"One-Click"}}), 200, "", "deleted")
		},
		"with one click, as multipart": func(v visitor, link string) {
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			form.WriteField("List-Unsubscribe", "One-Click")
			form.Close()
			r := httptest.NewRequest(http.MethodPost, link, &body)
			r.Header.Set("Content-Type", form.FormDataContentType())
			want(t, v.do(r), 200, "", "deleted")
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVisitor(t)
			v.subscribe("rider@example.org")
			link := strings.TrimPrefix(strings.Trim(v.broadcast(v.report("1"))[0].Header["List-Unsubscribe"], "<>"), "https://linienfunk.example")
			v.get(link)
			if got := v.broadcast(v.report("2")); len(got) != 1 {
				t.Error("viewing the link unsubscribed")
			}
			v.w.Advance(1000 * 24 * time.Hour)
			leave(v, link)
			if waiting := v.w.Mails.All(); len(waiting) != 0 {
				t.Errorf("%d mails are still queued", len(waiting))
			}
			if got := v.broadcast(v.report("3")); len(got) != 0 {
				t.Errorf("still gets %v", got)
			}
		})
	}
}

// The program's protection against cross-site requests applies to all pages.
func TestOneClickPassesTheProtectionAgainstForgedRequests(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("rider@example.org")
	link := v.link("rider@example.org", "confirm") // the token is of another kind, but the request reaches the bot
	protected := http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	}))
	r := httptest.NewRequest(http.MethodPost, link, strings.NewReader("List-Unsubscribe=One-Click"))
	answer := httptest.NewRecorder()
	protected.ServeHTTP(answer, r)
	want(t, answer, http.StatusTeapot, "", "")
}

func TestALinkThatDoesNotWorkSaysSo(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("other@example.org")
	v.ask("rider@example.org")
	confirm := v.link("rider@example.org", "confirm")
	for _, page := range []string{"confirm", "unsubscribe"} {
		for _, token := range []string{"", "x", "a-b", "a-b-c", strings.Repeat("0", 32) + "-zz-" + strings.Repeat("0", 32)} {
			path := "/c/zuerich/email/" + page + "?t=" + token
			want(t, v.get(path), 404, "", "do not know this link")
			want(t, v.submit(path), 404, "", "do not know this link")
		}
	}
	other := visitor{t, v.w, "ghent"}
	want(t, other.get(strings.Replace(confirm, "/zuerich/", "/ghent/", 1)), 404, "", "do not know this link")
	want(t, v.get(strings.Replace(confirm, "/confirm", "/unsubscribe", 1)), 404, "", "do not know this link")
	v.w.Advance(48*time.Hour + time.Second)
	want(t, v.get(confirm), 410, "", "no longer valid")
	want(t, v.submit(confirm), 410, "", "no longer valid")
	if got := v.broadcast(v.report("1")); len(got) != 1 {
		t.Errorf("%d mails for one subscriber", len(got))
	}
}

func TestNobodyLearnsWhoSubscribes(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("known@example.org")
	v.w.Advance(time.Hour)
	known, unknown := v.ask("known@example.org"), v.ask("unknown@example.org")
	if known.Code != unknown.Code || known.Header().Get("X-Message") != unknown.Header().Get("X-Message") ||
		known.Body.String() != unknown.Body.String() {
		t.Errorf("known: %d %v, unknown: %d %v", known.Code, known.Header(), unknown.Code, unknown.Header())
	}
	mails := v.w.Mails.All()
	if last := mails[len(mails)-2]; last.To != "known@example.org" || strings.Contains(last.Text, "/confirm?") {
		t.Errorf("the known one got %+v", last)
	}
}

func TestMailsAboutSubscriptionsAreFew(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	for range 5 {
		want(t, v.ask("rider@example.org"), 303, "X-Message", "check your inbox")
	}
	if got := len(v.w.Mails.All()); got != 1 {
		t.Errorf("%d mails to one address", got)
	}
	for _, step := range []struct {
		pause time.Duration
		mails int
	}{{9 * time.Minute, 1}, {2 * time.Minute, 2}, {time.Hour, 2}, {22 * time.Hour, 2}, {time.Hour, 3}, {time.Hour, 3}, {24 * time.Hour, 4}} {
		v.w.Advance(step.pause)
		v.ask("rider@example.org")
		if got := len(v.w.Mails.All()); got != step.mails {
			t.Errorf("%d mails to an address that never confirmed, not %d", got, step.mails)
		}
	}
	for i := range 300 {
		v.ask(fmt.Sprintf("rider%d@example.org", i))
	}
	want(t, v.ask("late@example.org"), 303, "X-Failed", "Too many")
	if got := len(v.w.Mails.All()); got > 244 {
		t.Errorf("%d mails in an hour", got)
	}
	ghent := visitor{t, v.w, "ghent"}
	want(t, ghent.ask("late@example.org"), 303, "X-Message", "check your inbox")
	v.w.Advance(2 * time.Hour)
	want(t, v.ask("late@example.org"), 303, "X-Message", "check your inbox")
}

func TestAConfirmedSubscriberGetsAMailEveryTenMinutesAtMost(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("rider@example.org")
	for range 5 {
		v.w.Advance(11 * time.Minute)
		v.ask("rider@example.org")
		v.ask("rider@example.org")
	}
	if got := len(v.w.Mails.All()); got != 6 {
		t.Errorf("%d mails", got)
	}
}

func TestOneClientOrNetworkCannotUseUpTheSubscriptionsOfACity(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	ask := func(client, address string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/c/zuerich/email/subscribe", strings.NewReader("address="+address))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = client
		return v.do(r)
	}
	for i := range 200 {
		answer := ask(fmt.Sprintf("[2001:db8::%x]:1", i), fmt.Sprintf("rider%d@example.org", i))
		if i >= 5 {
			want(t, answer, 303, "X-Failed", "your connection")
		}
	}
	if got := len(v.w.Mails.All()); got != 5 {
		t.Errorf("%d mails for one client", got)
	}
	want(t, ask("[2001:db8:0:1::1]:1", "other@example.org"), 303, "X-Message", "check your inbox")
	v.w.Advance(time.Minute)
	want(t, ask("[2001:db8::1]:1", "late@example.org"), 303, "X-Message", "check your inbox")

	for i := range 200 { // many clients of one network
		ask(fmt.Sprintf("[2001:db8:0:%x::1]:1", i), fmt.Sprintf("many%d@example.org", i))
	}
	want(t, ask("[2001:db8:0:1000::1]:1", "one-more@example.org"), 303, "X-Failed", "Too many")
	want(t, ask("[2001:db8:1::1]:1", "another-network@example.org"), 303, "X-Message", "check your inbox")
}

// A browser without Sec-Fetch-Site sends the origin of a form in Origin, which is null if the page asks for no referrer.
func TestThePagesOfLinksDoNotSetTheReferrerPolicy(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("rider@example.org")
	for _, path := range []string{v.link("rider@example.org", "confirm"), "/c/zuerich/email/confirm?t=x"} {
		answer := v.get(path)
		if policy := answer.Header().Get("Referrer-Policy"); policy != "" || answer.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, answer.Header())
		}
	}
}

func TestSubscribingCanBeRepeatedAtOnceIfTheConfirmationWasNotSent(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.w.Mails.Err = errors.New("disk full")
	want(t, v.ask("rider@example.org"), 303, "X-Failed", "went wrong")
	v.w.Mails.Err = nil
	want(t, v.ask("rider@example.org"), 303, "X-Message", "check your inbox")
	v.submit(v.link("rider@example.org", "confirm"))
	if got := v.broadcast(v.report("1")); len(got) != 1 {
		t.Errorf("%d mails", len(got))
	}
}

func TestAddressesThatCannotBeMailedToAreRefused(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	for _, address := range []string{
		"", "rider", "rider@", "@example.org", "rider@localhost", "Rider <rider@example.org>", "a@example.org, b@example.org",
		"a@example.org\r\nBcc: b@example.org", "a b@example.org", `"a b"@example.org`, "a@[127.0.0.1]", "jürg@example.org",
		"a@exa mple.org", "a@-.org", "a@example.org.", strings.Repeat("a", 65) + "@example.org", "a@" + strings.Repeat("b.", 130) + "org",
		"zuerich@linienfunk.example", "a@xn--a.example",
	} {
		if answer := v.ask(address); answer.Header().Get("X-Failed") == "" {
			t.Errorf("%q: %d %v", address, answer.Code, answer.Header())
		}
	}
	if got := v.w.Mails.All(); len(got) != 0 {
		t.Errorf("mails %+v", got)
	}
	want(t, v.ask("rider@zürich.example"), 303, "X-Message", "check your inbox")
	if got := v.w.Mails.All(); got[0].To != "rider@xn--zrich-kva.example" {
		t.Errorf("mail to %s", got[0].To)
	}
}

func TestAPageIsOneCallAndAFailedOneIsRepeated(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	for i := range 3 {
		v.subscribe(fmt.Sprintf("rider%d@example.org", i))
	}
	r := v.report("1")
	v.w.Mails.Err = errors.New("disk full")
	bot := v.w.Bot.(bots.Broadcaster)
	next, served, err := bot.SendPage(t.Context(), bots.Account{City: "zuerich"}, r, "")
	if err == nil || next != "" || served != 0 {
		t.Errorf("%q %d %v", next, served, err)
	}
	v.w.Mails.Err = nil
	if got := v.broadcast(r); len(got) != 3 {
		t.Errorf("%d mails", len(got))
	}
	if got := v.broadcast(r); len(got) != 0 {
		t.Errorf("%d mails twice", len(got))
	}
	if _, _, err := bot.SendPage(t.Context(), bots.Account{City: "zuerich"}, r, "x"); bots.AsError(err).Kind != bots.KindPermanent {
		t.Errorf("a broken cursor: %v", err)
	}
}

func TestAdminsCanSwitchMailOff(t *testing.T) {
	t.Parallel()
	s := serve(t)
	v := visitor{t, s.w, "zuerich"}
	v.subscribe("rider@example.org")
	section := func() *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/", nil)
		city, _, _ := s.w.Core.Cities.City(r.Context(), "zuerich")
		answer := httptest.NewRecorder()
		s.w.Bot.WebUI().ServeHTTP(answer, bots.WithMount(r, bots.Mount{City: city, Path: "/x", Lang: "en", Admin: true}))
		return answer
	}
	want(t, section(), 200, "", "zuerich@linienfunk.example")
	want(t, section(), 200, "", "One person")
	if strings.Contains(section().Body.String(), "rider") {
		t.Error("the admins see a subscriber")
	}
	s.w.SetOption(t, "zuerich", "enabled", false)
	want(t, section(), 200, "", "switched off")
	accounts, err := s.w.Bot.Accounts(t.Context())
	if err != nil || len(accounts) != 1 || accounts[0].City != "ghent" {
		t.Errorf("accounts %v, %v", accounts, err)
	}
	c := s.hello()
	c.Say("MAIL FROM:<"+marta+">", "250")
	c.Say("RCPT TO:<"+zuerich+">", "550 5.2.1")
	want(t, v.get("/c/zuerich/email/"), 204, "", "")
	want(t, v.ask("other@example.org"), 303, "X-Failed", "does not accept")
	s.w.SetOption(t, "zuerich", "enabled", true)
	c.Say("RCPT TO:<"+zuerich+">", "250")
	want(t, v.get("/c/zuerich/email/"), 200, "", "<form")
}

// about is a report with what it means.
func (v visitor) about(id, text string) report.Report {
	r := v.report(id)
	r.Text, r.Means = text, bottest.Read(text)
	return r
}

func TestASubscriberOfALineGetsReportsAboutIt(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	fields := url.Values{"address": {"rider@example.org"}, "choice": {"1"}, "lines": {"u8"}, "all": {"1"}}
	want(t, v.post("/c/zuerich/email/subscribe", fields), 303, "X-Message", "check your inbox")
	want(t, v.submit(v.link("rider@example.org", "confirm")), 303, "X-Message", "Zürich")
	for text, sent := range map[string]int{"Kontrolle U8": 1, "Kontrolle am Hermannplatz": 1, "Kontrolle M10": 0, "Kontrolle im Zug": 1} {
		if got := v.broadcast(v.about(text, text)); len(got) != sent {
			t.Errorf("%s: %d mails, want %d", text, len(got), sent)
		}
	}
}

func TestTheLinkInAMailChangesWhatASubscriberGets(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("rider@example.org")
	v.broadcast(v.about("1", "Kontrolle M10"))
	link := v.link("rider@example.org", "choose")
	want(t, v.get(link), 200, "", `name="lines" value=""`)
	fields := url.Values{"t": {token(t, link)}, "choice": {"1"}, "lines": {"u8"}, "stops": {"warschauer"}, "day": {"1", "2", "3", "4", "5", "6", "0"}}
	want(t, v.post("/c/zuerich/email/choose", fields), 303, "X-Message", "Saved")
	want(t, v.get(link), 200, "", `name="lines" value="U8"`)
	want(t, v.get(link), 200, "", `name="stops" value="Warschauer Straße"`)
	for text, sent := range map[string]int{"Kontrolle U8": 1, "Kontrolle Warschauer Straße": 1, "Kontrolle M10 Hauptbahnhof": 0, "Kontrolle im Zug": 0} {
		if got := v.broadcast(v.about(text, text)); len(got) != sent {
			t.Errorf("%s: %d mails, want %d", text, len(got), sent)
		}
	}
}

func TestAChoiceThatIsNotUnderstoodIsNotSaved(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("rider@example.org")
	v.broadcast(v.about("1", "Kontrolle M10"))
	link := v.link("rider@example.org", "choose")
	fields := url.Values{"t": {token(t, link)}, "choice": {"1"}, "lines": {"U8 U99"}, "stops": {"Nirgendwo"}, "hours": {"morgens"}, "day": {"2"}}
	answer := v.post("/c/zuerich/email/choose", fields)
	for _, said := range []string{"do not know these lines here: U99", "do not know these stops here: Nirgendwo", "7-10", `value="U8 U99"`, `value="2" checked`} {
		want(t, answer, 422, "", said)
	}
	if got := v.broadcast(v.about("2", "Kontrolle M10")); len(got) != 1 {
		t.Error("it was saved")
	}
	fields = url.Values{"address": {"other@example.org"}, "choice": {"1"}, "lines": {"U99"}}
	want(t, v.post("/c/zuerich/email/subscribe", fields), 303, "X-Failed", "U99")
}

func TestNobodyElseChangesWhatASubscriberGets(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("rider@example.org")
	v.w.Advance(time.Hour)
	v.post("/c/zuerich/email/subscribe", url.Values{"address": {"rider@example.org"}, "choice": {"1"}, "lines": {"u8"}})
	if got := v.broadcast(v.about("1", "Kontrolle M10")); len(got) != 1 {
		t.Error("a form without the link has changed it")
	}
	forged := "/c/zuerich/email/choose?t=" + strings.Repeat("0", 32) + "-" + strings.Repeat("0", 32)
	want(t, v.get(forged), 404, "", "")
}

func TestWhatASubscriberWantsIsSealed(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.post("/c/zuerich/email/subscribe", url.Values{"address": {"rider@example.org"}, "choice": {"1"}, "lines": {"m10"}, "stops": {"Warschauer Straße"}})
	var rows []map[string]any
	if err := v.w.Core.DB.Table("email_subscribers").Find(&rows).Error; err != nil || len(rows) != 1 {
		t.Fatalf("%v: %v", rows, err)
	}
	for column, value := range rows[0] {
		if text := fmt.Sprintf("%s", value); strings.Contains(text, "M10") || strings.Contains(text, "Warschauer") {
			t.Errorf("%s says where somebody travels: %s", column, text)
		}
	}
}

// token is the token in a link.
func token(t testing.TB, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("t")
}
