package commands

import (
	"context"
	"strings"

	"linienfunk/db"
)

// Level is what a person, or a program with a key, may do to a city. A higher one includes those below.
type Level int

// The levels.
const (
	Anyone     Level = iota
	Subscriber       // gets the city's reports: see Commands.subscribes
	Moderator
	Owner
	Operator // of the whole instance
)

var levelNames = [...]string{"anyone", "subscriber", "moderator", "owner", "operator"}

func (l Level) String() string { return levelNames[l] }

// LevelOf is what an admin with a role in a city may do to it. Someone without one is anyone.
func LevelOf(role db.Role) Level {
	switch role {
	case db.RoleOwner:
		return Owner
	case db.RoleModerator:
		return Moderator
	}
	return Anyone
}

// Scope is what the key of a program may be limited to.
type Scope string

// The scopes.
const (
	ScopeRead        Scope = "read"        // what admins see
	ScopeReport      Scope = "report"      // hand in reports and withdraw them
	ScopeModerate    Scope = "moderate"    // rule on reports
	ScopeSettings    Scope = "settings"    // change the city
	ScopeSubscribers Scope = "subscribers" // subscribe people, and unsubscribe them
	ScopePeople      Scope = "people"      // decide who runs the city
	ScopeAddresses   Scope = "addresses"   // read addresses of people in bulk: beside ScopeSettings, for the file with all of a city
)

// Scopes are all scopes.
var Scopes = []Scope{ScopeRead, ScopeReport, ScopeModerate, ScopeSettings, ScopeSubscribers, ScopePeople, ScopeAddresses}

// Command is something that people can do.
type Command struct {
	// Name is one word or two, of a-z: "pause", "lists add". Texts have the id "command-lists-add" for what it does, "words-lists-add" for what people write,
	// separated by commas, "answer-lists-add" for the result as R, with Zone and "call .When time", and "param-<name>" for its parameters.
	Name   string
	Group  string // what it is about: the text "group-<group>"
	Level  Level
	Scope  Scope // empty for what keys cannot do
	Params []Param

	Reads   bool // changes nothing
	NoCity  bool // is about the whole instance
	Tells   bool // those who run the city hear of it
	Names   bool // the answer names people: what is told to others than them is only what was done
	InChats bool // only people in chats can use it: it is about themselves
	Groups  bool // people can write it in a group too, where others read the answer

	// Result is a value of the result's type, a struct with JSON names.
	Result any

	run func(ctx context.Context, c *Commands, call Call) (any, error)
}

// ID is the name in ids of texts and the like: "lists-add".
func (c Command) ID() string { return strings.ReplaceAll(c.Name, " ", "-") }

// Param returns a parameter by its name.
func (c Command) Param(name string) (Param, bool) {
	for _, p := range c.Params {
		if p.Name == name {
			return p, true
		}
	}
	return Param{}, false
}

// Actor is who runs a command.
type Actor struct {
	ID    string // who it is, without a name or an address: "admin 3", "key 7", "operator"; empty for a stranger
	Level Level
	Admin uint // the admin who it is, or who has made the key; 0 for none
	Lang  string

	// Visitor is set for somebody on a city's page who has no account: the address of their network, as for limits. It is not kept.
	Visitor string

	// Network and Person are set for somebody in a chat, and Group if others read it: see chat.Message.
	Network, Person, Group string
	// Linked is set for somebody in a chat who is an admin of the city.
	Linked bool
}

// Call is a command with its values.
type Call struct {
	City  string
	Name  string
	Args  map[string]any // by parameter: a string, an int, a bool or a map[string]any
	Actor Actor

	// Key identifies the call, if it is not empty: a second one of the same actor with the same key is not carried out, and has the result of the first one. Keys are
	// remembered for a day.
	Key string
}

// Text returns the value of a Text or a Choice; "" if there is none.
func (c Call) Text(name string) string { text, _ := c.Args[name].(string); return text }

// Number returns the value of a Number; 0 if there is none.
func (c Call) Number(name string) int { n, _ := c.Args[name].(int); return n }

// On returns the value of a Switch.
func (c Call) On(name string) bool { on, _ := c.Args[name].(bool); return on }

// Has reports whether there is a value.
func (c Call) Has(name string) bool { _, ok := c.Args[name]; return ok }
