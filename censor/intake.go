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
	more   chan struct{}
}

func newIntake() *intake {
	return &intake{queues: map[string][]message{}, more: make(chan struct{}, 1)}
}

// put adds a message.
func (in *intake) put(msg message) {
	in.mu.Lock()
	defer in.mu.Unlock()
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

// take waits for messages and returns up to limit of them, one of each city in turn. It returns none once ctx has ended.
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

// clear drops all messages: another node reads them.
func (in *intake) clear() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.cities = nil
	clear(in.queues)
}
