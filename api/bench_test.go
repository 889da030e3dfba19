package api_test

import (
	"fmt"
	"net/smtp"
	"slices"
	"strings"
	"testing"
	"time"
)

// p99 is the time that 99 of 100 are faster than.
func p99(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)*99/100]
}

// TestMeasureReportsByTheAPIBesideMail logs how long a report takes until it is stored, by POST and by SMTP in turn, each on one connection:
//
//	go test -run Measure -v ./api
func TestMeasureReportsByTheAPIBesideMail(t *testing.T) {
	w := newWorld(t)
	key := w.key("bern")
	mail, err := smtp.Dial(w.program.SMTPAddr())
	w.check(err)
	defer mail.Close()
	var posted, mailed []time.Duration
	for i := range 50 {
		begun := time.Now()
		w.report(key, fmt.Sprintf("kontrolle %d", i))
		posted = append(posted, time.Since(begun))
		begun = time.Now()
		w.check(mail.Mail(fmt.Sprintf("marta%d@example.net", i)))
		w.check(mail.Rcpt("bern@linienfunk.example"))
		data, err := mail.Data()
		w.check(err)
		_, err = fmt.Fprintf(data, "From: <marta%[1]d@example.net>\r\nTo: bern@linienfunk.example\r\nSubject: \r\nMessage-ID: <%[1]d@example.net>\r\n\r\nkontrolle mail %[1]d\r\n", i)
		w.check(err)
		w.check(data.Close())
		mailed = append(mailed, time.Since(begun))
	}
	a, b := p99(posted), p99(mailed)
	t.Logf("p99 of POST %s, of SMTP %s: %.2f; medians %s, %s", a, b, float64(a)/float64(b), posted[25], mailed[25])
}

// TestMeasureAReportToFiveHundredStreams logs how long it takes until all of 500 streams have a report.
func TestMeasureAReportToFiveHundredStreams(t *testing.T) {
	w := newWorld(t)
	key := w.key("bern")
	var streams []<-chan streamed
	for range 25 {
		reader := w.key("bern")
		for range 20 {
			streams = append(streams, w.follow(reader))
		}
	}
	var all []time.Duration
	for i := range 10 {
		text := fmt.Sprintf("kontrolle %d", i)
		begun := time.Now()
		w.report(key, text)
		for _, events := range streams {
			for e := range events {
				if e.Type == "report.relayed" && strings.Contains(e.Report.Text, text) {
					break
				}
			}
		}
		all = append(all, time.Since(begun))
	}
	slices.Sort(all)
	t.Logf("500 streams: median %s, slowest %s", all[len(all)/2], all[len(all)-1])
}
