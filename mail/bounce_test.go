package mail

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"linienfunk/internal/testkit"
	"linienfunk/internal/testkit/measure"
)

// bounceReport is a call of Network.Bounced.
type bounceReport struct {
	id string
	Bounce
}

// recordBounces registers a network, and returns the calls of its method Bounced.
func (w *world) recordBounces() <-chan bounceReport {
	reports := make(chan bounceReport, 100)
	w.register(func(id string, b Bounce) error {
		reports <- bounceReport{id, b}
		return nil
	})
	return reports
}

func messageWithBounceID(key string) Message {
	mail := newMessage(key)
	mail.BounceID = "zuerich 0123456789abcdef"
	return mail
}

// newBouncing returns a world with a message whose bounces are recorded, and the local part of its bounce address.
func newBouncing(t testing.TB) (w *world, reports <-chan bounceReport, local string) {
	t.Helper()
	w = newWorld(t, Config{Outbox: t.TempDir()})
	reports = w.recordBounces()
	must(t, w.as("post").Enqueue(t.Context(), messageWithBounceID("1")))
	return w, reports, bouncePrefix + w.bounceToken("post", "zuerich 0123456789abcdef")
}

// kindOf returns "hard" or "soft" for the reported bounce, or "none".
func kindOf(t testing.TB, reports <-chan bounceReport) string {
	t.Helper()
	select {
	case got := <-reports:
		if got.id != "zuerich 0123456789abcdef" {
			t.Errorf("got %+v", got)
		}
		switch {
		case got.Hard:
			return "hard"
		case got.Complaint:
			return "complaint"
		}
		return "soft"
	default:
		return "none"
	}
}

// testReportedAgain checks that a bounce is reported twice if the network fails the first time.
func testReportedAgain(t *testing.T, fail func() error) {
	t.Helper()
	s := newSink(t)
	s.refuse = refuseAt("RCPT", noSuchUser)
	w := newWorld(t, Config{Smarthost: s.address})
	calls := make(chan struct{}, 10)
	w.register(func(string, Bounce) error {
		calls <- struct{}{}
		if len(calls) == 1 {
			return fail()
		}
		return nil
	})
	must(t, w.as("post").Enqueue(t.Context(), messageWithBounceID("1")))
	w.run(w.Mailer)
	w.waitUntilEmpty()
	if len(calls) != 2 {
		t.Errorf("%d reports", len(calls))
	}
}

// waitUntilEmpty waits until no message is queued.
func (w *world) waitUntilEmpty() {
	w.t.Helper()
	for {
		var open int64
		must(w.t, w.handle.Model(&item{}).Where("open = ?", true).Count(&open).Error)
		if open == 0 {
			return
		}
		testkit.Next(w.t, w.changed)
	}
}

func TestARefusalIsABounceIfItIsAboutTheRecipientsAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stage    string
		code     int
		enhanced smtp.EnhancedCode
		words    string
		want     string
	}{
		{"RCPT", 550, smtp.EnhancedCode{5, 1, 1}, "user unknown", "hard"},
		{"RCPT", 550, smtp.EnhancedCode{5, 1, 1}, "-", "hard"},
		{"RCPT", 550, smtp.EnhancedCode{5, 1, 1}, "your host is on our block list", "none"},
		{"RCPT", 550, smtp.EnhancedCode{5, 1, 1}, "frobnicated", "soft"},
		{"RCPT", 550, smtp.EnhancedCode{5, 2, 1}, "mailbox disabled", "hard"},
		{"RCPT", 550, smtp.EnhancedCode{5, 2, 1}, "no", "soft"},
		{"RCPT", 552, smtp.EnhancedCode{5, 2, 2}, "no", "soft"},
		{"RCPT", 550, smtp.NoEnhancedCode, "no", "soft"},
		{"RCPT", 550, smtp.NoEnhancedCode, "no such mailbox", "hard"},
		{"RCPT", 554, smtp.NoEnhancedCode, "no", "none"},
		{"RCPT", 550, smtp.EnhancedCode{5, 7, 1}, "no", "none"},
		{"RCPT", 550, smtp.EnhancedCode{5, 1, 8}, "no", "none"},
		{"MAIL", 550, smtp.EnhancedCode{5, 1, 1}, "user unknown", "none"},
		{"DATA", 554, smtp.NoEnhancedCode, "no", "none"},
		{"DATA", 552, smtp.EnhancedCode{5, 2, 2}, "no", "soft"},
	} {
		t.Run(fmt.Sprint(c.stage, c.code, c.enhanced, c.words), func(t *testing.T) {
			s := newSink(t)
			s.refuse = refuseAt(c.stage, &smtp.SMTPError{Code: c.code, EnhancedCode: c.enhanced, Message: c.words})
			w := newWorld(t, Config{Smarthost: s.address})
			reports := w.recordBounces()
			must(t, w.as("post").Enqueue(t.Context(), messageWithBounceID("1")))
			w.run(w.Mailer)
			w.waitUntilEmpty()
			if got := kindOf(t, reports); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestTheEnvelopeSenderIdentifiesTheSubscriptionAndRevealsNothingElse(t *testing.T) {
	t.Parallel()
	s, w := newSinkAndWorld(t)
	w.run(w.Mailer)
	other := messageWithBounceID("3")
	other.BounceID = "ghent 0123456789abcdef"
	must(t, w.as("post").Enqueue(t.Context(), messageWithBounceID("1"), messageWithBounceID("2"), other))
	from := map[string]int{}
	for range 3 {
		got := s.next()
		local, _, _ := strings.Cut(got.From, "@")
		if known, err := w.Known(t.Context(), strings.ToUpper(local)); !known || err != nil {
			t.Errorf("%s is not known: %v", local, err)
		}
		if strings.Contains(string(got.Message), local) || strings.Contains(got.From, "rider") {
			t.Errorf("from %s", got.From)
		}
		from[got.From]++
	}
	if len(from) != 2 {
		t.Errorf("senders %v", from)
	}
	for _, local := range []string{"zuerich", "bounce", "bounce+", "bounce+" + strings.Repeat("0", 32)} {
		if known, err := w.Known(t.Context(), local); known || err != nil {
			t.Errorf("%s is known: %v", local, err)
		}
	}
}

func TestADeliveryStatusNotificationIsReportedAsABounce(t *testing.T) {
	t.Parallel()
	w, reports, local := newBouncing(t)
	for _, c := range []struct {
		file string
		want string
	}{
		{"hard.eml", "hard"}, {"full.eml", "soft"}, {"policy.eml", "none"}, {"delayed.eml", "none"}, {"vacation.eml", "none"},
		{"diagnostic.eml", "hard"},
		{"qmail-gone.eml", "hard"}, {"qmail-remote.eml", "hard"}, {"qmail-bare.eml", "hard"}, {"qmail-full.eml", "soft"},
		{"qmail-late.eml", "soft"}, {"qmail-policy.eml", "none"}, {"qmail-nobody.eml", "soft"},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", c.file))
		must(t, err)
		must(t, w.Handle(t.Context(), local, text))
		if got := kindOf(t, reports); got != c.want {
			t.Errorf("%s: %s, want %s", c.file, got, c.want)
		}
	}
}

// TestBouncesOfAllKindsAreRecognised reads testdata/bounces/<kind>: hard ones mean an address that does not exist; none are those about us
// or the message, delays, and automatic replies.
func TestBouncesOfAllKindsAreRecognised(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bounces/*/*.eml")
	must(t, err)
	if len(files) < 60 {
		t.Fatalf("%d files", len(files))
	}
	w, reports, local := newBouncing(t)
	counts := map[string]*measure.Count{
		"hard":      measure.New(t, "bounces of addresses that do not exist end the subscription"),
		"soft":      measure.New(t, "bounces of full or unavailable mailboxes count for a while"),
		"none":      measure.New(t, "bounces about us, our message or a delay do not count"),
		"complaint": measure.New(t, "complaints (ARF) end the subscription"),
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		w.Advance(25 * time.Hour)
		for name, text := range map[string]string{"": string(text), ", CRLF": strings.ReplaceAll(string(text), "\n", "\r\n")} {
			w.Advance(25 * time.Hour)
			must(t, w.Handle(t.Context(), local, []byte(text)))
			if got, want := kindOf(t, reports), filepath.Base(filepath.Dir(file)); !counts[want].Add(got == want) {
				t.Errorf("%s%s: %s", file, name, got)
			}
		}
	}
}

func TestABounceThatNothingExplainsCountsOnceADay(t *testing.T) {
	t.Parallel()
	w, reports, local := newBouncing(t)
	unknown := []byte("From: robot@rider.example\nSubject: x\n\ny\n")
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{0, "soft"}, {time.Hour, "none"}, {22 * time.Hour, "none"}, {time.Hour, "soft"}, {24 * time.Hour, "soft"}} {
		w.Advance(step.after)
		must(t, w.Handle(t.Context(), local, unknown))
		if got := kindOf(t, reports); got != step.want {
			t.Errorf("%+v: %s", step, got)
		}
	}
	must(t, w.as("post").HandleFor(t.Context(), "zuerich 0123456789abcdef", unknown))
	w.Advance(24 * time.Hour)
	if got := kindOf(t, reports); got != "none" {
		t.Errorf("a message of unknown form that came to another address is a bounce: %s", got)
	}
}

func TestABounceThatArrivesAtAnotherAddressIsReported(t *testing.T) {
	t.Parallel()
	w, reports, _ := newBouncing(t)
	text, err := os.ReadFile(filepath.Join("testdata", "hard.eml"))
	must(t, err)
	must(t, w.as("post").HandleFor(t.Context(), "ghent 0123456789abcdef", text)) // not a recipient
	must(t, w.as("other").HandleFor(t.Context(), "zuerich 0123456789abcdef", text))
	must(t, w.as("post").HandleFor(t.Context(), "zuerich 0123456789abcdef", text))
	if got := <-reports; len(reports) > 0 || got.id != "zuerich 0123456789abcdef" || !got.Hard {
		t.Errorf("got %+v, and %d more", got, len(reports))
	}
}

func TestSoftBouncesAreCountedUntilAMessageIsDelivered(t *testing.T) {
	t.Parallel()
	w, reports, local := newBouncing(t)
	for _, step := range []struct {
		after   time.Duration
		through bool
		count   int
		dead    bool
	}{
		{0, false, 1, false}, {24 * time.Hour, false, 2, false}, {24 * time.Hour, true, 1, false},
		{24 * time.Hour, false, 2, false}, {48 * time.Hour, false, 3, true}, {0, false, 1, false},
		{15 * 24 * time.Hour, false, 1, false},
	} {
		w.Advance(step.after)
		if step.through {
			must(t, w.clearSoftBounces(t.Context(), local))
		}
		must(t, w.recordBounce(t.Context(), local, softBounce))
		if got := <-reports; got.Soft != step.count || got.Dead() != step.dead {
			t.Errorf("%+v: %+v", step, got)
		}
	}
}

func TestAMessageThatExpiresBecauseOfAFullMailboxIsASoftBounce(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	s.refuse = refuseAt("RCPT", &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "full"})
	w := newWorld(t, Config{Smarthost: s.address})
	reports := w.recordBounces()
	stop := w.run(w.Mailer)
	mail := messageWithBounceID("1")
	mail.Expires = w.Now().Add(time.Hour)
	must(t, w.as("post").Enqueue(t.Context(), mail))
	<-w.retried
	<-w.retried // by now the first reply is stored
	w.Advance(time.Hour)
	w.waitUntilEmpty()
	if got := <-reports; got.Hard || got.Soft != 1 {
		t.Errorf("%+v", got)
	}
	stop()
}

func TestABounceIsReportedAgainAfterTheNetworkReturnsAnError(t *testing.T) {
	t.Parallel()
	testReportedAgain(t, func() error { return errors.New("disk full") })
}

func TestABounceIsReportedAgainAfterAPanic(t *testing.T) {
	t.Parallel()
	testReportedAgain(t, func() error { panic("once") })
}

func TestAnUnreachableServerIsNotABounceWhileNoServerIsReachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newInternet(t).config())
	unreachable := reply{stage: "connect", code: 451, enhanced: [3]int{4, 4, 1}}
	if w.classify(unreachable, envelope{}) != noBounce {
		t.Error("a bounce although nothing was ever delivered")
	}
	w.lastAccepted.Store(w.Now().UnixMilli())
	if w.classify(unreachable, envelope{}) != softBounce {
		t.Error("no bounce although another server accepted a message")
	}
	w.Advance(2 * onlineTime)
	if w.classify(unreachable, envelope{}) != noBounce {
		t.Error("a bounce although nothing has been delivered for long")
	}
}

func TestARecipientIsDeadAfterAHardBounceOrSoftOnesForDays(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, c := range []struct {
		name string
		b    Bounce
		dead bool
	}{
		{"a hard bounce", Bounce{Hard: true}, true},
		{"a complaint", Bounce{Complaint: true}, true},
		{"one soft bounce", Bounce{Soft: 1, First: first, Last: first}, false},
		{"many soft bounces in two days", Bounce{Soft: 50, First: first, Last: first.Add(2 * day)}, false},
		{"two soft bounces in a week", Bounce{Soft: 2, First: first, Last: first.Add(7 * day)}, false},
		{"three soft bounces in three days", Bounce{Soft: 3, First: first, Last: first.Add(3 * day)}, true},
	} {
		if c.b.Dead() != c.dead {
			t.Errorf("%s: Dead() is %v", c.name, !c.dead)
		}
	}
}

func FuzzDSN(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	must(f, err)
	more, err := filepath.Glob("testdata/bounces/*/*.eml")
	must(f, err)
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		must(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		failed, err := parseDSN(text)
		if len(failed) > maxGroups {
			t.Errorf("%d recipients", len(failed))
		}
		for _, r := range failed {
			if c := r.code / 100; err != nil || c != 2 && c != 4 && c != 5 || r.enhanced != [3]int{} && r.enhanced[0] != c {
				t.Errorf("%+v, %v", r, err)
			}
			classify(r, true)
		}
	})
}

func TestABounceToAnAddressThatWasGuessedIsNobodys(t *testing.T) {
	t.Parallel()
	w, reports, local := newBouncing(t)
	text, err := os.ReadFile(filepath.Join("testdata", "hard.eml"))
	must(t, err)
	last := map[bool]string{true: "1", false: "0"}[strings.HasSuffix(local, "0")]
	for _, guessed := range []string{local[:len(local)-1] + last, local[:len(local)-1], local + "0", bouncePrefix, bouncePrefix + "zuerich 0123456789abcdef"} {
		if known, err := w.Known(t.Context(), guessed); known || err != nil {
			t.Errorf("%s is known: %v", guessed, err)
		}
		must(t, w.Handle(t.Context(), guessed, text))
	}
	if got := kindOf(t, reports); got != "none" {
		t.Errorf("a forged bounce is %s", got)
	}
	must(t, w.Handle(t.Context(), local, text))
	if got := kindOf(t, reports); got != "hard" {
		t.Errorf("a true one is %s", got)
	}
}
