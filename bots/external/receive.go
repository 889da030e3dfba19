package external

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/bus/programs"
	"linienfunk/internal/limits"
	"linienfunk/report"
)

// reportRate limits the messages of a program.
var reportRate = limits.Rate{Burst: 600, Every: 100 * time.Millisecond}

// floodRate limits the messages beyond reportRate: a program that sends even more is disconnected.
var floodRate = limits.Rate{Burst: 2000, Every: 100 * time.Millisecond}

// kickRate limits how often a program is disconnected: what it had sent before, and is still read, must not disconnect it again and again. One that goes on
// flooding must not have the time to take the broker from others.
var kickRate = limits.Rate{Burst: 1, Every: 10 * time.Millisecond}

// maxQueued is how many messages of a program wait at most.
const maxQueued = 600

// Pauses after which a message that was not stored may be sent again.
const (
	pauseStore = time.Second
	pauseLimit = 5 * time.Second
	pauseOff   = time.Minute
)

// answer is what a program gets for a message.
type answer struct {
	Stored     bool   `json:"stored,omitempty"`
	Error      string `json:"error,omitempty"`
	Field      string `json:"field,omitempty"`
	RetryAfter int    `json:"retry_after,omitempty"` // seconds
}

func (a answer) data() []byte {
	data, _ := json.Marshal(a) // strings and numbers
	return data
}

// refusal is the answer that tells a problem.
func refusal(p *problem) answer {
	return answer{Error: p.Error(), Field: p.field, RetryAfter: int(p.after / time.Second)}
}

// Listen implements bots.Listener.
func (b *bot) Listen(ctx context.Context, out bots.CityOut) error {
	if !b.ready() {
		<-ctx.Done()
		return nil
	}
	in := &intake{bot: b, ctx: ctx, out: out, queues: map[string][]programs.Message{}}
	err := b.programs.Receive(ctx, in.take)
	in.close()
	in.running.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// intake handles the messages of each program one after the other, and those of different programs at the same time.
type intake struct {
	bot     *bot
	ctx     context.Context
	out     bots.CityOut
	running sync.WaitGroup

	mu     sync.Mutex
	queues map[string][]programs.Message // what waits, by user; there is a key while a goroutine handles them
	closed bool                          // nothing is taken any more
}

// take gives a message to the goroutine of its user.
func (in *intake) take(m programs.Message) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return // without an answer, the program sends it again
	}
	queue, served := in.queues[m.User]
	if len(queue) >= maxQueued || !in.bot.reports.Allow(m.User) {
		in.refuse(m)
		return
	}
	in.queues[m.User] = append(queue, m)
	if !served {
		in.running.Go(func() { in.serve(m.User) })
	}
}

// close ends taking: a last message may still be on its way to take.
func (in *intake) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
}

// refuse answers a message of a program that sends too many. One that does not heed the answers is disconnected.
func (in *intake) refuse(m programs.Message) {
	m.Answer(refusal(&problem{text: "too many messages: 600 at once, then 10 a second", after: pauseLimit}).data())
	if !in.bot.floods.Allow(m.User) && in.bot.kicks.Allow(m.User) {
		in.bot.core.Log.Warn("a program sends too much and is disconnected", "user", m.User)
		in.running.Go(func() { in.bot.programs.Kick(m.User) }) // not from the goroutine that reads
	}
}

// serve handles the messages of a user until none is left.
func (in *intake) serve(user string) {
	for {
		in.mu.Lock()
		queue := in.queues[user]
		if len(queue) == 0 {
			delete(in.queues, user)
			in.mu.Unlock()
			return
		}
		in.queues[user] = queue[1:]
		in.mu.Unlock()
		a := refusal(&problem{text: "Linienfunk is stopping", after: pauseStore})
		if in.ctx.Err() == nil {
			a = in.bot.receive(in.ctx, user, queue[0].Data, in.out)
		}
		queue[0].Answer(a.data())
	}
}

// receive stores a message.
func (b *bot) receive(ctx context.Context, user string, data []byte, out bots.CityOut) answer {
	row, err := b.connected(ctx, user)
	var r report.Report
	if err == nil {
		b.sawProgram(ctx, row)
		r, err = readHandedIn(data, b.core.Now())
	}
	if wrong := (*problem)(nil); errors.As(err, &wrong) {
		b.core.Log.Debug("a program's message is refused", "user", user, "reason", wrong.text)
		return refusal(wrong)
	}
	if err == nil {
		if r.Author != "" {
			r.Author = b.core.Author(row.City, r.Author, r.At)
		}
		if r.Withdrawn == "" {
			r.Ref = r.ID
		}
		err = out(ctx, row.City, r)
	}
	if err != nil {
		b.core.Log.Error("a program's message is not stored; it sends it again", "user", user, "err", err)
		return refusal(&problem{text: "the message could not be stored", after: pauseStore})
	}
	return answer{Stored: true}
}

// connected returns the account of a user, or a *problem.
func (b *bot) connected(ctx context.Context, user string) (Account, error) {
	city, name, _ := splitUser(user)
	row, _, err := b.accounts.Load(ctx, city)
	if errors.Is(err, kit.ErrNoAccount) || err == nil && row.Name != name {
		return row, &problem{text: "the city's admins have disconnected this program"}
	}
	if err != nil {
		return row, err
	}
	found, ok, err := b.core.Cities.City(ctx, city)
	if err != nil {
		return row, err
	}
	if !ok || !found.Active || !found.Options.On(kit.Enabled) {
		return row, &problem{text: "the city's admins have switched this program off", after: pauseOff}
	}
	return row, nil
}
