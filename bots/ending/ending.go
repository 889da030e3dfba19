// Package ending is what a network does, beside the interfaces of package bots, when a city ends, or is taken along as a file. A bot implements what it can.
package ending

import "context"

// Announcer is a network whose subscribers can be told something that is no report.
type Announcer interface {
	// Announce tells the next subscribers of a city after cursor, whatever reports they want. The city may be paused. Cursors are as those of bots.Broadcaster. Together with the
	// subscriber, key identifies the message: the network does what it can to send it once. What is sent later must not need the city's rows. ctx has a deadline of a minute.
	Announce(ctx context.Context, city, key, text, cursor string) (next string, err error)
}

// Leaver is a network in which the program is signed in to cities' accounts.
type Leaver interface {
	// Leave signs out of the city's account, if there is one, and forgets it. It tries once: what the network does not accept is only logged. ctx has a deadline of ten seconds.
	Leave(ctx context.Context, city string) error
}

// Roster is a network that knows its subscribers.
type Roster interface {
	// Subscribers returns the next subscribers of a city after cursor, for a file for its owners. Cursors are as those of bots.Broadcaster. A page may have none, although there are more.
	Subscribers(ctx context.Context, city, cursor string) (list []Subscriber, next string, err error)
}

// Subscriber is somebody who gets a city's reports.
type Subscriber struct {
	Address string `json:"address"`        // in the network
	Kind    string `json:"kind,omitempty"` // if there are several: "private", "group", "channel"
	Wants   any    `json:"wants"`          // a chat.Interest

	Consent *Consent `json:"consent,omitempty"` // to go along to another instance: see Mover
}
