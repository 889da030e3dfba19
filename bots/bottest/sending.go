package bottest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"linienfunk/bots"
	"linienfunk/internal/testkit"
)

func (s suite) sending(t *testing.T) {
	s.connected(t, "a report is shown with its exact text", s.shown)
	s.connected(t, "reports are shown in order", s.shownInOrder)
	s.connected(t, "a text that is too long is cut to the network's limit", s.cut)
	s.connected(t, "a city's reports are shown by its own account only", s.ownAccount)
	if s.f.Once {
		s.connected(t, "the same report sent twice is shown once", s.once)
	}
	if s.f.Remote {
		for _, fault := range []Fault{TooMany, Internal, HTML, Truncate, Hang, Swallow} {
			s.connected(t, fmt.Sprintf("sending succeeds after %s", fault), func(t *testing.T, w *World, n Network, a bots.Account) {
				s.sendFault(t, w, n, a, fault)
			})
		}
		s.connected(t, "a clock that is set back while the program is down does not make a pause longer", s.pauseOverClock)
		s.connected(t, "a text that the network refuses is not sent again", func(t *testing.T, w *World, n Network, a bots.Account) {
			s.audience(t, w, n)
			n.Fail(Refuse)
			s.wantKind(t, w.send(t.Context(), a, w.report("kontrolle u8")), bots.KindPermanent)
		})
	}
	if s.f.Credentials && !s.f.RecvOnly {
		s.connected(t, "sending with revoked credentials returns KindRevoked", func(t *testing.T, w *World, n Network, a bots.Account) {
			s.audience(t, w, n)
			n.Fail(Revoke)
			s.wantKind(t, w.send(t.Context(), a, w.report("kontrolle u8")), bots.KindRevoked)
		})
	}
	if s.f.Broadcasts {
		s.connected(t, "each subscriber gets a report once, but not its author", s.subscribers)
		s.connected(t, "an interrupted broadcast resumes at its cursor", s.resume)
	}
	for _, fault := range s.stepFaults() {
		s.connected(t, fmt.Sprintf("despite %s at any step, a report is shown to all readers, and at most one reader sees it twice", fault),
			func(t *testing.T, w *World, n Network, a bots.Account) { s.failsSending(t, w, n, a, fault) })
	}
	s.connected(t, "stored texts are deleted after the city's retention", s.prunes)
	if s.f.Retracts {
		s.connected(t, "a report can be retracted, even twice, and other reports stay", s.retracts)
	}
	if s.f.Updates {
		s.connected(t, "a post is edited, even twice, when more people report the same and when it is over", s.updates)
	}
	s.connected(t, "the log has no text of a report", func(t *testing.T, w *World, n Network, a bots.Account) {
		if err := w.send(t.Context(), a, w.report("kontrolle geheimwort")); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(w.Log.String(), "geheimwort") {
			t.Errorf("log:\n%s", w.Log.String())
		}
	})
}

func (s suite) shown(t *testing.T, w *World, n Network, a bots.Account) {
	s.audience(t, w, n)
	text := `<b>Ü8</b> & "Kontrolle" 🚨 'Straße' 100 %s {{.}} \n`
	if err := w.send(t.Context(), a, w.report(text)); err != nil {
		t.Fatal(err)
	}
	s.wantShown(t, w, n, text)
}

func (s suite) shownInOrder(t *testing.T, w *World, n Network, a bots.Account) {
	s.audience(t, w, n)
	var texts []string
	for i := range 4 {
		texts = append(texts, fmt.Sprintf("kontrolle linie %d", i))
		if err := w.send(t.Context(), a, w.report(texts[i])); err != nil {
			t.Fatal(err)
		}
	}
	s.wantShown(t, w, n, texts...)
}

func (s suite) cut(t *testing.T, w *World, n Network, a bots.Account) {
	s.audience(t, w, n)
	if err := w.send(t.Context(), a, w.report("kontrolle "+strings.Repeat("sehr lang ", 700))); err != nil {
		t.Fatal(err)
	}
	got := n.Shown(t, w, "zuerich")
	if len(got) != 1 || !strings.Contains(got[0], "kontrolle sehr lang") {
		t.Fatalf("shown: %q", got)
	}
	if length := utf8.RuneCountInString(got[0]); s.f.MaxText > 0 && length > s.f.MaxText {
		t.Errorf("%d characters are shown, the limit is %d", length, s.f.MaxText)
	}
}

func (s suite) ownAccount(t *testing.T, w *World, n Network, a bots.Account) {
	s.audience(t, w, n)
	n.Connect(t, w, "ghent")
	if err := w.send(t.Context(), a, w.report("kontrolle u8")); err != nil {
		t.Fatal(err)
	}
	if got := n.Shown(t, w, "ghent"); len(got) != 0 {
		t.Errorf("another city shows it: %q", got)
	}
}

func (s suite) once(t *testing.T, w *World, n Network, a bots.Account) {
	s.audience(t, w, n)
	r := w.report("kontrolle u8")
	for range 2 {
		if err := w.send(t.Context(), a, r); err != nil {
			t.Fatal(err)
		}
	}
	w.Restart(t)
	if err := w.send(t.Context(), a, r); err != nil {
		t.Fatal(err)
	}
	s.wantShown(t, w, n, "kontrolle u8")
}

func (s suite) sendFault(t *testing.T, w *World, n Network, a bots.Account, fault Fault) {
	s.audience(t, w, n)
	r := w.report("kontrolle u8")
	n.Fail(fault)
	ctx, want := t.Context(), bots.KindRetryAfter
	if fault != TooMany { // the server may never answer
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Second)
		defer cancel()
		want = bots.KindRetry
	}
	returned := make(chan error, 1)
	go func() { returned <- w.send(ctx, a, r) }()
	err := testkit.Next(t, returned)
	s.wantKind(t, err, want)
	if after := bots.AsError(err).After; fault == TooMany && (after < time.Second || after > time.Hour) {
		t.Errorf("asked for a pause of 7 seconds, got %v", after)
	}
	n.Heal()
	w.Restart(t)
	if fault == TooMany {
		w.Advance(7 * time.Second) // the bot may observe the pause by itself, even after a restart
	}
	if err := w.send(t.Context(), a, r); err != nil {
		t.Fatalf("after %s: %v", fault, err)
	}
	if s.f.Once || fault != Swallow {
		s.wantShown(t, w, n, "kontrolle u8")
	}
}

func (s suite) subscribers(t *testing.T, w *World, n Network, a bots.Account) {
	names := []string{"sub-one", "sub-two", "sub-three", "sub-four"}
	for _, name := range names {
		n.Subscribe(t, w, "zuerich", name)
	}
	if err := w.send(t.Context(), a, w.report("kontrolle u8")); err != nil {
		t.Fatal(err)
	}
	if got := n.Shown(t, w, "zuerich"); len(got) != len(names) {
		t.Fatalf("%d subscribers, %d messages", len(names), len(got))
	}
	if !s.f.Authors || !s.f.Receives {
		return
	}
	in := w.receive(t, a)
	post(t, w, n, Post{Author: names[2], Text: "kontrolle der autorin"})
	r := in.next(t)
	r.City, r.Bot = "zuerich", s.name
	if err := w.send(t.Context(), a, r); err != nil {
		t.Fatal(err)
	}
	got := slices.DeleteFunc(n.Shown(t, w, "zuerich"), func(text string) bool { return !strings.Contains(text, "der autorin") })
	if len(got) != len(names)-1 {
		t.Errorf("%d messages for %d subscribers, one of them the author", len(got), len(names))
	}
}

func (s suite) resume(t *testing.T, w *World, n Network, a bots.Account) {
	for i := range 5 {
		n.Subscribe(t, w, "zuerich", fmt.Sprintf("sub-%d", i))
	}
	bot := w.Bot.(bots.Broadcaster)
	r := w.report("kontrolle u8")
	next, _, err := bot.SendPage(t.Context(), a, r, "")
	if err != nil {
		t.Fatal(err)
	}
	w.Restart(t)
	for bot = w.Bot.(bots.Broadcaster); next != ""; {
		if next, _, err = bot.SendPage(t.Context(), a, r, next); err != nil {
			t.Fatal(err)
		}
	}
	if got := n.Shown(t, w, "zuerich"); len(got) != 5 {
		t.Errorf("%d messages for 5 subscribers", len(got))
	}
}

func (s suite) prunes(t *testing.T, w *World, n Network, a bots.Account) {
	s.audience(t, w, n)
	if err := w.send(t.Context(), a, w.report("kontrolle geheimwort")); err != nil {
		t.Fatal(err)
	}
	if pruner, ok := w.Bot.(bots.Pruner); ok {
		if err := pruner.Prune(t.Context(), "zuerich", w.now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(w.dump(t), "geheimwort") {
		t.Error("the text is still in the database")
	}
}

func (s suite) retracts(t *testing.T, w *World, n Network, a bots.Account) {
	bot := w.Bot.(bots.Retracter)
	s.audience(t, w, n)
	r := w.report("kontrolle u8")
	receipt, err := w.sendReceipt(t.Context(), a, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.send(t.Context(), a, w.report("kontrolle u9")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := bot.Retract(t.Context(), a, r.Key(), receipt); err != nil {
			t.Fatal(err)
		}
	}
	s.wantShown(t, w, n, "kontrolle u9")
}

func (s suite) updates(t *testing.T, w *World, n Network, a bots.Account) {
	bot := w.Bot.(bots.Editor)
	r, other := w.report("kontrolle u8"), w.report("kontrolle u9")
	receipt, err := w.sendReceipt(t.Context(), a, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.send(t.Context(), a, other); err != nil {
		t.Fatal(err)
	}
	r.People = 3
	for range 2 {
		if err := bot.Edit(t.Context(), a, r, receipt); err != nil {
			t.Fatal(err)
		}
	}
	if shown := n.Shown(t, w, "zuerich"); !strings.Contains(shown[0], "3 ") || strings.Contains(shown[1], "3 ") {
		t.Errorf("three people: %q", shown)
	}
	r.Ended = r.At
	if err := bot.Edit(t.Context(), a, r, receipt); err != nil {
		t.Fatal(err)
	}
	if shown := n.Shown(t, w, "zuerich"); !strings.Contains(shown[0], r.Ended.Local().Format("15:04")) {
		t.Errorf("over: %q", shown)
	}
	s.wantShown(t, w, n, "kontrolle u8", "kontrolle u9")
}

func (s suite) pauseOverClock(t *testing.T, w *World, n Network, a bots.Account) {
	s.audience(t, w, n)
	r := w.report("kontrolle u8")
	n.Fail(TooMany)
	s.wantKind(t, w.send(t.Context(), a, r), bots.KindRetryAfter)
	n.Heal()
	w.SkewClock(-3 * time.Hour)
	w.Restart(t) // a running program measures pauses by the monotonic clock; a stored time depends on the wall clock
	for waited := time.Duration(0); waited < time.Minute; {
		err := w.send(t.Context(), a, r)
		if err == nil {
			s.wantShown(t, w, n, "kontrolle u8")
			return
		}
		s.wantKind(t, err, bots.KindRetryAfter)
		after := max(bots.AsError(err).After, time.Second)
		w.Advance(after)
		waited += after
	}
	t.Error("a pause of 7 seconds has not ended after a minute")
}
