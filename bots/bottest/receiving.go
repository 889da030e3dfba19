package bottest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"linienfunk/bots"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// rider is an author whose name must not be found anywhere.
const rider = "marta-q7x"

func (s suite) receiving(t *testing.T) {
	s.connected(t, "a report arrives with its text, its time and a pseudonym", s.arrives)
	s.connected(t, "reports arrive in order", s.inOrder)
	s.connected(t, "a report that could not be stored arrives again, or the rider gets an error", s.storeFails)
	for _, fault := range s.stepFaults() {
		s.connected(t, fmt.Sprintf("despite %s at any step, no report is lost or arrives under two IDs", fault),
			func(t *testing.T, w *World, n Network, a bots.Account) { s.failsReceiving(t, w, n, a, fault) })
	}
	s.connected(t, "the author is found neither in the database nor in the log", s.noAuthor)
	if s.f.Authors {
		s.connected(t, "what somebody writes whom the operator has blocked is refused, or handed in as theirs, for the core to drop", s.blockedSender)
	}
	s.connected(t, "a very long text is cut or rejected", s.longText)
	s.connected(t, "receiving ends with its context", s.ends)
	if s.f.Private {
		s.connected(t, "a private report is marked and has no URL", s.private)
	}
	s.connected(t, "no report is lost while the clock is wrong", s.clockIsWrong)
	if s.f.Edits {
		s.connected(t, "an edited message is not a second report", s.edits)
	}
	if s.f.Withdraws {
		s.connected(t, "a deleted message is withdrawn under its ID", s.withdraws)
	}
	if _, reads := NewWorld(t, s.name, s.plugin).Bot.(bots.Receiver); !reads || s.f.Listens {
		return
	}
	s.connected(t, "messages that were sent while the bot was down arrive in order", s.catchUp)
	for _, fault := range []Fault{TooMany, Internal, HTML, Truncate, Hang} {
		s.connected(t, fmt.Sprintf("receiving resumes after %s", fault), func(t *testing.T, w *World, n Network, a bots.Account) {
			s.recovers(t, w, n, a, fault)
		})
	}
	if s.f.Credentials {
		s.connected(t, "receiving with revoked credentials returns KindRevoked", s.recvRevoked)
	}
	if s.f.Sends {
		s.connected(t, "its own posts are not reports", s.ownPosts)
	}
}

func (s suite) arrives(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "kontrolle u8 hermannplatz, 2 männer in grau"})
	r := in.next(t)
	if !strings.Contains(r.Text, "kontrolle u8 hermannplatz, 2 männer in grau") {
		t.Errorf("text %q", r.Text)
	}
	if r.ID == "" || r.City != "" || r.Bot != "" {
		t.Errorf("a bot must set the ID, and leave city and bot to the core: %q %q %q", r.ID, r.City, r.Bot)
	}
	if age := w.Core.Now().Sub(r.At); age < -time.Hour || age > time.Hour {
		t.Errorf("written %v ago", age)
	}
	if s.f.Authors == (r.Author == "") {
		t.Errorf("author %q, but the network has authors: %v", r.Author, s.f.Authors)
	}
}

func (s suite) inOrder(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	ids := map[string]bool{}
	for i := range 5 {
		post(t, w, n, Post{Author: rider, Text: fmt.Sprintf("kontrolle linie %d", i)})
	}
	for i := range 5 {
		r := in.next(t)
		if want := fmt.Sprintf("kontrolle linie %d", i); !strings.Contains(r.Text, want) {
			t.Fatalf("report %d is %q", i, r.Text)
		}
		if ids[r.ID] {
			t.Errorf("the ID %q arrived twice", r.ID)
		}
		ids[r.ID] = true
	}
}

func (s suite) storeFails(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "kontrolle am anfang"})
	in.next(t)
	in.refuse <- errors.New("the disk is full")
	p := Post{Author: rider, Text: "kontrolle u8"}
	if err := n.Post(t, w, "zuerich", p); err != nil { // the rider got an error, and tries again
		post(t, w, n, p)
	}
	if r := in.next(t); !strings.Contains(r.Text, "kontrolle u8") {
		t.Errorf("got %q", r.Text)
	}
}

func (s suite) noAuthor(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "kontrolle u8 geheimwort"})
	r := in.next(t)
	in.stop(t)
	if all := fmt.Sprintf("%+v", r); strings.Contains(all, rider) {
		t.Errorf("the report names its author: %s", all)
	}
	if strings.Contains(w.dump(t), rider) {
		t.Error("the author is in the database")
	}
	for _, secret := range []string{rider, "geheimwort"} {
		if strings.Contains(w.Log.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, w.Log.String())
		}
	}
}

func (s suite) blockedSender(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "kontrolle am anfang"})
	in.next(t)
	w.Blocks.Senders.Store(true)
	if err := n.Post(t, w, "zuerich", Post{Author: rider, Text: "kontrolle u8"}); err == nil {
		if r := in.next(t); r.Author != report.BlockedAuthor {
			t.Errorf("handed in: %+v", r)
		}
	}
	w.Blocks.Senders.Store(false)
	post(t, w, n, Post{Author: rider, Text: "kontrolle am ende"})
	if r := in.next(t); r.Text != "kontrolle am ende" {
		t.Errorf("handed in: %+v", r)
	}
}

func (s suite) longText(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "kontrolle am anfang"})
	in.next(t)
	long := "kontrolle u8 " + strings.Repeat("ü 🚨 ", 5000)
	if err := n.Post(t, w, "zuerich", Post{Author: rider, Text: long}); err != nil {
		return
	}
	if r := in.next(t); len(r.Text) > report.MaxText || !utf8.ValidString(r.Text) {
		t.Errorf("%d bytes of text, valid: %v", len(r.Text), utf8.ValidString(r.Text))
	}
}

func (s suite) ends(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "kontrolle u8"})
	in.next(t)
	in.stop(t)
}

func (s suite) private(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "kontrolle u8", Private: true})
	if r := in.next(t); !r.Private || r.URL != "" {
		t.Errorf("private: %v, address: %q", r.Private, r.URL)
	}
}

func (s suite) catchUp(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "kontrolle am anfang"})
	in.next(t)
	in.stop(t)
	for i := range 7 {
		post(t, w, n, Post{Author: rider, Text: fmt.Sprintf("kontrolle linie %d", i)})
	}
	w.Restart(t)
	in = w.receive(t, a)
	seen := map[string]bool{}
	for i := 0; i < 7; {
		r := in.next(t)
		if strings.Contains(r.Text, "am anfang") || seen[r.ID] {
			continue // a repetition, which the core drops
		}
		seen[r.ID] = true
		if want := fmt.Sprintf("kontrolle linie %d", i); !strings.Contains(r.Text, want) {
			t.Fatalf("report %d is %q", i, r.Text)
		}
		i++
	}
}

func (s suite) recovers(t *testing.T, w *World, n Network, a bots.Account, fault Fault) {
	n.Fail(fault)
	failed := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in := &inbox{got: make(chan report.Report, 10), instance: w.instance}
	go func() { failed <- w.recvOnce(ctx, a, in) }()
	select {
	case err := <-failed:
		kind := bots.AsError(err).Kind
		if err == nil || kind == bots.KindRevoked || kind == bots.KindPermanent {
			t.Errorf("%s ended receiving with %v", fault, err)
		}
	case <-time.After(time.Second): // it may also retry by itself
	}
	cancel()
	n.Heal()
	again := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "kontrolle u8"})
	again.next(t)
}

func (s suite) recvRevoked(t *testing.T, w *World, n Network, a bots.Account) {
	n.Fail(Revoke)
	in := w.receive(t, a)
	err := testkit.Next(t, in.ended) // Recv must end by itself
	in.ended <- err
	if e := bots.AsError(err); e.Kind != bots.KindRevoked || e.RecvOnly != s.f.RecvOnly {
		t.Errorf("got %v, RecvOnly %v", err, e.RecvOnly)
	}
}

func (s suite) ownPosts(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "kontrolle am anfang"})
	in.next(t)
	if err := w.send(t.Context(), a, w.report("kontrolle von anderswo @zuerich")); err != nil {
		t.Fatal(err)
	}
	post(t, w, n, Post{Author: rider, Text: "kontrolle u8"})
	if r := in.next(t); !strings.Contains(r.Text, "kontrolle u8") {
		t.Errorf("its own post came back: %q", r.Text)
	}
}

// clockIsWrong sets the program's clock wrong for a while. The network may refuse all requests meanwhile.
func (s suite) clockIsWrong(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	for _, wrong := range []time.Duration{3 * time.Hour, -3 * time.Hour} {
		var missing []string
		for _, now := range []time.Duration{0, wrong, 0} {
			w.SkewClock(now)
			text := fmt.Sprintf("kontrolle %d bei %v", len(missing), wrong)
			post(t, w, n, Post{Author: rider, Text: text})
			missing = append(missing, text)
			for now == 0 && len(missing) > 0 {
				r := in.next(t)
				missing = slices.DeleteFunc(missing, func(text string) bool { return strings.Contains(r.Text, text) })
			}
		}
	}
}

func (s suite) edits(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "kontrolle u8"})
	first := in.next(t)
	n.(Editor).Edit(t, w, a.City, rider, "kontrolle u8 richtung wittenau")
	post(t, w, n, Post{Author: rider, Text: "kontrolle u9"})
	for r := in.next(t); !strings.Contains(r.Text, "kontrolle u9"); r = in.next(t) {
		if r.ID != first.ID { // under the same ID it is a repetition, which the core drops
			t.Errorf("after the edit: %q", r.Text)
		}
	}
}

func (s suite) withdraws(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "kontrolle u8"})
	r := in.next(t)
	r.City, r.Bot = a.City, s.name
	if err := w.send(t.Context(), a, r); err != nil {
		t.Fatal(err)
	}
	n.(Deleter).Delete(t, w, a.City, rider)
	if gone := in.next(t); gone.ID != r.ID || gone.Withdrawn != report.ByAuthor {
		t.Errorf("%s was deleted, but the bot handed in %+v", r.ID, gone)
	}
}
