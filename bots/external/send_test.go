package external

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// deaf is the program of zuerich, connected but without a subscription, and the bot's account.
func deaf(t *testing.T) (*fixture, bots.Account) {
	t.Helper()
	f := newFixture(t)
	password := connect(t, f.World, "ghent", "board")
	conn, err := nats.Connect(f.conn.ConnectedUrl(), nats.UserInfo("ghent.board", password), nats.Timeout(time.Minute))
	must(t, err)
	t.Cleanup(conn.Close)
	f.program = &program{conn: conn, subjects: subjects{"report.in.ghent.board", "report.out.ghent.board", "_INBOX.ghent.board"}}
	return f, f.Account(t, "ghent")
}

func (f *fixture) report(id, text string) report.Report {
	return report.Report{City: "ghent", Bot: "mastodon", ID: id, Text: text, At: f.Time(), Means: bottest.Read(text)}
}

func TestAProgramGetsWhatTheSchemaSaysAndNothingOfTheAuthor(t *testing.T) {
	t.Parallel()
	f, a := deaf(t)
	sub, err := f.conn.SubscribeSync(f.out2())
	must(t, err)
	must(t, f.conn.Flush())
	b := f.current.Load()
	full := f.report("1", `kontrolle u8 hermannplatz <b>&"`+strings.Repeat("<", 4000))
	full.Author, full.URL, full.People = f.Core.Author("ghent", "marta", full.At), "https://example.social/4711", 3
	own := f.report("2", "kontrolle")
	own.Bot, own.Ref, own.Private, own.URL = "external", "post-2", true, "https://forum.example/2"
	over := full
	over.Ended = full.At
	for want, call := range map[string]func() error{
		"report":     func() error { _, err := b.Send(t.Context(), a, full); return err },
		"edit":       func() error { return b.Edit(t.Context(), a, over, report.Receipt{}) },
		"own":        func() error { _, err := b.Send(t.Context(), a, own); return err },
		"withdrawal": func() error { return b.Retract(t.Context(), a, full.Key(), report.Receipt{}) },
	} {
		ended := make(chan error, 1)
		go func() { ended <- call() }()
		m, err := sub.NextMsg(time.Minute)
		must(t, err)
		must(t, m.Respond([]byte(`{"taken":true}`)))
		must(t, <-ended)
		if err := schema(t, "delivered").Validate(value(t, m.Data)); err != nil {
			t.Errorf("%s: %v", want, err)
		}
		text := string(m.Data)
		if strings.Contains(text, full.Author) || want == "own" && (!strings.Contains(text, `"yours":"post-2"`) || strings.Contains(text, "forum.example")) ||
			want == "report" && (!strings.Contains(text, `"people":3`) || !strings.Contains(text, "https://example.social/4711") || !strings.Contains(text, `"U8"`) || strings.Contains(text, "yours") || len(text) > 10<<10) {
			t.Errorf("%s: %.1000s", want, text)
		}
	}
}

// out2 is the subject on which the program gets.
func (f *fixture) out2() string { return f.program.out }

func TestAReportWaitsForAProgramThatIsNotThere(t *testing.T) {
	t.Parallel()
	f, a := deaf(t)
	b := f.current.Load()
	sent := make(chan error, 1)
	go func() {
		for {
			_, err := b.Send(t.Context(), a, f.report("1", "kontrolle"))
			if e := bots.AsError(err); err != nil && e.Kind == bots.KindRetryAfter && e.After == time.Second && e.Say == "error-absent" {
				continue // as the supervisor would, a second later
			}
			sent <- err
			return
		}
	}()
	sub, err := f.conn.SubscribeSync(f.out2())
	must(t, err)
	m, err := sub.NextMsg(time.Minute)
	must(t, err)
	must(t, m.Respond([]byte(`{"taken":true}`)))
	must(t, testkit.Next(t, sent))
}

func TestAReportThatIsNotFreshAnyMoreDoesNotWait(t *testing.T) {
	t.Parallel()
	f, a := deaf(t)
	r := f.report("1", "kontrolle")
	r.At = r.At.Add(-time.Hour)
	_, err := f.current.Load().Send(t.Context(), a, r)
	bottest.WantError(t, err, bots.KindRetryAfter, "error-absent")
	for name, call := range map[string]func() error{
		"edit":       func() error { return f.current.Load().Edit(t.Context(), a, r, report.Receipt{}) },
		"withdrawal": func() error { return f.current.Load().Retract(t.Context(), a, r.Key(), report.Receipt{}) },
	} {
		if err := call(); bots.AsError(err).Kind != bots.KindRetry || bots.AsError(err).Say != "error-absent" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAProgramThatDoesNotAnswerGetsTheReportAgain(t *testing.T) {
	t.Parallel()
	f, a := deaf(t)
	b := f.current.Load()
	b.timing.answer = 100 * time.Millisecond
	_, err := f.conn.SubscribeSync(f.out2())
	must(t, err)
	must(t, f.conn.Flush())
	_, err = b.Send(t.Context(), a, f.report("1", "kontrolle"))
	bottest.WantError(t, err, bots.KindRetryAfter, "error-silent")
}

func TestWhatAProgramAnswersDecidesWhatHappensNext(t *testing.T) {
	t.Parallel()
	f, a := deaf(t)
	reply := make(chan string, 1)
	_, err := f.conn.Subscribe(f.out2(), func(m *nats.Msg) { _ = m.Respond([]byte(<-reply)) })
	must(t, err)
	must(t, f.conn.Flush())
	for text, want := range map[string]bots.Error{
		`{"error":"marta is not allowed"}`:       {Kind: bots.KindPermanent, Say: "error-refused"},
		`{"error":"later","retry_after":90}`:     {Kind: bots.KindRetryAfter, Say: "error-later", After: 90 * time.Second},
		`{"error":"later","retry_after":0}`:      {Kind: bots.KindRetry, Say: "error-answer"},
		`{"error":"later","retry_after":3601}`:   {Kind: bots.KindRetry, Say: "error-answer"},
		`{"error":"later","retry_after":"soon"}`: {Kind: bots.KindRetry, Say: "error-answer"},
		`{"taken":false}`:                        {Kind: bots.KindRetry, Say: "error-answer"},
		`{"taken":true,"error":"both"}`:          {Kind: bots.KindRetry, Say: "error-answer"},
		`{"stored":true}`:                        {Kind: bots.KindRetry, Say: "error-answer"},
		`+ACK`:                                   {Kind: bots.KindRetry, Say: "error-answer"},
		`<html>marta</html>`:                     {Kind: bots.KindRetry, Say: "error-answer"},
		"":                                       {Kind: bots.KindRetry, Say: "error-answer"},
	} {
		reply <- text
		_, err := f.current.Load().Send(t.Context(), a, f.report("1", "kontrolle"))
		bottest.WantError(t, err, want.Kind, want.Say)
		if e := bots.AsError(err); e.After != want.After || strings.Contains(err.Error(), "marta") {
			t.Errorf("%s: %v after %v", text, err, e.After)
		}
	}
}

func TestAProgramThatWasDisconnectedGetsNothing(t *testing.T) {
	t.Parallel()
	f, a := deaf(t)
	f.Submit(t, "ghent", "/disconnect", nil)
	_, err := f.current.Load().Send(t.Context(), a, f.report("1", "kontrolle"))
	bottest.WantError(t, err, bots.KindRevoked, "error-no-account")
	if errors.Is(err, nats.ErrTimeout) {
		t.Error(err)
	}
}
