// Package bottest is the contract of package bots as code: Run puts a bot through everything that the contract asks for,
// against a fake of its network that speaks the real protocol on loopback. Every bot's tests call Run.
package bottest

import (
	"testing"
)

// Features says what a network honestly can do; the suite asks for no more.
type Features struct {
	// EveryCity is set for a network that every active city has without connecting anything.
	EveryCity bool
	// Receives: riders can report on it. Authors: their reports have an author.
	Receives, Authors bool
	// Listens: riders write to the bot's own server (Listener), where nothing waits for it. Set it where a bot is a
	// Receiver as well, and call Run twice, with a fake network for each way in.
	Listens bool
	// Private: riders can report privately.
	Private bool
	// Edits: riders can change what they wrote, and the bot may hear of it. The Network must be an Editor.
	Edits bool
	// Withdraws: the bot learns that a rider has deleted what it handed in and sent. The Network must be a Deleter.
	Withdraws bool
	// Sends or Broadcasts: reports are carried to it.
	Sends, Broadcasts bool
	// Remote: it is reached over a connection of ours, so that all Faults can happen to sending.
	Remote bool
	// Once: it honours idempotency keys, so that a repeated Send shows nothing twice.
	Once bool
	// MaxText is the length in characters that the fake takes; 0 for no limit.
	MaxText int
	// Credentials: an account can be revoked. RecvOnly: its credentials are for receiving alone.
	Credentials, RecvOnly bool
}

// Post is what a rider writes.
type Post struct {
	Author  string // name or address, as the network spells it
	Text    string
	Private bool
}

// Fault is a way in which a network fails.
type Fault string

// The faults. Each holds for all requests until Heal, except where it says otherwise.
const (
	TooMany  Fault = "429"      // too many requests, to be repeated after 7 seconds
	Internal Fault = "500"      // internal server error
	Hang     Fault = "hang"     // takes the request and never answers
	Swallow  Fault = "swallow"  // carries out the request, then never answers
	HTML     Fault = "html"     // answers 200 with a web page of the proxy in front
	Truncate Fault = "truncate" // breaks off in the middle of the answer, having carried out nothing
	Refuse   Fault = "refuse"   // refuses this one text for good (422 or 550)
	Revoke   Fault = "revoke"   // no longer knows the account
)

// Network is the fake of a bot's network, as its tests build it for a World.
type Network interface {
	// Connect gives the city an account, as its admin would (through the bot's WebUI or its tables), and a
	// place where riders can write. For EveryCity networks there is nothing to do.
	Connect(t testing.TB, w *World, city string)
	// Post lets a rider write to the city's account and returns when the network has it. An error is an answer
	// that tells the rider that it was not taken.
	Post(t testing.TB, w *World, city string, p Post) error
	// Shown lists the texts that people see as carried by the city's account, in order: on the network for a
	// Sender, all mails or messages to all subscribers for a Broadcaster.
	Shown(t testing.TB, w *World, city string) []string
	// Subscribe makes a subscriber, for Broadcasts.
	Subscribe(t testing.TB, w *World, city, who string)
	// Fail makes the network fail; Heal ends that.
	Fail(f Fault)
	Heal()
}

// Editor is a Network where riders change what they wrote.
type Editor interface {
	// Edit changes the rider's last message to the city's account.
	Edit(t testing.TB, w *World, city, author, text string)
}

// Deleter is a Network where riders delete what they wrote.
type Deleter interface {
	// Delete deletes the rider's last message to the city's account.
	Delete(t testing.TB, w *World, city, author string)
}

// Start makes the fake network for a World. It is called before anything of the bot runs.
type Start func(t testing.TB, w *World) Network

// Texts returns the texts of posts, and those of the originals of reposts. read returns a post's text, and its original or nil.
func Texts[P any](posts []P, read func(P) (text string, original *P)) []string {
	var texts []string
	for _, p := range posts {
		text, original := read(p)
		if original != nil {
			text, _ = read(*original)
		}
		texts = append(texts, text)
	}
	return texts
}
