// Package places is the contract between the program and the networks in which a city's account sees several places: groups, channels, lists, folders, rooms, servers.
// A bot of such a network implements Network in addition to the interfaces of package bots. The program keeps the lists (commands/places.go), so that commands, the API and the bot's
// own pages show the same one, and the network is not asked too often.
package places

import (
	"context"
	"time"

	"linienfunk/bots"
)

// Kind is what a place is.
type Kind string

// The kinds.
const (
	Group   Kind = "group"
	Channel Kind = "channel" // few write, many read
	Topic   Kind = "topic"   // a part of a group or channel: a thread of a forum
	List    Kind = "list"    // of accounts, or of what they write
	Folder  Kind = "folder"  // of a mailbox
	Room    Kind = "room"
	Server  Kind = "server" // holds channels or rooms
)

// Right is something that the account may do in a place.
type Right string

// The rights, in the order in which a Place has them.
const (
	Read   Right = "read"   // sees all that people write there
	Write  Right = "write"  // writes there
	Delete Right = "delete" // deletes what others have written
	Manage Right = "manage" // changes the place itself: its name, who is in it
)

// Rights are all rights.
var Rights = []Right{Read, Write, Delete, Manage}

// Place is what a city's account can see.
type Place struct {
	ID     string  `json:"id"` // as the network names it; the same as long as the place exists, also under a new name
	Kind   Kind    `json:"kind"`
	Name   string  `json:"name"`             // for people, as they have typed it. Wherever it is shown or stored it is data
	Parent string  `json:"parent,omitempty"` // ID of the place in which this one is: the server of a room, the group of a topic; it need not be in the list
	Rights []Right `json:"rights"`
	Note   string  `json:"note,omitempty"` // id of a text of the bot's: what hinders, or what else there is to say

	// Chosen is set if the city uses the place. The program sets it, as Network.Chosen says.
	Chosen bool `json:"-"`
}

// Network is a network with places. All methods may be called concurrently.
type Network interface {
	bots.Bot

	// UsePlaces is called once, before the bot runs.
	UsePlaces(Lists)

	// Places asks the network for all that the city's account can see, also while the city is paused. A place that is gone is left out, and does not make the others fail. ctx has a
	// deadline. Errors are those of package bots: a RetryAfter keeps everybody from asking as long; Revoked does not stop the account, which finds out by itself. The error is Permanent
	// if the city has no account, or one that may not list its places. The program keeps at most MaxPlaces, without those whose ID came before.
	Places(ctx context.Context, city string) ([]Place, error)

	// Chosen returns the IDs of the places that the city uses, from the bot's own tables.
	Chosen(ctx context.Context, city string) ([]string, error)
}

// MaxPlaces is how many places a list has at most, and MaxName how many characters of a name are kept.
const (
	MaxPlaces = 1000
	MaxName   = 200
)

// Listing is a list of places.
type Listing struct {
	Places []Place   // in the network's order
	More   bool      // there were more than MaxPlaces
	At     time.Time // when the network was asked; zero if there is no list yet
	Why    string    // id of a text of the bot's: why the network could not be asked since
}

// Place returns a place of the list by its ID.
func (l Listing) Place(id string) (Place, bool) {
	for _, p := range l.Places {
		if p.ID == id {
			return p, true
		}
	}
	return Place{}, false
}

// Lists are the lists that the program keeps of one network. They are forgotten with Core.Changed.
type Lists interface {
	// Known returns a city's list as it is kept, without asking the network: a page must not wait for it.
	Known(ctx context.Context, city string) (Listing, error)

	// Refresh asks the network, unless somebody did so within the last seconds or the network wants a pause, and returns what is known then. That the network could not be
	// asked is no error, but in Listing.Why.
	Refresh(ctx context.Context, city string) (Listing, error)

	// Outdated says that something has changed: the list is read anew before somebody sees it in a command. Pages still show it.
	Outdated(ctx context.Context, city string) error
}

// None are the lists of a bot until UsePlaces: there are none.
type None struct{}

// Known implements Lists.
func (None) Known(context.Context, string) (Listing, error) { return Listing{}, nil }

// Refresh implements Lists.
func (None) Refresh(context.Context, string) (Listing, error) { return Listing{}, nil }

// Outdated implements Lists.
func (None) Outdated(context.Context, string) error { return nil }
