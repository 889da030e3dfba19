package bots

import (
	"context"
	"errors"
	"sync"
)

// Lender is for Listeners whose HTTP handlers hand in reports, as forms and webhooks do: Listen lends its out to them
// until it ends. The zero value is ready.
type Lender struct {
	mu   sync.Mutex
	loan *Loan // nil while Lend does not run
}

// Loan is what a handler has borrowed. It calls Return when it is done.
type Loan struct {
	// Ctx ends when the program wants to end. What the handler does with Out ends with it or up to 5 seconds later, and not
	// with its request: a report that was sent is handed in, even if its sender does not wait for the answer.
	Ctx context.Context
	Out CityOut

	busy sync.WaitGroup
}

var errLending = errors.New("listening already")

// Lend lends out until ctx ends, and returns when the last loan has been returned: a Listener's Listen may be just that.
func (l *Lender) Lend(ctx context.Context, out CityOut) error {
	loan := &Loan{Ctx: ctx, Out: out}
	if !l.set(nil, loan) {
		return errLending
	}
	<-ctx.Done()
	l.set(loan, nil)
	loan.busy.Wait()
	return nil
}

// set replaces the loan, if it is the one expected.
func (l *Lender) set(from, to *Loan) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.loan != from {
		return false
	}
	l.loan = to
	return true
}

// Borrow returns nil while nothing is lent; the handler then answers 503.
func (l *Lender) Borrow() *Loan {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.loan == nil || l.loan.Ctx.Err() != nil {
		return nil
	}
	l.loan.busy.Add(1)
	return l.loan
}

// Return gives the loan back.
func (l *Loan) Return() { l.busy.Done() }
