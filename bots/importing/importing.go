// Package importing is the contract between `linienfunk import` and the networks that can take over what an older program has stored about them: accounts, subscribers, and what was
// read already. A bot of such a network implements Network in addition to the interfaces of package bots, and knows the old tables of its network; package ancestors reads the rest.
package importing

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"linienfunk/bots"
)

// Network is a network with something to import.
type Network interface {
	bots.Bot

	// Import writes what the old program has of a city into the bot's tables, in the transaction tx: see db.In. The city is new, and nothing runs. It does not use the network, so that
	// an import does not depend on servers elsewhere. What cannot come along is in Result.Lost; an error ends the import of all cities.
	Import(ctx context.Context, tx *gorm.DB, city string, old City) (Result, error)
}

// Result says what came along of a city. No sentence names an address, a person or a token.
type Result struct {
	Brought []Count
	Lost    []string     // sentences: what does not come along, and why or what to do
	Options bots.Options // of the new city, where they are not the default
}

// Count is how many of something came along.
type Count struct {
	What string // in the plural: "subscribers by mail"
	N    int
}

// Bring adds a count, unless there is none.
func (r *Result) Bring(n int, what string) {
	if n > 0 {
		r.Brought = append(r.Brought, Count{what, n})
	}
}

// Lose adds a sentence to Lost.
func (r *Result) Lose(format string, args ...any) {
	r.Lost = append(r.Lost, fmt.Sprintf(format, args...))
}
