// Package chat is the contract between the commands of a city and the networks in which people write to its account. A bot of such a network
// implements Network in addition to the interfaces of package bots. The bot knows no command: it hands over what people write, and shows the answer as its network
// does. What subscribers want is an Interest.
package chat

import (
	"context"

	"linienfunk/bots"
)

// Network is a network in which people can write commands to a city's account. All methods may be called concurrently.
type Network interface {
	bots.Bot

	// UseCommands is called once, before the bot runs.
	UseCommands(Commands)

	// Tell sends an answer to a person who has linked their account, or to a group as Message.Group names it, without being asked. It returns once the message is stored, and the bot sends
	// it as soon as it can. key identifies the message: a second one with the same key is not sent. The error is Permanent if the person or the group cannot be reached any more.
	Tell(ctx context.Context, city, person, key string, a Answer) error

	// Interest returns what a person gets of the city's reports; ok is false if they have not subscribed. The error is errors.ErrUnsupported in networks
	// where people follow the account instead. So are those of SetInterest and Unsubscribe.
	Interest(ctx context.Context, city, person string) (i Interest, ok bool, err error)

	// SetInterest makes a person a subscriber, or changes what they get. confirmed is false if they have to be asked first, by a message that was sent to them now: by mail,
	// anybody could type the address.
	SetInterest(ctx context.Context, city, person string, i Interest) (confirmed bool, err error)

	// Unsubscribe ends a subscription. It is no error if there is none.
	Unsubscribe(ctx context.Context, city, person string) error
}

// Message is what a person has written to a city's account, privately, or in a group, where everybody sees the answer.
type Message struct {
	City   string
	Person string // the person's address in the network: what Tell takes. It is stored sealed, and only if the person links it
	Group  string // where others read it: how Tell names the group; empty for a private message. Few commands can be written there, with a slash
	ID     string // identifies the message in its network, also when it comes again
	Text   string // plain text, without the mention of the account

	// Reports are those in the notice that the message answers. If it is one, the message need not name it. Only who has received the notice can answer it: a message that
	// may be forged is taken for them, and no others.
	Reports []string

	// Forged is set if the sender may be somebody else: nothing is changed.
	Forged bool
}

// Answer is what the city's account answers.
type Answer struct {
	Text    string // plain text, lines separated by \n
	Refused bool   // the command was not carried out; Text says why, and what would be right
	Linked  bool   // the person runs the city, as their Role says: a network with a menu shows them more of it
	Role    Role   // of a person who is linked
	Buttons []Button
}

// Button is a command that may follow. Where there are no buttons, Text is enough: it names the commands.
type Button struct {
	Label   string
	Report  string // that it is about; may be empty
	Command string // the text of the message to send: "release 17"; at most 60 bytes
}

// Role is what a menu is for. A higher one can write all that those below can.
type Role int

// The roles.
const (
	Rider Role = iota
	Moderator
	Owner
)

// Commands runs the commands of all cities.
type Commands interface {
	// Run runs the command in a message. isCommand is false if there is none in it: then it may be a report. After an error, which is no mistake of the person's, the bot hands in the
	// same message again; a command is carried out once.
	Run(ctx context.Context, m Message) (a Answer, isCommand bool, err error)

	// Moved says that a group has another name now: see Message.Group. A network that numbers its groups anew calls it, perhaps more than once.
	Moved(ctx context.Context, city, from, to string) error

	// Cities lists the cities that somebody runs from a chat of the network. The accounts of these run also while the city is paused: see bots.Account.Paused.
	Cities(ctx context.Context) (map[string]bool, error)

	// Menu lists what people of a role can write, for a network's menu.
	Menu(lang string, role Role) []MenuItem
}

// MenuItem is a command in a menu.
type MenuItem struct {
	Word string // a-z and "_": without the slash
	Help string // what it does, a line
}
