package external

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/bus/programs"
	"linienfunk/report"
)

// timing says how long Send waits.
type timing struct {
	answer time.Duration // for the answer of a program
	absent time.Duration // for a program that is not there
	look   time.Duration // between looks whether it is there
}

func defaultTiming() timing {
	return timing{answer: 30 * time.Second, absent: 20 * time.Second, look: 250 * time.Millisecond}
}

// delivered is a message to a program.
type delivered struct {
	Type    string         `json:"type"`
	ID      string         `json:"id"`
	Text    string         `json:"text,omitempty"`
	At      time.Time      `json:"at,omitzero"`
	Expires time.Time      `json:"expires,omitzero"`
	Network string         `json:"network,omitempty"`
	Yours   string         `json:"yours,omitempty"`
	URL     string         `json:"url,omitempty"`
	People  int            `json:"people,omitempty"`
	Ended   time.Time      `json:"ended,omitzero"`
	Means   report.Reading `json:"means,omitzero"`
}

// message returns what a program gets of a report. The author is never part of it.
func (b *bot) message(kind string, city bots.City, r report.Report) delivered {
	m := delivered{Type: kind, ID: r.Key(), Text: r.Text, At: r.At.UTC(), Expires: r.At.Add(city.Freshness).UTC(), Network: r.Bot, Means: r.Means, Ended: r.Ended.UTC()}
	if r.Ended.IsZero() {
		m.Ended = time.Time{}
	}
	if r.Bot == b.core.Name && r.City == city.Name {
		m.Yours = r.Ref
	}
	if !r.Private {
		m.URL = r.URL
	}
	if r.People > 1 {
		m.People = r.People
	}
	return m
}

// Send implements bots.Sender. It waits for a program that is not there, but not longer than the report is fresh. The pauses between its calls
// stay short, so that a program that comes back gets what waits at once.
func (b *bot) Send(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
	city, row, err := b.recipient(ctx, a)
	if err != nil {
		return report.Receipt{}, err
	}
	m := b.message(typeReport, city, r)
	for waited := time.Duration(0); ; waited += b.timing.look {
		err := b.ask(ctx, row, m)
		if err == nil {
			return report.Receipt{ID: m.ID}, nil
		}
		if gone := errors.Is(err, programs.ErrAbsent); !gone || waited >= b.timing.absent || !b.core.Now().Before(m.Expires) {
			if e := bots.AsError(err); ctx.Err() == nil && (gone || errors.Is(err, context.DeadlineExceeded)) {
				err = bots.RetryAfter(time.Second, e.Say, err)
			}
			return report.Receipt{}, err
		}
		select {
		case <-ctx.Done():
			return report.Receipt{}, err
		case <-time.After(b.timing.look):
		}
	}
}

// Edit implements bots.Editor.
func (b *bot) Edit(ctx context.Context, a bots.Account, r report.Report, _ report.Receipt) error {
	city, row, err := b.recipient(ctx, a)
	if err != nil {
		return err
	}
	return b.ask(ctx, row, b.message(typeEdit, city, r))
}

// Retract implements bots.Retracter.
func (b *bot) Retract(ctx context.Context, a bots.Account, key string, _ report.Receipt) error {
	_, row, err := b.recipient(ctx, a)
	if err != nil {
		return err
	}
	return b.ask(ctx, row, delivered{Type: typeWithdrawal, ID: key})
}

// recipient returns the city and the program of an account.
func (b *bot) recipient(ctx context.Context, a bots.Account) (bots.City, Account, error) {
	city, ok, err := b.core.Cities.City(ctx, a.City)
	if err == nil && !ok {
		err = fmt.Errorf("city %s is not known", a.City)
	}
	if err != nil {
		return city, Account{}, bots.Retry("", err)
	}
	row, _, err := b.accounts.Load(ctx, a.City)
	if errors.Is(err, kit.ErrNoAccount) {
		return city, row, bots.Revoked("error-no-account", err)
	}
	return city, row, err
}

// ask gives a program a message and returns nil once it has taken it.
func (b *bot) ask(ctx context.Context, row Account, m delivered) error {
	data, err := encode(m)
	if err != nil {
		return bots.Permanent("error-internal", err)
	}
	ctx, cancel := context.WithTimeout(ctx, b.timing.answer)
	defer cancel()
	got, err := b.programs.Ask(ctx, user(row.City, row.Name), data)
	switch {
	case errors.Is(err, programs.ErrAbsent):
		return bots.Retry("error-absent", err)
	case errors.Is(err, context.DeadlineExceeded):
		return bots.Retry("error-silent", err)
	case err != nil:
		return bots.Retry("", err)
	}
	b.sawProgram(ctx, row)
	return readAcknowledgement(got)
}

// encode writes a message without the escapes that Go makes for HTML, which would make six bytes of one.
func encode(m delivered) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(m)
	return bytes.TrimSpace(out.Bytes()), err
}

var (
	errNoAcknowledgement = errors.New("the program's answer is no acknowledgement")
	errProgramRefuses    = errors.New("the program refuses the message") // its own sentence may name people
)

// maxRetryAfter is the longest pause that a program may ask for, in seconds.
const maxRetryAfter = 3600

// readAcknowledgement returns nil if a program has taken a message.
func readAcknowledgement(data []byte) error {
	noAnswer := bots.Retry("error-answer", errNoAcknowledgement) // what is wrong may quote it
	fields, err := readObject(data)
	if err != nil || fields.has("taken") == fields.has("error") {
		return noAnswer
	}
	if fields.has("taken") {
		if string(fields["taken"]) != "true" {
			return noAnswer
		}
		return nil
	}
	if text, err := fields.text("error", true); err != nil || text == "" {
		return noAnswer
	}
	if !fields.has("retry_after") {
		return bots.Permanent("error-refused", errProgramRefuses)
	}
	seconds, err := strconv.Atoi(string(fields["retry_after"]))
	if err != nil || seconds < 1 || seconds > maxRetryAfter {
		return noAnswer
	}
	return bots.RetryAfter(time.Duration(seconds)*time.Second, "error-later", errProgramRefuses)
}
