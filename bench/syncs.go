package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// syncs counts how often the program makes the disk store something, with strace. It is a measurement of its own, since strace costs time.
func (l workload) syncs(ctx context.Context, b *bench, t target) (figures, error) {
	if _, err := exec.LookPath("strace"); err != nil {
		return nil, skipped{"strace is not installed"}
	}
	r, err := b.beginTraced(ctx, t, l.cities)
	if err != nil {
		return nil, err
	}
	defer r.end()
	defer os.Remove(r.program.trace)
	alone, err := r.window(ctx, l.alone, func() error {
		_, err := r.oneAtATime(ctx, mails(1, l.alone, l.cities, false))
		return err
	})
	if err != nil {
		return nil, err
	}
	burst, err := r.window(ctx, l.alone+l.reports, func() error {
		_, err := r.program.burst(ctx, mails(l.alone+1, l.reports, l.cities, false), l.senders)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := r.program.stop(); err != nil {
		return nil, err
	}
	if err := r.program.countSyncs(ctx, alone, burst); err != nil {
		return nil, err
	}
	var f figures
	f.add("syncs a report, one at a time", float64(alone.syncs)/float64(l.alone))
	f.add("files opened with O_SYNC a report, one at a time", float64(alone.opened)/float64(l.alone))
	f.add("syncs a report, burst", float64(burst.syncs)/float64(l.reports))
	f.add("files opened with O_SYNC a report, burst", float64(burst.opened)/float64(l.reports))
	return f, nil
}

// window is a time in a trace, with what was counted in it.
type window struct {
	begin, end    time.Time
	syncs, opened int
}

// window sends reports, and lasts until the ledger has so many.
func (r *relayRun) window(ctx context.Context, reports int, send func() error) (*window, error) {
	w := &window{begin: time.Now()}
	if err := send(); err != nil {
		return nil, err
	}
	if err := r.settle(ctx, reports); err != nil {
		return nil, err
	}
	time.Sleep(pause) // the last acknowledgements
	w.end = time.Now()
	return w, nil
}

// traceLine matches a line of strace -f -ttt that begins a call.
var traceLine = regexp.MustCompile(`^\d+ +(\d+\.\d+) (fsync|fdatasync|openat)\((.*)`)

// countSyncs counts the calls in a trace of a program that has ended.
func (p *program) countSyncs(ctx context.Context, windows ...*window) error {
	last := regexp.MustCompile(fmt.Sprintf(`(?m)^%d +[0-9.]+ \+\+\+ `, p.pid()))
	if err := until(ctx, 20*time.Millisecond, func() (bool, error) { // strace ends after the program
		text, err := os.ReadFile(p.trace)
		return last.Match(text), err
	}); err != nil {
		return err
	}
	file, err := os.Open(p.trace)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		found := traceLine.FindStringSubmatch(lines.Text())
		if found == nil {
			continue
		}
		seconds, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			return err
		}
		at := time.UnixMicro(int64(seconds * 1e6))
		for _, w := range windows {
			switch {
			case at.Before(w.begin) || at.After(w.end):
			case found[2] != "openat":
				w.syncs++
			case strings.Contains(found[3], "O_SYNC") || strings.Contains(found[3], "O_DSYNC"):
				w.opened++
			}
		}
	}
	return lines.Err()
}
