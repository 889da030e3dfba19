package external

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"linienfunk/bots/bottest"
	"linienfunk/internal/testkit"
)

// program is a program of a city, written after docs/report-protocol.md: it keeps what it hands in until that is stored, and what it gets by id.
type program struct {
	conn *nats.Conn
	subjects

	mu     sync.Mutex
	outbox []map[string]any
	more   chan struct{}
	shown  []post
	fault  bottest.Fault
	ids    int
	cancel context.CancelFunc        // of the request that is under way
	last   map[string]map[string]any // what a rider has written last
}

// subjects are what the settings page shows.
type subjects struct{ in, out, inbox string }

// post is what the program shows of a report.
type post struct {
	ID     string    `json:"id"`
	Type   string    `json:"type"`
	Text   string    `json:"text"`
	People int       `json:"people"`
	Ended  time.Time `json:"ended"`
	Yours  string    `json:"yours"`
}

func startProgram(t testing.TB, address, user, password string) *program {
	t.Helper()
	p := &program{subjects: subjects{"report.in." + user, "report.out." + user, "_INBOX." + user}, more: make(chan struct{}, 1), last: map[string]map[string]any{}}
	var err error
	p.conn, err = nats.Connect(address, nats.UserInfo(user, password), nats.CustomInboxPrefix(p.inbox), nats.MaxReconnects(-1), nats.Timeout(time.Minute),
		nats.ReconnectWait(10*time.Millisecond), nats.DisconnectErrHandler(func(*nats.Conn, error) { p.interrupt() }))
	must(t, err)
	t.Cleanup(p.conn.Close)
	_, err = p.conn.Subscribe(p.out, func(m *nats.Msg) {
		if answer := p.get(m.Data); answer != "" {
			_ = m.Respond([]byte(answer))
		}
	})
	must(t, err)
	must(t, p.conn.Flush())
	testkit.Background(t, p.handIn)
	return p
}

// handIn sends the outbox, one message after the other.
func (p *program) handIn(ctx context.Context) {
	for ctx.Err() == nil {
		p.mu.Lock()
		var next map[string]any
		if len(p.outbox) > 0 {
			next = p.outbox[0]
		}
		p.mu.Unlock()
		if next == nil {
			select {
			case <-ctx.Done():
			case <-p.more:
			}
			continue
		}
		if got := p.request(ctx, next); got.Stored || got.Error != "" && got.RetryAfter == 0 {
			p.mu.Lock()
			p.outbox = p.outbox[1:]
			p.mu.Unlock()
			continue
		}
		select { // a program of people would wait as long as it is told
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// request sends one message. The zero answer is none.
func (p *program) request(ctx context.Context, m any) (a answer) {
	data, ok := m.([]byte)
	if !ok {
		data, _ = json.Marshal(m)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	p.mu.Lock()
	p.cancel = cancel
	p.mu.Unlock()
	if got, err := p.conn.RequestWithContext(ctx, p.in, data); err == nil {
		_ = json.Unmarshal(got.Data, &a)
	}
	return a
}

// interrupt ends the request that is under way: there will be no answer, since the connection is lost, or Linienfunk was restarted.
func (p *program) interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel()
	}
}

func (p *program) put(m map[string]any) {
	p.mu.Lock()
	p.outbox = append(p.outbox, m)
	p.mu.Unlock()
	select {
	case p.more <- struct{}{}:
	default:
	}
}

// write is what a rider does.
func (p *program) write(author, text string, private bool, at time.Time) error {
	if len(text) > 8192 {
		return fmt.Errorf("%d bytes of text", len(text))
	}
	p.mu.Lock()
	p.ids++
	m := map[string]any{"type": "report", "id": fmt.Sprint("post-", p.ids), "text": text, "at": at.UTC().Format(time.RFC3339Nano), "author": author, "private": private}
	p.last[author] = m
	p.mu.Unlock()
	p.put(m)
	return nil
}

// get handles what comes, and returns the answer.
func (p *program) get(data []byte) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.fault {
	case bottest.TooMany:
		return `{"error":"slow down","retry_after":7}`
	case bottest.Internal:
		return `{"error":""}`
	case bottest.HTML:
		return `<!DOCTYPE html><title>Welcome</title>`
	case bottest.Truncate:
		return `{"taken":tr`
	case bottest.Refuse:
		return `{"error":"no such words here"}`
	case bottest.Hang:
		return ""
	}
	var got post
	if json.Unmarshal(data, &got) != nil {
		return `{"error":"not JSON"}`
	}
	at := slices.IndexFunc(p.shown, func(known post) bool { return known.ID == got.ID })
	switch {
	case got.Type == "withdrawal" && at >= 0:
		p.shown = slices.Delete(p.shown, at, at+1)
	case got.Type == "edit" && at >= 0:
		p.shown[at] = got
	case got.Type == "report" && at < 0:
		p.shown = append(p.shown, got)
	}
	if p.fault == bottest.Swallow {
		return ""
	}
	return `{"taken":true}`
}

// texts are what the program shows.
func (p *program) texts() (texts []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, shown := range p.shown {
		text := shown.Text
		if shown.People > 0 {
			text += fmt.Sprintf(" – %d people", shown.People)
		}
		if !shown.Ended.IsZero() {
			text += " – over since " + shown.Ended.Local().Format("15:04")
		}
		texts = append(texts, text)
	}
	return texts
}

func (p *program) fail(f bottest.Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// between returns what stands in a page between two texts.
func between(t testing.TB, page, before, after string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, before)
	text, _, end := strings.Cut(rest, after)
	if !ok || !end {
		t.Fatalf("no %s…%s on the page:\n%s", before, after, page)
	}
	return text
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
