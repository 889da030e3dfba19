package bottest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// maxSteps is how many steps a bot may need for two reports. A bot that needs more is in a loop.
const maxSteps = 200

// stepFaults lists the faults that can happen at a single step. A step that is not a request returns an error.
func (s suite) stepFaults() []Fault {
	if s.f.Remote {
		return []Fault{killed, TooMany, Internal, HTML, Truncate, Swallow}
	}
	return []Fault{killed, Swallow}
}

// failsReceiving injects the fault at each step of receiving two reports, one after the other.
func (s suite) failsReceiving(t *testing.T, w *World, n Network, a bots.Account, fault Fault) {
	atEachStep(t, fault, func(step int) bool {
		w.instance.failAfter(step, fault)
		c := &trial{w: w, n: n, a: a, author: fmt.Sprintf("%s-%d", rider, step), ids: map[string][]string{}, rejected: map[string]bool{}}
		return c.run(t, fmt.Sprintf("kontrolle linie %d ost", step), fmt.Sprintf("kontrolle linie %d west", step))
	})
}

// atEachStep calls try for one step after the other, until the bot finishes before it reaches the step. go test -short tries every eighth step.
func atEachStep(t *testing.T, fault Fault, try func(step int) (failed bool)) {
	t.Helper()
	stride := 1
	if testing.Short() {
		stride = 8
	}
	for step := 0; step < maxSteps; step += stride {
		failed := try(step)
		if t.Failed() {
			t.Fatalf("%s at step %d", fault, step)
		}
		if !failed {
			t.Logf("done before step %d", step)
			return
		}
	}
	t.Errorf("the bot needed more than %d steps", maxSteps)
}

// trial is what a rider wrote before and after one fault, and what arrived of it.
type trial struct {
	w        *World
	n        Network
	a        bots.Account
	author   string
	ids      map[string][]string // of the stored reports, by text
	rejected map[string]bool     // texts that the network rejected at least once, as the rider was told
}

// run reports whether the fault happened before both texts had arrived.
func (c *trial) run(t *testing.T, one, two string) bool {
	current := c.w.instance
	in := c.w.receive(t, c.a)
	c.write(t, one, current)
	c.write(t, two, current)
	var end chan struct{}
	if current.fault == killed {
		end = current.failed
	}
	for len(c.ids[two]) == 0 && !current.wasKilled() {
		select {
		case r := <-in.got:
			c.record(r)
		case <-end:
		case <-testkit.Timeout(t):
			t.Fatalf("%q did not arrive", two)
		}
	}
	failed := current.hasFailed()
	in.stop(t)
	for len(in.got) > 0 {
		c.record(<-in.got)
	}
	c.w.Restart(t)
	if failed {
		c.checkRecovery(t, one, two)
	}
	return failed
}

// write sends the rider's text until the network accepts it or the program is killed.
func (c *trial) write(t *testing.T, text string, current *instance) {
	for {
		err := c.n.Post(t, c.w, c.a.City, Post{Author: c.author, Text: text})
		if err == nil {
			return
		}
		c.rejected[text] = true
		if current.wasKilled() {
			return
		}
		<-time.After(10 * time.Millisecond) // the bot's server may still be starting
	}
}

// checkRecovery checks after the fault that no text was lost, and that none arrives under a second ID.
func (c *trial) checkRecovery(t *testing.T, texts ...string) {
	in := c.w.receive(t, c.a)
	for _, text := range texts {
		if c.rejected[text] {
			post(t, c.w, c.n, Post{Author: c.author, Text: text})
		}
	}
	last := texts[0] + " danach"
	post(t, c.w, c.n, Post{Author: c.author, Text: last})
	for len(c.ids[last]) == 0 {
		c.record(in.next(t))
	}
	in.stop(t)
	c.w.Restart(t)
	for _, text := range texts {
		switch ids := c.ids[text]; {
		case len(ids) == 0:
			t.Errorf("%q was lost", text)
		case len(ids) > 1 && !c.rejected[text]:
			t.Errorf("%q arrived under several IDs: %q", text, ids)
		}
	}
}

func (c *trial) record(r report.Report) {
	text := r.Text[max(strings.Index(r.Text, "kontrolle"), 0):]
	if !slices.Contains(c.ids[text], r.ID) {
		c.ids[text] = append(c.ids[text], r.ID)
	}
}

// failsSending injects the fault at each step of sending a report, and sends it again as the supervisor would.
func (s suite) failsSending(t *testing.T, w *World, n Network, a bots.Account, fault Fault) {
	readers := 1
	if s.f.Broadcasts {
		readers = 3
		for i := range readers {
			n.Subscribe(t, w, "zuerich", fmt.Sprintf("sub-%d", i))
		}
	}
	atEachStep(t, fault, func(step int) bool {
		text := fmt.Sprintf("kontrolle linie %d ende", step)
		current := w.instance
		current.failAfter(step, fault)
		s.retrySending(t, w, a, w.report(text))
		w.Restart(t)
		failed, shown := current.hasFailed(), 0
		for _, got := range n.Shown(t, w, "zuerich") {
			shown += strings.Count(got, text)
		}
		if shown < readers || shown > readers+1 || shown > readers && (s.f.Once || !failed) {
			t.Errorf("shown %d times to %d readers", shown, readers)
		}
		return failed
	})
}

// retrySending sends a report until the network has accepted it, and restarts the program if it was killed.
func (s suite) retrySending(t *testing.T, w *World, a bots.Account, r report.Report) {
	first, cursor := w.instance, ""
	for range 5 {
		next, err := w.sendFrom(t.Context(), a, r, cursor)
		cursor = next
		if err == nil {
			return
		}
		e := bots.AsError(err)
		if !first.hasFailed() || e.Kind == bots.KindPermanent || e.Kind == bots.KindRevoked || e.After > time.Hour {
			t.Errorf("sending: %v (kind %d, after %v)", err, e.Kind, e.After)
			return
		}
		w.Advance(e.After)
		if first.wasKilled() && w.instance == first {
			w.Restart(t)
		}
	}
	t.Error("five attempts to send have failed")
}
