package censor

import (
	"context"
	"sync"

	"linienfunk/bus"
)

// message is a report, or a withdrawal, as REPORTS delivers it.
type message = bus.Msg

// intake holds the messages that wait to be judged, by city: one that sends thousands delays no other.
type intake struct {
	mu     sync.Mutex
	cities []string             // with messages, in the order of their turns
	queues map[string][]message // by city, in the order of the stream
	held   map[place]bool       // the messages that wait, or that are being judged
	more   chan struct{}
}

// place is where a message is in the stream.
type place struct {
	seq  uint64
	part int
}

func newIntake() *intake {
	return &intake{queues: map[string][]message{}, held: map[place]bool{}, more: make(chan struct{}, 1)}
}

// put adds a message. One that is delivered again because it has waited for long is here already.
func (in *intake) put(msg message) {
	in.mu.Lock()
	defer in.mu.Unlock()
	at := place{msg.Seq, msg.Part}
	if in.held[at] {
		return
	}
	in.held[at] = true
	city := msg.Value.City
	if len(in.queues[city]) == 0 {
		in.cities = append(in.cities, city)
	}
	in.queues[city] = append(in.queues[city], msg)
	select {
	case in.more <- struct{}{}:
	default:
	}
}

// take waits for messages and returns up to limit of them, one of each city in turn. They are held until forget. It returns none once ctx has
// ended.
func (in *intake) take(ctx context.Context, limit int) []message {
	for {
		if batch := in.takeNow(limit); len(batch) > 0 {
			return batch
		}
		select {
		case <-ctx.Done():
			return nil
		case <-in.more:
		}
	}
}

func (in *intake) takeNow(limit int) (batch []message) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(batch) < limit && len(in.cities) > 0 {
		city := in.cities[0]
		in.cities = in.cities[1:]
		queue := in.queues[city]
		batch = append(batch, queue[0])
		if len(queue) == 1 {
			delete(in.queues, city)
			continue
		}
		in.queues[city] = queue[1:]
		in.cities = append(in.cities, city)
	}
	return batch
}

// forget ends the hold of messages that were acknowledged or put back.
func (in *intake) forget(batch ...message) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, msg := range batch {
		delete(in.held, place{msg.Seq, msg.Part})
	}
}
