package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"gorm.io/gorm"
)

// queued is the state of one destination's messages.
type queued struct {
	Destination string
	Waiting     int   // messages that are not sent yet
	Leased      int   // of them, those that a node is delivering
	Deferred    int   // of them, those with a failed attempt
	Attempts    int   // most failed attempts of one message
	DueAt       int64 // earliest next attempt of a message that is not leased, milliseconds since 1970; 0 for none
	ExpiresAt   int64 // earliest, milliseconds since 1970
}

// Dump prints the queued messages per destination, and the number of finished and canceled ones, for the operator. db prefixes tables with
// "mail_". It only reads, and can be used while the program runs. Destinations are keyed hashes, as in the database: neither domains nor
// addresses are shown.
func Dump(ctx context.Context, db *gorm.DB, now time.Time, out io.Writer) error {
	if !db.Migrator().HasTable(&item{}) {
		return errors.New("the database has no mail queue; is it that of Linienfunk?")
	}
	var destinations []queued
	err := db.WithContext(ctx).Model(&item{}).Where("open = ?", true).
		Select(`substr(lane, 1, ?) AS destination, count(*) AS waiting, sum(CASE WHEN lease <> '' THEN 1 ELSE 0 END) AS leased,
			sum(CASE WHEN attempts > 0 THEN 1 ELSE 0 END) AS deferred, max(attempts) AS attempts,
			coalesce(min(CASE WHEN lease = '' THEN due_at END), 0) AS due_at, min(expires_at) AS expires_at`, destinationSize).
		Group("destination").Order("waiting DESC, destination").Scan(&destinations).Error
	if err != nil {
		return fmt.Errorf("read queue: %w", err)
	}
	var finished, removed int64
	if err := db.WithContext(ctx).Model(&item{}).Where("open = ?", false).Count(&finished).Error; err != nil {
		return fmt.Errorf("count finished messages: %w", err)
	}
	if err := db.WithContext(ctx).Model(&item{}).Where("lease = ?", canceled).Count(&removed).Error; err != nil {
		return fmt.Errorf("count canceled messages: %w", err)
	}
	total := queued{}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "destination\twaiting\tleased\tdeferred\tattempts\tnext attempt\texpires\t")
	for _, d := range destinations {
		total.Waiting, total.Leased, total.Deferred = total.Waiting+d.Waiting, total.Leased+d.Leased, total.Deferred+d.Deferred
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%s\t\n", d.name(), d.Waiting, d.Leased, d.Deferred, d.Attempts, until(d.DueAt, now), until(d.ExpiresAt, now))
	}
	fmt.Fprintf(w, "total\t%d\t%d\t%d\t\t\t\t\n", total.Waiting, total.Leased, total.Deferred)
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nfinished: %d, of them canceled: %d (counted until a day after they expire)\n", finished, removed)
	return err
}

// name is a short form of the hash; routes are marked.
func (d queued) name() string {
	if route, found := strings.CutPrefix(d.Destination, routeMark); found {
		return "route " + route[:min(8, len(route))]
	}
	return cmp.Or(d.Destination[:min(8, len(d.Destination))], "unknown")
}

// until is the time from now, such as "in 5m0s", in whole seconds; "now" if it has passed, and "-" for none.
func until(milliseconds int64, now time.Time) string {
	left := time.UnixMilli(milliseconds).Sub(now).Round(time.Second)
	switch {
	case milliseconds == 0:
		return "-"
	case left <= 0:
		return "now"
	}
	return "in " + left.String()
}
