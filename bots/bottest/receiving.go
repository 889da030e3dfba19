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
	s.connected(t, "a report that could not be stored comes again, or the rider is told", s.storeFails)
	for _, fault := range s.stepFaults() {
		s.connected(t, fmt.Sprintf("%s at any step loses no report, and lets none come under two ids", fault),
			func(t *testing.T, w *World, n Network, a bots.Account) { s.failsReceiving(t, w, n, a, fault) })
	}
	s.connected(t, "the author is found neither in the database nor in the log", s.noAuthor)
	s.connected(t, "a text without end is cut or refused", s.longText)
	s.connected(t, "receiving ends when it is told to", s.ends)
	if s.f.Private {
		s.connected(t, "a private report is marked and has no address", s.private)
	}
	s.connected(t, "a clock that is wrong for a while loses nothing", s.clockIsWrong)
	if s.f.Edits {
		s.connected(t, "a message that is edited is no second report", s.edits)
	}
	if s.f.Withdraws {
		s.connected(t, "a message that is deleted is withdrawn under its id", s.withdraws)
	}
	if _, reads := NewWorld(t, s.name, s.plugin).Bot.(bots.Receiver); !reads || s.f.Listens {
		return
	}
	s.connected(t, "what was written while the bot was away is caught up in order", s.catchUp)
	for _, fault := range []Fault{TooMany, Internal, HTML, Truncate, Hang} {
		s.connected(t, fmt.Sprintf("receiving goes on after %s", fault), func(t *testing.T, w *World, n Network, a bots.Account) {
			s.recovers(t, w, n, a, fault)
		})
	}
	if s.f.Credentials {
		s.connected(t, "receiving with revoked credentials says so", s.recvRevoked)
	}
	if s.f.Sends {
		s.connected(t, "its own posts are no reports", s.ownPosts)
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
		t.Errorf("a bot sets the id and leaves city and bot to the core: %q %q %q", r.ID, r.City, r.Bot)
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
			t.Errorf("the id %q came twice", r.ID)
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
	if err := n.Post(t, w, "zuerich", p); err != nil { // the rider was told, and tries again
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
		t.Errorf("the report tells its author: %s", all)
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
			continue // a repetition, which the core makes vanish
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
	case <-time.After(time.Second): // it may also go on trying by itself
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
	err := testkit.Next(t, in.ended) // not without valid credentials
	in.ended <- err
	if e := bots.AsError(err); e.Kind != bots.KindRevoked || e.RecvOnly != s.f.RecvOnly {
		t.Errorf("got %v, for receiving only: %v", err, e.RecvOnly)
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

// clockIsWrong lets the program's clock be wrong for a while, in which a network may refuse whatever we ask.
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
		if r.ID != first.ID { // under the same one it is a repetition, which vanishes
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
		t.Errorf("%s was deleted, handed in: %+v", r.ID, gone)
	}
}
