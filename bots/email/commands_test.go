package email_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/chat"
	"linienfunk/bots/email"
	"linienfunk/mail"
)

// heldNotice is a notice about one report.
var heldNotice = chat.Answer{Text: "A report is held:\n#17 E-mail: wetter", Linked: true, Buttons: []chat.Button{
	{Label: "Release #17", Report: "17", Command: "/status 17"}, {Label: "Refuse #17", Report: "17", Command: "/pause 17"},
}}

// tell tells marta, who runs zuerich, and returns the mail.
func tell(s *server, a chat.Answer) mail.Message {
	s.t.Helper()
	s.w.Commands.Link("zuerich", marta)
	if err := s.w.Bot.(chat.Network).Tell(s.t.Context(), "zuerich", marta, "key", a); err != nil {
		s.t.Fatal(err)
	}
	return s.last()
}

// last is the newest mail that was queued.
func (s *server) last() mail.Message {
	s.t.Helper()
	all := s.w.Mails.All()
	if len(all) == 0 {
		s.t.Fatal("no mail was sent")
	}
	return all[len(all)-1]
}

// answerTo is a mail with a text that answers one of ours.
func answerTo(m mail.Message, text string) string {
	return "From: Marta <" + marta + ">\nTo: " + zuerich + "\nSubject: Re: " + m.Subject + "\nMessage-ID: <2@rider.example>\nIn-Reply-To: <" + m.Ref + "@linienfunk.example>\n\n" + text + "\n\nAm 3.11. schrieb Zürich:\n> " + strings.ReplaceAll(m.Text, "\n", "\n> ") + "\n"
}

func TestAnAnswerToANoticeIsTakenWithoutOtherProof(t *testing.T) {
	t.Parallel()
	s := serve(t)
	notice := tell(s, heldNotice)
	if !strings.Contains(notice.Text, "Release #17:\nhttps://linienfunk.example/c/zuerich/email/act?t=") || notice.Subject != "[Zürich] A report is held: #17 E-mail: wetter" {
		t.Errorf("%q\n%s", notice.Subject, notice.Text)
	}
	s.hello().Mail(marta, zuerich, answerTo(notice, "status"), "250")
	ran := s.w.Commands.Ran()
	if len(ran) != 1 || ran[0].Text != "status" || !ran[0].Forged || len(ran[0].Reports) != 1 || ran[0].Reports[0] != "17" || len(s.out.All()) != 0 {
		t.Errorf("ran %+v, reports %+v", ran, s.out.All())
	}
	if a := s.last(); a.InReplyTo != "2@rider.example" || a.To != marta || !strings.HasPrefix(a.Text, "done: status") {
		t.Errorf("%+v", a)
	}
	s.hello().Mail(marta, zuerich, strings.Replace(answerTo(notice, "/status 17"), "2@rider", "3@rider", 1), "250")
	if ran := s.w.Commands.Ran(); len(ran) != 2 || ran[1].Forged {
		t.Errorf("a command of the notice: %+v", ran)
	}
}

func TestAnAnswerByAnotherAuthorOrTooLateProvesNothing(t *testing.T) {
	t.Parallel()
	s := serve(t)
	notice := tell(s, heldNotice)
	s.w.Commands.Link("zuerich", "eve@rider.example")
	s.hello().Mail("eve@rider.example", zuerich, strings.Replace(answerTo(notice, "/status 17"), marta, "eve@rider.example", 1), "250")
	s.w.Advance(31 * time.Minute)
	s.hello().Mail(marta, zuerich, answerTo(notice, "/status 17"), "250")
	if ran := s.w.Commands.Ran(); len(ran) != 0 {
		t.Errorf("ran %+v", ran)
	}
	if a := s.last(); !strings.Contains(a.Text, "zu alt") || !strings.HasPrefix(a.Subject, "[Zürich] Nicht gemacht: refused") {
		t.Errorf("%q\n%s", a.Subject, a.Text)
	}
}

// open opens the link in a mail, and presses its button if press is set.
func open(t *testing.T, w *bottest.World, m mail.Message, label string, press bool) *httptest.ResponseRecorder {
	t.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(label) + `:\nhttps://linienfunk.example/c/zuerich/email(/act\?\S+)`).FindStringSubmatch(m.Text)
	if found == nil {
		t.Fatalf("no link %q in\n%s", label, m.Text)
	}
	r := httptest.NewRequest(http.MethodGet, found[1], nil)
	if press {
		u, _ := url.Parse(found[1])
		r = httptest.NewRequest(http.MethodPost, "/act", strings.NewReader(u.RawQuery))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return w.Serve(t, w.Bot.(bots.Public).Public(), "/c/zuerich/email", "zuerich", "en", r)
}

func TestALinkInANoticeShowsTheReportAndItsButtonCarriesOutTheCommand(t *testing.T) {
	t.Parallel()
	s := serve(t)
	notice := tell(s, heldNotice)
	for range 2 {
		if page := open(t, s.w, notice, "Refuse #17", false); page.Code != http.StatusOK || !strings.Contains(page.Body.String(), "wetter") || !strings.Contains(page.Body.String(), "Refuse #17</button>") {
			t.Errorf("%d %s", page.Code, page.Body)
		}
	}
	if ran := s.w.Commands.Ran(); len(ran) != 0 {
		t.Fatalf("looking at the page carries out %+v", ran)
	}
	for range 2 {
		if page := open(t, s.w, notice, "Refuse #17", true); page.Header().Get("X-Message") != "done: /pause 17" {
			t.Errorf("%d %v", page.Code, page.Header())
		}
	}
	ran := s.w.Commands.Ran()
	if len(ran) != 1 || ran[0].Person != marta || ran[0].Text != "/pause 17" || ran[0].Forged {
		t.Errorf("ran %+v", ran)
	}
	s.w.Commands.Unlink("zuerich", marta)
	if page := open(t, s.w, notice, "Refuse #17", true); page.Header().Get("X-Failed") == "" {
		t.Errorf("after the link was ended: %d %v", page.Code, page.Header())
	}
	s.w.Advance(31 * time.Minute)
	if page := open(t, s.w, notice, "Refuse #17", true); page.Code != http.StatusGone {
		t.Errorf("too late: %d", page.Code)
	}
	forged := notice
	forged.Text = strings.Replace(notice.Text, "act?t=", "act?t=0", 1)
	if page := open(t, s.w, forged, "Release #17", true); page.Code != http.StatusNotFound {
		t.Errorf("another token: %d", page.Code)
	}
}

func TestACommandOfAnUnknownSenderIsConfirmedByALink(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.w.Commands.Link("zuerich", marta)
	s.hello().Mail(marta, zuerich, rawMail("Subject: /pause\n", ""), "250")
	if ran := s.w.Commands.Ran(); len(ran) != 0 || len(s.out.All()) != 0 {
		t.Fatalf("ran %+v, reports %+v", ran, s.out.All())
	}
	if page := open(t, s.w, s.last(), "Ich habe das geschrieben, mach es: /pause", true); page.Header().Get("X-Message") != "done: /pause" {
		t.Errorf("%d %v", page.Code, page.Header())
	}
	sent := len(s.w.Mails.All())
	for i := range 10 {
		s.hello().Mail(marta, zuerich, strings.Replace(rawMail("Subject: /pause\n", ""), "1@rider", string(rune('a'+i))+"@rider", 1), "250")
		s.w.Advance(15 * time.Second)
	}
	if got := len(s.w.Mails.All()) - sent; got < 1 || got > 3 {
		t.Errorf("%d answers to mails that may be forged", got)
	}
}

func TestAutomaticMailsAndListsGetNoAnswerAndReportsStayReports(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w *bottest.World) { w.Core.Config["author_limit"] = "1000" })
	s.w.Commands.Link("zuerich", marta)
	s.w.Bot.(*email.Bot).SetProven(true)
	for _, header := range []string{"Auto-Submitted: auto-replied\n", "Precedence: list\n", "List-Id: <x.example>\n", "X-Autoreply: yes\n"} {
		s.hello().Mail(marta, zuerich, rawMail(header, "/pause"), "250")
	}
	s.hello().Mail("", zuerich, rawMail("", "/pause"), "250")
	s.hello().Mail(marta, zuerich, strings.Replace(rawMail("", "kontrolle u8\n\nstatus"), "1@", "9@", 1), "250")
	if ran := s.w.Commands.Ran(); len(ran) != 0 || len(s.w.Mails.All()) != 0 {
		t.Errorf("ran %+v, mails %+v", ran, s.w.Mails.All())
	}
	reports := s.out.All()
	if last := reports[len(reports)-1]; !strings.HasPrefix(last.Text, "kontrolle u8") || last.Dropped != "" {
		t.Errorf("%+v", reports)
	}
}

func TestMailToASuspendedCityIsAnsweredWithTheReason(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w *bottest.World) { w.Mail.Suspended = func(city string) bool { return city == "zuerich" } })
	s.w.SetActive("zuerich", false)
	const answer = "450 4.2.1 The operator of this server has suspended this city"
	c := s.hello()
	c.Say("MAIL FROM:<"+marta+">", "250")
	c.Say("RCPT TO:<"+zuerich+">", answer)
	s.w.Commands.Link("zuerich", marta) // who runs the city by mail, which takes commands
	s.w.Bot.(*email.Bot).SetProven(true)
	s.hello().Mail(marta, zuerich, rawMail("", "kontrolle u8"), answer)
	s.hello().Mail(marta, zuerich, rawMail("", "/status"), "250")
	if len(s.out.All()) != 0 {
		t.Errorf("received: %+v", s.out.All())
	}
}

func TestAPausedCityTakesCommandsAndDefersReports(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.w.SetActive("zuerich", false)
	c := s.hello()
	c.Say("MAIL FROM:<"+marta+">", "250")
	c.Say("RCPT TO:<"+zuerich+">", "450 4.2.1")
	s.w.Commands.Link("zuerich", marta)
	s.w.Bot.(*email.Bot).SetProven(true)
	s.hello().Mail(marta, zuerich, rawMail("", "kontrolle u8"), "450 4.2.1")
	s.hello().Mail(marta, zuerich, rawMail("", "/status"), "250")
	if ran := s.w.Commands.Ran(); len(ran) != 1 || len(s.out.All()) != 0 {
		t.Errorf("ran %+v, reports %+v", ran, s.out.All())
	}
}

func TestPeopleAreSubscribedByTheirAddressOnceTheyAgree(t *testing.T) {
	t.Parallel()
	w := bottest.NewWorld(t, "email", email.Plugin())
	n, ctx, wants := w.Bot.(chat.Network), context.Background(), chat.Interest{Lines: []string{"U8"}}
	if confirmed, err := n.SetInterest(ctx, "zuerich", marta, wants); err != nil || confirmed || len(w.Mails.All()) != 1 {
		t.Fatalf("%v %v %+v", confirmed, err, w.Mails.All())
	}
	if _, ok, err := n.Interest(ctx, "zuerich", marta); err != nil || ok {
		t.Errorf("before: %v %v", ok, err)
	}
	visitor{t, w, "zuerich"}.subscribe(marta)
	w.Advance(time.Hour)
	link := regexp.MustCompile(`/confirm\?(t=\S+)`).FindStringSubmatch(w.Mails.All()[0].Text)
	r := httptest.NewRequest(http.MethodPost, "/confirm", strings.NewReader(link[1]))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w.Serve(t, w.Bot.(bots.Public).Public(), "/c/zuerich/email", "zuerich", "en", r)
	if confirmed, err := n.SetInterest(ctx, "zuerich", strings.ToUpper(marta), wants); err != nil || !confirmed {
		t.Errorf("after: %v %v", confirmed, err)
	}
	if i, ok, err := n.Interest(ctx, "zuerich", marta); err != nil || !ok || len(i.Lines) != 1 {
		t.Errorf("%+v %v %v", i, ok, err)
	}
	if err := n.Unsubscribe(ctx, "zuerich", marta); err != nil {
		t.Error(err)
	}
	if _, ok, _ := n.Interest(ctx, "zuerich", marta); ok {
		t.Error("still subscribed")
	}
	for _, wrong := range []string{"", "marta", "x@linienfunk.example"} {
		if _, err := n.SetInterest(ctx, "zuerich", wrong, wants); bots.AsError(err).Kind != bots.KindPermanent {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	w.SetOption(t, "ghent", "enabled", false)
	if err := n.Tell(ctx, "ghent", marta, "k", heldNotice); bots.AsError(err).Kind != bots.KindPermanent {
		t.Errorf("mail is off: %v", err)
	}
}

func TestNoticesAreDeletedADayAfterTheyAreOfNoUse(t *testing.T) {
	t.Parallel()
	s := serve(t)
	tell(s, heldNotice)
	count := func() (n int64) {
		if err := s.w.Core.DB.Model(&email.Notice{}).Count(&n).Error; err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, want := range []int64{1, 0} {
		if err := s.w.Bot.(bots.Pruner).Prune(t.Context(), "zuerich", s.w.Core.Now().Add(-48*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := count(); got != want {
			t.Errorf("%d notices, want %d", got, want)
		}
		s.w.Advance(25 * time.Hour)
	}
}
