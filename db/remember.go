package db

import (
	"context"
	"sync"

	"gorm.io/gorm"
)

// Pending are writes that wait for a transaction.
type Pending struct {
	mu     sync.Mutex
	writes []func(tx *gorm.DB) error
}

type pendingKey struct{}

// Collect returns a context in which Remember collects writes instead of making them.
func Collect(ctx context.Context) (context.Context, *Pending) {
	p := &Pending{}
	return context.WithValue(ctx, pendingKey{}, p), p
}

// Remember makes a network's write about a post that it has just sent, on its handle of the database: during Send in the transaction in which
// the core notes that the report was sent, so that both are stored or neither, with one wait for the disk; elsewhere at once, even if ctx
// has ended. write may be called again after an error.
func Remember(ctx context.Context, handle *gorm.DB, write func(tx *gorm.DB) error) error {
	p, ok := ctx.Value(pendingKey{}).(*Pending)
	if !ok {
		return handle.WithContext(context.WithoutCancel(ctx)).Transaction(write)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writes = append(p.writes, func(tx *gorm.DB) error { return write(join(handle, tx)) })
	return nil
}

// join returns handle, with its prefix of tables, on the connection of tx.
func join(handle, tx *gorm.DB) *gorm.DB {
	joined := handle.Session(&gorm.Session{Context: tx.Statement.Context, SkipDefaultTransaction: true})
	joined.Statement.ConnPool = tx.Statement.ConnPool
	return joined
}

// write makes the writes in tx.
func (p *Pending) write(tx *gorm.DB) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, write := range p.writes {
		if err := write(tx); err != nil {
			return err
		}
	}
	return nil
}

// Empty reports whether there is nothing to write. A nil Pending is empty.
func (p *Pending) Empty() bool {
	if p == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.writes) == 0
}
