package ending

import (
	"context"
	"encoding/json"
	"time"
)

// Mover is a network whose subscribers can go along to another instance, if they agree.
type Mover interface {
	// AskToMove asks the next subscribers of a city that has moved whether they want to go along to its new page, and returns how many it has asked: 0 once all were. The network
	// remembers who was asked about an address, so that nobody is asked twice, also after a crash. ctx has a deadline of a minute.
	AskToMove(ctx context.Context, city, url string) (asked int, err error)
	// ForgetMove forgets who has agreed to go along: the city stays. Who was asked is remembered.
	ForgetMove(ctx context.Context, city string) error

	// TakeIn stores subscribers who come from another instance, and have agreed to it at the time that is given. Whoever has come to this city before is left out: they may have
	// unsubscribed since. Addresses and wishes are foreign input.
	TakeIn(ctx context.Context, city string, list []Arriving) (TakenIn, error)
	// Welcome tells the next subscribers who were taken in, once each, where they get reports from now, and how to end that. It returns how many it has told: 0 once all were.
	Welcome(ctx context.Context, city string) (told int, err error)
}

// Consent is that somebody agrees to go along to a city's page elsewhere.
type Consent struct {
	To string    `json:"to"`
	At time.Time `json:"at"`
}

// ConsentLife is how long a consent counts. Networks remember for longer who has come.
const ConsentLife = 60 * 24 * time.Hour

// Arriving is a subscriber who comes from another instance.
type Arriving struct {
	Address string
	Wants   json.RawMessage // a chat.Interest
	At      time.Time       // of the consent
}

// TakenIn counts subscribers who came.
type TakenIn struct {
	New     int // get reports from now on
	Known   int // subscribe here already, or have come before
	Invalid int // whose address cannot be used here
}
