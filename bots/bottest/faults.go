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

// maxSteps is how many steps a bot may need for two reports. One that needs more loses itself.
const maxSteps = 200

// stepFaults can happen at a single step. What is no request to a network just fails once.
func (s suite) stepFaults() []Fault {
	if s.f.Remote {
		return []Fault{death, TooMany, Internal, HTML, Truncate, Swallow}
	}
	return []Fault{death, Swallow}
}

// failsReceiving lets the fault happen at each step of receiving two reports, one after the other.
func (s suite) failsReceiving(t *testing.T, w *World, n Network, a bots.Account, fault Fault) {
	atEachStep(t, fault, func(step int) bool {
		w.life.failAt(step, fault)
		c := &trial{w: w, n: n, a: a, author: fmt.Sprintf("%s-%d", rider, step), ids: map[string][]string{}, told: map[string]bool{}}
		return c.run(t, fmt.Sprintf("kontrolle linie %d ost", step), fmt.Sprintf("kontrolle linie %d west", step))
	})
}

// atEachStep calls try with one step after the other until the fault is not met before the bot is done.
func atEachStep(t *testing.T, fault Fault, try func(step int) (met bool)) {
	t.Helper()
	for steps := range maxSteps {
		met := try(steps)
		if t.Failed() {
			t.Fatalf("%s at step %d", fault, steps)
		}
		if !met {
			t.Logf("%d steps", steps)
			return
		}
	}
	t.Errorf("%d steps were not enough", maxSteps)
}

// trial is one fault, and what a rider wrote before and after it.
type trial struct {
	w      *World
	n      Network
	a      bots.Account
	author string
	ids    map[string][]string // by text, of what was stored
	told   map[string]bool     // texts that the rider was told were not taken
}

// run says whether the fault happened before both texts had come.
func (c *trial) run(t *testing.T, one, two string) bool {
	life := c.w.life
	in := c.w.receive(t, c.a)
	c.write(t, one, life)
	c.write(t, two, life)
	var dead chan struct{}
	if life.fault == death {
		dead = life.met
	}
	for len(c.ids[two]) == 0 && !life.over() {
		select {
		case r := <-in.got:
			c.stored(r)
		case <-dead:
		case <-testkit.Timeout(t):
			t.Fatalf("%q did not arrive", two)
		}
	}
	met := life.hasMet()
	in.stop(t)
	for len(in.got) > 0 {
		c.stored(<-in.got)
	}
	c.w.Restart(t)
	if met {
		c.goOn(t, one, two)
	}
	return met
}

// write lets the rider write until the text is taken, or the program dies.
func (c *trial) write(t *testing.T, text string, life *life) {
	for {
		err := c.n.Post(t, c.w, c.a.City, Post{Author: c.author, Text: text})
		if err == nil {
			return
		}
		c.told[text] = true
		if life.over() {
			return
		}
		<-time.After(10 * time.Millisecond) // a server that is not up yet
	}
}

// goOn looks what comes after the fault.
func (c *trial) goOn(t *testing.T, texts ...string) {
	in := c.w.receive(t, c.a)
	for _, text := range texts {
		if c.told[text] {
			post(t, c.w, c.n, Post{Author: c.author, Text: text})
		}
	}
	last := texts[0] + " danach"
	post(t, c.w, c.n, Post{Author: c.author, Text: last})
	for len(c.ids[last]) == 0 {
		c.stored(in.next(t))
	}
	in.stop(t)
	c.w.Restart(t)
	for _, text := range texts {
		switch ids := c.ids[text]; {
		case len(ids) == 0:
			t.Errorf("%q was lost", text)
		case len(ids) > 1 && !c.told[text]:
			t.Errorf("%q came under several ids: %q", text, ids)
		}
	}
}

func (c *trial) stored(r report.Report) {
	text := r.Text[max(strings.Index(r.Text, "kontrolle"), 0):]
	if !slices.Contains(c.ids[text], r.ID) {
		c.ids[text] = append(c.ids[text], r.ID)
	}
}

// failsSending lets the fault happen at each step of sending a report. Then it is sent again, as the supervisor would.
func (s suite) failsSending(t *testing.T, w *World, n Network, a bots.Account, fault Fault) {
	people := 1
	if s.f.Broadcasts {
		people = 3
		for i := range people {
			n.Subscribe(t, w, "zuerich", fmt.Sprintf("sub-%d", i))
		}
	}
	atEachStep(t, fault, func(step int) bool {
		text := fmt.Sprintf("kontrolle linie %d ende", step)
		life := w.life
		life.failAt(step, fault)
		s.insist(t, w, a, w.report(text))
		w.Restart(t)
		met, shown := life.hasMet(), 0
		for _, got := range n.Shown(t, w, "zuerich") {
			shown += strings.Count(got, text)
		}
		if shown < people || shown > people+1 || shown > people && (s.f.Once || !met) {
			t.Errorf("shown %d times to %d", shown, people)
		}
		return met
	})
}

// insist sends a report until the network has it, over the death of the program.
func (s suite) insist(t *testing.T, w *World, a bots.Account, r report.Report) {
	first, cursor := w.life, ""
	for range 5 {
		next, err := w.sendFrom(t.Context(), a, r, cursor)
		cursor = next
		if err == nil {
			return
		}
		failed := bots.AsError(err)
		if !first.hasMet() || failed.Kind == bots.KindPermanent || failed.Kind == bots.KindRevoked || failed.After > time.Hour {
			t.Errorf("sending: %v (kind %d, after %v)", err, failed.Kind, failed.After)
			return
		}
		w.Advance(failed.After)
		if first.over() && w.life == first {
			w.Restart(t)
		}
	}
	t.Error("it was not sent at last")
}
