package bots

import (
	"context"
	"time"
)

// Bounced is a network that sends mail (Core.Mail) and wants to know of mailboxes that take none.
type Bounced interface {
	// Bounced is told of each bounce of a mail that carried the id as Mail.Bounce, some of them days after the mail.
	// After an error it is told again, if whoever reported the bounce does so again.
	Bounced(ctx context.Context, id string, b Bounce) error
}

// Bounce says what is known of a mailbox whose mail came back.
type Bounce struct {
	Hard        bool      // there is no such mailbox; what follows is zero then
	Soft        int       // bounces of other kinds (full, unreachable) since a mail last went through, this one included
	First, Last time.Time // of those
}

// How long a mailbox must bounce softly before it counts as dead.
const (
	deadBounces = 3
	deadTime    = 3 * 24 * time.Hour
)

// Dead says whether to send no more mail there.
func (b Bounce) Dead() bool {
	return b.Hard || b.Soft >= deadBounces && b.Last.Sub(b.First) >= deadTime
}

// Bounces takes the mail that comes back.
type Bounces interface {
	// Known says whether a local part is one of an address that Core.Mail has made for bounces to come back to.
	Known(ctx context.Context, local string) (bool, error)
	// Take handles a message that came to such an address: it tells the bot, or ignores a message that reports no
	// bounce. After an error the message must not be confirmed, so that it comes again.
	Take(ctx context.Context, local string, message []byte) error
	// TakeFor is Take for a message that came to another address, about a mail of the bot owner with the id as Mail.Bounce. Who
	// calls it has to be sure of the id.
	TakeFor(ctx context.Context, owner, id string, message []byte) error
}
