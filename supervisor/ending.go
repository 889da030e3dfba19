package supervisor

import (
	"context"
	"sync"

	"linienfunk/db"
)

// outcome is why orders end without having been carried out.
type outcome struct {
	bot    string
	status db.Status
	detail string
}

// endsEdit is the status of an outcome that leaves the delivery as it is.
const endsEdit db.Status = ""

// ending collects orders that end without having been carried out, so that thousands of them, after an outage or when an account is gone,
// are few writes.
type ending struct {
	mu      sync.Mutex
	entries map[outcome][]uint
	more    chan struct{}
}

func newEnding() *ending { return &ending{entries: map[outcome][]uint{}, more: make(chan struct{}, 1)} }

func (e *ending) add(o order, status db.Status, detail string) {
	if o.edit {
		status, detail = endsEdit, ""
	}
	if o.recall {
		status, detail = db.Retracted, "" // if it was never sent; what was sent stays as it is
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	why := outcome{o.bot, status, detail}
	e.entries[why] = append(e.entries[why], o.entry)
	select {
	case e.more <- struct{}{}:
	default:
	}
}

// write writes the outcomes into the ledger. What cannot be written is still due there, and comes again.
func (e *ending) write(ctx context.Context, env *env) {
	e.mu.Lock()
	entries := e.entries
	e.entries = map[outcome][]uint{}
	e.mu.Unlock()
	for why, list := range entries {
		err := error(nil)
		if why.status == endsEdit {
			err = env.DB.EndEdits(ctx, why.bot, list)
		} else {
			err = env.DB.CloseDeliveries(ctx, why.bot, list, why.status, why.detail)
		}
		if err == nil && why.status != endsEdit {
			env.Observer.Ended(why.bot, string(why.status), len(list))
		}
		if err != nil && ctx.Err() == nil {
			env.Log.Error("cannot close orders; they come again", "bot", why.bot, "orders", len(list), "err", err)
		}
	}
}
