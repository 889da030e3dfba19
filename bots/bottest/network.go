// Package bottest is the conformance suite of the contract in package bots. Every bot's tests call Run, with a fake of its network that
// speaks the real protocol on loopback.
package bottest

import (
	"testing"
)

// Features are the abilities of a network. The suite tests no others.
type Features struct {
	// EveryCity: every active city has an account, without connecting one.
	EveryCity bool
	// Receives: riders can report on it. Authors: their reports have an author.
	Receives, Authors bool
	// Listens: riders write to the bot's own server (Listener), which keeps nothing while it is down. Needed only if the bot is a Receiver
	// as well; then call Run twice, with a fake network for each interface.
	Listens bool
	// Private: riders can report privately.
	Private bool
	// Edits: riders can edit messages, and the bot may be notified. The Network must be an Editor.
	Edits bool
	// Withdraws: the bot is notified when a rider deletes a message. The Network must be a Deleter.
	Withdraws bool
	// Sends or Broadcasts: the bot is a Sender or a Broadcaster.
	Sends, Broadcasts bool
	// Retracts: the bot is a Retracter that deletes what was sent. Cancels: it is one that can only cancel what still waits.
	Retracts, Cancels bool
	// Updates: the bot is an Editor.
	Updates bool
	// Remote: the bot sends over a connection to a server, so that all Faults apply to sending.
	Remote bool
	// Once: the network honours idempotency keys, so that a repeated Send shows nothing twice.
	Once bool
	// MaxText is the fake's limit of a text in characters; 0 for none.
	MaxText int
	// Places: the account of a connected city sees places. The Network must be a Places.
	Places bool
	// Credentials: an account can be revoked. RecvOnly: its credentials are used for receiving only.
	Credentials, RecvOnly bool
}

// Post is a rider's message.
type Post struct {
	Author  string // name or address, as the network spells it
	Text    string
	Private bool
}

// Fault is a failure of a network.
type Fault string

// The faults. Each holds for all requests until Heal, except where it says otherwise.
const (
	TooMany  Fault = "429"      // too many requests, to be repeated after 7 seconds
	Internal Fault = "500"      // internal server error
	Hang     Fault = "hang"     // accepts the request and never answers
	Swallow  Fault = "swallow"  // carries out the request, then never answers
	HTML     Fault = "html"     // answers 200 with a web page of a proxy
	Truncate Fault = "truncate" // carries out nothing and closes the connection within the answer
	Refuse   Fault = "refuse"   // refuses the text permanently (422 or 550)
	Revoke   Fault = "revoke"   // no longer knows the account
)

// Network is the fake of a bot's network.
type Network interface {
	// Connect connects an account of the city, as its admin would (through the bot's WebUI or its tables), so that riders can write to
	// it. For EveryCity networks there is nothing to do.
	Connect(t testing.TB, w *World, city string)
	// Post sends a rider's message to the city's account and returns when the network has stored it. An error means that the network
	// rejected the message and told the rider.
	Post(t testing.TB, w *World, city string, p Post) error
	// Shown lists the texts that the city's account has sent, in order: the posts on the network for a Sender, all mails or messages to
	// all subscribers for a Broadcaster.
	Shown(t testing.TB, w *World, city string) []string
	// Subscribe adds a subscriber, for Broadcasts.
	Subscribe(t testing.TB, w *World, city, subscriber string)
	// Fail makes the network fail; Heal ends that.
	Fail(f Fault)
	Heal()
}

// Editor is a Network where riders can edit messages.
type Editor interface {
	// Edit changes the rider's last message to the city's account.
	Edit(t testing.TB, w *World, city, author, text string)
}

// Deleter is a Network where riders can delete messages.
type Deleter interface {
	// Delete deletes the rider's last message to the city's account.
	Delete(t testing.TB, w *World, city, author string)
}

// Start starts the fake network for a World. It is called before the bot runs.
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
