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
)

// told is what a network heard.
type told struct {
	id string
	Bounce
}

// listen makes a Mailer tell, and returns what it told.
func (w *world) listen() <-chan told {
	heard := make(chan told, 100)
	w.register(func(id string, b Bounce) error {
		heard <- told{id, b}
		return nil
	})
	return heard
}

func subscription(key string) Message {
	mail := letter(key)
	mail.BounceID = "zuerich 0123456789abcdef"
	return mail
}

// rest waits until the queue has nothing to do.
func (w *world) rest() {
	w.t.Helper()
	for {
		var open int64
		must(w.t, w.handle.Model(&item{}).Where("open = ?", true).Count(&open).Error)
		if open == 0 {
			return
		}
		select {
		case <-w.changed:
		case <-time.After(20 * time.Second):
			w.t.Fatal("mails are still waiting")
		}
	}
}

func TestARefusalIsHeardOfIfItIsAboutTheMailbox(t *testing.T) {
	for _, c := range []struct {
		stage    string
		code     int
		enhanced smtp.EnhancedCode
		want     string
	}{
		{"RCPT", 550, smtp.EnhancedCode{5, 1, 1}, "hard"},
		{"RCPT", 550, smtp.EnhancedCode{5, 2, 1}, "hard"},
		{"RCPT", 552, smtp.EnhancedCode{5, 2, 2}, "soft"},
		{"RCPT", 550, smtp.NoEnhancedCode, "soft"},
		{"RCPT", 550, smtp.EnhancedCode{5, 7, 1}, "none"},
		{"RCPT", 550, smtp.EnhancedCode{5, 1, 8}, "none"},
		{"MAIL", 550, smtp.EnhancedCode{5, 1, 1}, "none"},
		{"DATA", 554, smtp.NoEnhancedCode, "none"},
		{"DATA", 552, smtp.EnhancedCode{5, 2, 2}, "soft"},
	} {
		t.Run(fmt.Sprint(c.stage, c.code, c.enhanced), func(t *testing.T) {
			s := newSink(t)
			s.refuse = func(at, _ string) error {
				if at == c.stage {
					return &smtp.SMTPError{Code: c.code, EnhancedCode: c.enhanced, Message: "no"}
				}
				return nil
			}
			w := newWorld(t, Config{Smarthost: s.address})
			heard := w.listen()
			must(t, w.as("post").Enqueue(t.Context(), subscription("1")))
			w.run(w.Mailer)
			w.rest()
			got := "none"
			select {
			case one := <-heard:
				if got = "soft"; one.Hard {
					got = "hard"
				}
				if one.id != "zuerich 0123456789abcdef" {
					t.Errorf("told %+v", one)
				}
			default:
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestTheSenderOfTheEnvelopeTellsTheSubscriptionAndNothingElse(t *testing.T) {
	s := newSink(t)
	w := newWorld(t, Config{Smarthost: s.address})
	w.run(w.Mailer)
	other := subscription("3")
	other.BounceID = "ghent 0123456789abcdef"
	must(t, w.as("post").Enqueue(t.Context(), subscription("1"), subscription("2"), other))
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

func TestADeliveryStatusNotificationIsHeardOf(t *testing.T) {
	w := newWorld(t, Config{Outbox: t.TempDir()})
	heard := w.listen()
	must(t, w.as("post").Enqueue(t.Context(), subscription("1")))
	local := bouncePrefix + w.bounceToken("post", "zuerich 0123456789abcdef")
	for _, c := range []struct {
		file string
		want string
	}{
		{"hard.eml", "hard"}, {"full.eml", "soft"}, {"policy.eml", "none"}, {"delayed.eml", "none"}, {"vacation.eml", "none"},
		{"diagnostic.eml", "hard"},
		{"qmail-gone.eml", "hard"}, {"qmail-remote.eml", "hard"}, {"qmail-bare.eml", "soft"}, {"qmail-full.eml", "soft"},
		{"qmail-late.eml", "soft"}, {"qmail-policy.eml", "none"}, {"qmail-nobody.eml", "none"},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", c.file))
		must(t, err)
		must(t, w.Handle(t.Context(), local, text))
		got := "none"
		select {
		case one := <-heard:
			if got = "soft"; one.Hard {
				got = "hard"
			}
		default:
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.file, got, c.want)
		}
	}
}

func TestABounceThatCameElsewhereIsHeardOf(t *testing.T) {
	w := newWorld(t, Config{Outbox: t.TempDir()})
	heard := w.listen()
	must(t, w.as("post").Enqueue(t.Context(), subscription("1")))
	text, err := os.ReadFile(filepath.Join("testdata", "hard.eml"))
	must(t, err)
	must(t, w.as("post").HandleFor(t.Context(), "ghent 0123456789abcdef", text)) // who never got a mail
	must(t, w.as("other").HandleFor(t.Context(), "zuerich 0123456789abcdef", text))
	must(t, w.as("post").HandleFor(t.Context(), "zuerich 0123456789abcdef", text))
	if got := <-heard; len(heard) > 0 || got.id != "zuerich 0123456789abcdef" || !got.Hard {
		t.Errorf("told %+v, and %d more", got, len(heard))
	}
}

func TestSoftBouncesAreCountedUntilAMailGoesThrough(t *testing.T) {
	w := newWorld(t, Config{Outbox: t.TempDir()})
	heard := w.listen()
	must(t, w.as("post").Enqueue(t.Context(), subscription("1")))
	local := bouncePrefix + w.bounceToken("post", "zuerich 0123456789abcdef")
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
		w.skew.Add(int64(step.after))
		if step.through {
			must(t, w.clearSoftBounces(t.Context(), local))
		}
		must(t, w.recordBounce(t.Context(), local, softBounce))
		if got := <-heard; got.Soft != step.count || got.Dead() != step.dead {
			t.Errorf("%+v: %+v", step, got)
		}
	}
}

func TestAMailThatExpiresAtAFullMailboxIsASoftBounce(t *testing.T) {
	s := newSink(t)
	s.refuse = func(at, _ string) error {
		if at == "RCPT" {
			return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "full"}
		}
		return nil
	}
	w := newWorld(t, Config{Smarthost: s.address})
	heard := w.listen()
	stop := w.run(w.Mailer)
	mail := subscription("1")
	mail.Expires = w.now().Add(time.Hour)
	must(t, w.as("post").Enqueue(t.Context(), mail))
	<-w.paused
	<-w.paused // by now the first answer is written down
	w.skew.Add(int64(time.Hour))
	w.rest()
	if got := <-heard; got.Hard || got.Soft != 1 {
		t.Errorf("%+v", got)
	}
	stop()
}

func TestABounceThatCannotBeToldIsToldLater(t *testing.T) {
	s := newSink(t)
	s.refuse = func(at, _ string) error {
		if at == "RCPT" {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no"}
		}
		return nil
	}
	w := newWorld(t, Config{Smarthost: s.address})
	heard := make(chan string, 10)
	w.register(func(id string, _ Bounce) error {
		heard <- id
		if len(heard) == 1 {
			return errors.New("disk full")
		}
		return nil
	})
	must(t, w.as("post").Enqueue(t.Context(), subscription("1")))
	w.run(w.Mailer)
	w.rest()
	if len(heard) != 2 {
		t.Errorf("told %d times", len(heard))
	}
}

func TestNobodyIsBlamedWhileWeAreOffline(t *testing.T) {
	w := newWorld(t, newInternet(t).config())
	gone := reply{stage: "connect", code: 451, enhanced: [3]int{4, 4, 1}}
	if w.classify(gone, envelope{}) != noBounce {
		t.Error("blamed though nothing was ever delivered")
	}
	w.lastAccepted.Store(w.now().UnixMilli())
	if w.classify(gone, envelope{}) != softBounce {
		t.Error("not blamed though another server took a mail")
	}
	w.skew.Add(int64(2 * onlineTime))
	if w.classify(gone, envelope{}) != noBounce {
		t.Error("blamed though no mail was delivered for long")
	}
}

func FuzzDSN(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	must(f, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		failed, err := parseDSN(text)
		if len(failed) > maxGroups {
			t.Errorf("%d recipients", len(failed))
		}
		for _, a := range failed {
			if c := a.code / 100; err != nil || c != 2 && c != 4 && c != 5 || a.enhanced != [3]int{} && a.enhanced[0] != c {
				t.Errorf("%+v, %v", a, err)
			}
			classify(a, true)
		}
	})
}
