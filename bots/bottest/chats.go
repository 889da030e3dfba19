package bottest

import (
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// Chats is a Network whose bot is a chat.Network.
type Chats interface {
	// Person returns how a person, the author of a Post, is named in package chat.
	Person(name string) string
	// Answers lists what the city's account has written to that person alone, in order.
	Answers(t testing.TB, w *World, city, name string) []string
	// PostInPublic is Post where others can read it; false if there is no such place in the network.
	PostInPublic(t testing.TB, w *World, city string, p Post) bool
}

// chats tests a chat.Network.
func (s suite) chats(t *testing.T) {
	s.connected(t, "a command of somebody who runs the city is answered to them alone", s.commandIsAnswered)
	s.connected(t, "a command of a stranger is refused", s.strangerIsRefused)
	s.connected(t, "a command whose result is not known is handed in again as the same message, and answered once", s.commandAgain)
	s.connected(t, "who writes a command is the author of their reports, also with capitals", s.authorWritesCommand)
	s.connected(t, "what somebody is told arrives once for each key", s.toldOnce)
	s.connected(t, "a command that others can read is none", s.publicIsNoCommand)
	s.connected(t, "a paused city that is run from a chat has a paused account", s.pausedAccount)
}

func (s suite) commandIsAnswered(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	w.Commands.Link(a.City, n.(Chats).Person(rider))
	post(t, w, n, Post{Author: rider, Text: "/status now", Private: true})
	answered(t, w, n, rider, "done: /status now")
	if got := n.(Chats).Answers(t, w, a.City, "other"); len(got) > 0 {
		t.Errorf("others get %q", got)
	}
	post(t, w, n, Post{Author: rider, Text: "kontrolle u8", Private: true})
	if r := in.next(t); !strings.Contains(r.Text, "kontrolle u8") {
		t.Errorf("the command is a report: %q", r.Text)
	}
	if strings.Contains(w.Log.String(), rider) || strings.Contains(w.dump(t), rider) {
		t.Error("the person is in the log or in the database")
	}
}

func (s suite) strangerIsRefused(t *testing.T, w *World, n Network, a bots.Account) {
	w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "/pause", Private: true})
	answered(t, w, n, rider, "refused: /pause")
	if ran := w.Commands.Ran(); len(ran) > 0 {
		t.Errorf("carried out: %+v", ran)
	}
}

func (s suite) commandAgain(t *testing.T, w *World, n Network, a bots.Account) {
	w.receive(t, a)
	w.Commands.Link(a.City, n.(Chats).Person(rider))
	w.Commands.FailNext(2)
	post(t, w, n, Post{Author: rider, Text: "/pause", Private: true})
	answered(t, w, n, rider, "done: /pause")
	post(t, w, n, Post{Author: rider, Text: "/status", Private: true})
	answered(t, w, n, rider, "done: /status")
	if ran := w.Commands.Ran(); len(ran) != 2 || ran[0].ID == "" || ran[0].ID == ran[1].ID {
		t.Errorf("carried out: %+v", ran)
	}
	if got := with(n.(Chats).Answers(t, w, a.City, rider), "done: /pause"); got != 1 {
		t.Errorf("%d answers", got)
	}
}

// authorWritesCommand compares what package commands does when somebody asks for their reports.
func (s suite) authorWritesCommand(t *testing.T, w *World, n Network, a bots.Account) {
	const author = "Marta"
	in := w.receive(t, a)
	w.Commands.Link(a.City, strings.ToLower(n.(Chats).Person(author)))
	post(t, w, n, Post{Author: author, Text: "kontrolle u8", Private: true})
	r := in.next(t)
	post(t, w, n, Post{Author: author, Text: "/status", Private: true})
	testkit.Eventually(t, "the command is carried out", func() bool { return len(w.Commands.Ran()) == 1 })
	asks := w.Core.Box.Pseudonym(a.City, w.Core.Name, w.Commands.Ran()[0].Person, r.At)
	if wrote, _ := report.SplitAuthor(r.Author); wrote != asks {
		t.Errorf("the author %s of %q asks as %s", wrote, r.Text, asks)
	}
}

func (s suite) toldOnce(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	post(t, w, n, Post{Author: rider, Text: "/status", Private: true}) // some networks let nobody write to strangers
	answered(t, w, n, rider, "refused")
	in.stop(t)
	w.Commands.Link(a.City, n.(Chats).Person(rider))
	tell := func(key, text string) {
		t.Helper()
		must(t, w.Bot.(chat.Network).Tell(t.Context(), a.City, n.(Chats).Person(rider), key, chat.Answer{Text: text, Linked: true}))
	}
	tell("one", "first notice")
	tell("one", "first notice")
	w.Restart(t)
	w.receive(t, a)
	answered(t, w, n, rider, "first notice")
	tell("one", "first notice")
	tell("two", "second notice")
	answered(t, w, n, rider, "second notice")
	if got := with(n.(Chats).Answers(t, w, a.City, rider), "first notice"); got != 1 {
		t.Errorf("told %d times", got)
	}
}

func (s suite) publicIsNoCommand(t *testing.T, w *World, n Network, a bots.Account) {
	in := w.receive(t, a)
	w.Commands.Link(a.City, n.(Chats).Person(rider))
	if !n.(Chats).PostInPublic(t, w, a.City, Post{Author: rider, Text: "/pause"}) {
		return
	}
	post(t, w, n, Post{Author: rider, Text: "kontrolle am ende", Private: true})
	for r := in.next(t); !strings.Contains(r.Text, "am ende"); r = in.next(t) {
	}
	if ran := w.Commands.Ran(); len(ran) > 0 {
		t.Errorf("carried out: %+v", ran)
	}
}

func (s suite) pausedAccount(t *testing.T, w *World, n Network, a bots.Account) {
	w.Commands.Link(a.City, n.(Chats).Person(rider))
	w.SetActive(a.City, false)
	w.receive(t, w.account(t, a.City))
	post(t, w, n, Post{Author: rider, Text: "/status", Private: true})
	answered(t, w, n, rider, "done: /status")
}

// answered waits until the city's account has written a text to a person.
func answered(t testing.TB, w *World, n Network, name, text string) {
	t.Helper()
	testkit.Eventually(t, "the answer "+text, func() bool { return with(n.(Chats).Answers(t, w, "zuerich", name), text) > 0 })
}

// with counts the texts that contain a text.
func with(texts []string, text string) (count int) {
	for _, one := range texts {
		if strings.Contains(one, text) {
			count++
		}
	}
	return count
}
