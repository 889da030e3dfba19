package main

import (
	"context"
	"fmt"
	"net"
	"net/smtp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// mail is a report by mail. Its number is in its text, so that its post can be found.
type mail struct {
	number int
	city   string
	held   bool // has no trigger word
}

const (
	place       = "hermannplatz" // the word before the number
	numberWidth = 6
)

func (m mail) text() string {
	if m.held { // no line: the lists that cities start with let what names one through
		return fmt.Sprintf("hello everybody, nice weather at %s %0*d", place, numberWidth, m.number)
	}
	return fmt.Sprintf("kontrolle u8 %s %0*d", place, numberWidth, m.number)
}

// numberIn finds the number in the text of a post; -1 if it has none.
func numberIn(text string) int {
	words := strings.Fields(text)
	if len(words) == 0 {
		return -1
	}
	number, err := strconv.Atoi(words[len(words)-1])
	if err != nil {
		return -1
	}
	return number
}

// delivered is when a mail was handed over and when it was acknowledged.
type delivered struct{ handed, acknowledged time.Time }

// send sends a mail to the program, however long it takes.
func (p *program) send(m mail) (d delivered, err error) { return m.sendTo(p.smtp, time.Hour) }

// sendTo sends the mail in a connection of its own. Each mail has an author of its own, since an author's reports are limited.
func (m mail) sendTo(server string, patience time.Duration) (d delivered, err error) {
	conn, err := net.DialTimeout("tcp", server, min(patience, time.Second))
	if err != nil {
		return d, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return d, err
	}
	client, err := smtp.NewClient(conn, "127.0.0.1")
	if err != nil {
		return d, err
	}
	from := fmt.Sprintf("rider%d@example.net", m.number)
	if err := client.Mail(from); err != nil {
		return d, err
	}
	if err := client.Rcpt(m.city + "@" + mailDomain); err != nil {
		return d, err
	}
	body, err := client.Data()
	if err != nil {
		return d, err
	}
	fmt.Fprintf(body, "From: <%s>\r\nTo: %s@%s\r\nSubject: \r\nMessage-ID: <%d@example.net>\r\n\r\n%s\r\n", from, m.city, mailDomain, m.number, m.text())
	d.handed = time.Now()
	if err := body.Close(); err != nil {
		return d, err
	}
	d.acknowledged = time.Now()
	client.Quit() // the mail is acknowledged, whatever becomes of the connection
	return d, nil
}

// burst sends mails with so many senders at once, each as fast as it can.
func (p *program) burst(ctx context.Context, mails []mail, senders int) ([]delivered, error) {
	all := make([]delivered, len(mails))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var running sync.WaitGroup
	for range senders {
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(mails) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				var err error
				if all[i], err = p.send(mails[i]); err != nil {
					cancel(fmt.Errorf("send: %w", err))
				}
			}
		})
	}
	running.Wait()
	return all, context.Cause(ctx)
}

// mails makes reports for cities in turn, numbered from first.
func mails(first, count, cities int, held bool) []mail {
	made := make([]mail, count)
	for i := range made {
		made[i] = mail{first + i, cityName(i % cities), held}
	}
	return made
}

// outcome compares what was sent with what was posted.
type outcome struct {
	lost     int // never posted
	twice    int // posts beyond the first of a report
	inverted int // posts before that of a report which the same city was sent earlier
	last     time.Time
	arrived  map[int]time.Time // of the first post, by number
}

// judge compares the posts with the numbers that were acknowledged, of each city in the order of numbers.
func judge(acknowledged []int, posts []post) outcome {
	o := outcome{arrived: map[int]time.Time{}}
	highest := map[string]int{}
	for _, one := range posts {
		number := numberIn(one.Text)
		if _, again := o.arrived[number]; again {
			o.twice++
			continue
		}
		o.arrived[number] = one.At
		if number < highest[one.Account] {
			o.inverted++
		}
		highest[one.Account] = max(highest[one.Account], number)
		if one.At.After(o.last) {
			o.last = one.At
		}
	}
	for _, number := range acknowledged {
		if _, ok := o.arrived[number]; !ok {
			o.lost++
		}
	}
	return o
}

func numbers(mails []mail) []int {
	all := make([]int, len(mails))
	for i, m := range mails {
		all[i] = m.number
	}
	return all
}

// latencies are the times from input to post in milliseconds, without reports that were not posted.
func (o outcome) latencies(sent []mail, all []delivered) (found []float64) {
	for i, d := range all {
		if at, ok := o.arrived[sent[i].number]; ok {
			found = append(found, milliseconds(at.Sub(d.handed)))
		}
	}
	return found
}
