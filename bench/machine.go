package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc: USER_HZ is 100 on all platforms that Go supports.
const tick = 10 * time.Millisecond

// moment is what all processors have done since the machine started, and how much of that was for this bench.
type moment struct{ busy, all, ours time.Duration }

func (b *bench) moment() (m moment, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return m, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line) // cpu user nice system idle iowait irq softirq steal guest …, see proc_stat(5)
	if len(fields) < 9 {
		return m, errors.New("/proc/stat has too few fields")
	}
	for i, field := range fields[1:9] {
		ticks, err := strconv.Atoi(field)
		if err != nil {
			return m, err
		}
		m.all += time.Duration(ticks) * tick
		if i != 3 && i != 4 {
			m.busy += time.Duration(ticks) * tick
		}
	}
	m.ours = b.ended
	for _, pid := range append(b.fakePIDs(), os.Getpid()) {
		used, err := cpuTime(pid)
		if err != nil {
			return m, err
		}
		m.ours += used
	}
	return m, nil
}

func (b *bench) fakePIDs() (pids []int) {
	for _, f := range b.fakes {
		pids = append(pids, f.command.Process.Pid)
	}
	return pids
}

// others is the share of the machine's CPU that other processes have used since a moment when no program ran, in percent.
func (b *bench) others(since moment) (float64, error) {
	now, err := b.moment()
	if all := now.all - since.all; all > 0 {
		return max(0, 100*float64(now.busy-since.busy-(now.ours-since.ours))/float64(all)), err
	}
	return 0, errors.Join(err, errors.New("no time has passed"))
}

// waitQuiet waits until other processes use less than a share of the machine's CPU, in percent.
func (b *bench) waitQuiet(ctx context.Context, below float64) error {
	return until(ctx, 0, func() (bool, error) {
		before, err := b.moment()
		if err != nil {
			return false, err
		}
		time.Sleep(2 * time.Second)
		others, err := b.others(before)
		return others < below, err
	})
}
