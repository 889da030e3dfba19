// Package programs is what a network of programs needs that connect to NATS themselves: Network is the bot, Service what it gets of NATS. Package bus
// implements the service.
package programs

import (
	"context"
	"errors"
)

// Network is a bot whose network consists of programs that connect to NATS. The application finds it by type assertion and calls UsePrograms once,
// after the bot's New and before anything else. Methods may be called concurrently.
type Network interface {
	// UsePrograms gives the bot the service. An error stops the process.
	UsePrograms(Service) error

	// Authenticate reports whether a program may connect from an address, as a user with this password. After an error it may not.
	Authenticate(ctx context.Context, user, password, address string) (bool, error)

	// Users lists the programs that may connect.
	Users(ctx context.Context) ([]User, error)
}

// User is a program that may connect.
type User struct {
	Name string // <city>.<name>
	Hash string // of the password: bcrypt, as nats-server reads it
}

// Subjects are those that a user may use, and no others.
type Subjects struct {
	In    string // the program's requests
	Out   string // what the program gets
	Inbox string // the prefix of its inboxes
}

// Message is a request of a program.
type Message struct {
	User string // who may publish on the subject
	Data []byte
	// Answer sends the reply. It reaches nobody but the user.
	Answer func(data []byte)
}

// ErrAbsent is returned by Service.Ask if no program has subscribed.
var ErrAbsent = errors.New("no program of this user has subscribed")

// Service is what NATS does for a Network. The zero value is one that the operator has not switched on.
type Service struct {
	// Port is where this process listens for programs; 0 if it does not. Secure is set if it requires TLS, and CA is the authority of its certificate (PEM), if
	// the certificate file says so.
	Port   int
	Secure bool
	CA     string

	// Servers is set if programs connect to the operator's servers, whose users `linienfunk nats permissions` prints.
	Servers bool

	// Subjects returns the subjects of a user.
	Subjects func(user string) Subjects

	// Receive calls f for each request of a program until ctx ends, one at a time. f must not wait.
	Receive func(ctx context.Context, f func(Message)) error

	// Ask sends data to the program of a user, again and again until it answers or ctx ends. It returns ErrAbsent as soon as it knows that nobody gets it.
	Ask func(ctx context.Context, user string, data []byte) ([]byte, error)

	// Kick closes the connections of a user. Whoever is being authenticated at the moment is kicked, too.
	Kick func(user string)

	// Connected reports whether a program of the user is connected. It is false with Servers, which do not tell.
	Connected func(user string) bool

	// Waiting counts the reports that the city's program has not taken yet.
	Waiting func(ctx context.Context, city string) (int64, error)
}

// On reports whether programs can connect.
func (s Service) On() bool { return s.Port != 0 || s.Servers }
