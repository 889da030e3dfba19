package web

import (
	"context"
	"errors"
	"sync"

	"linienfunk/bots"
)

// session is one run of Listen. Handlers that need it enter it, and Listen waits until they have left.
type session struct {
	ctx  context.Context
	out  bots.CityOut
	busy sync.WaitGroup
}

// Listen lends out to the handlers until ctx ends, then returns when the last of them is done. Each of them ends within
// answerTime or writeTime after ctx.
func (b *bot) Listen(ctx context.Context, out bots.CityOut) error {
	s := &session{ctx: ctx, out: out}
	b.mu.Lock()
	if b.session != nil {
		b.mu.Unlock()
		return errors.New("listening already")
	}
	b.session = s
	b.mu.Unlock()

	<-ctx.Done()

	b.mu.Lock()
	b.session = nil
	b.mu.Unlock()
	s.busy.Wait()
	return nil
}

// enter returns the session, or nil while Listen does not run. Whoever got one calls leave.
func (b *bot) enter() *session {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.session == nil || b.session.ctx.Err() != nil {
		return nil
	}
	b.session.busy.Add(1)
	return b.session
}

func (s *session) leave() { s.busy.Done() }
