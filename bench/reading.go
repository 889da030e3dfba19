package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/agext/levenshtein"

	"linienfunk/transit/network"
	"linienfunk/transit/read"
)

// labelled is a message with what it means, by somebody else's judgement. Stops are named in any spelling; a direction is a terminal; nil is none.
type labelled struct {
	Text      string
	Station   *string
	Line      *string
	Direction *string
}

func (l labelled) located() bool { return l.Station != nil || l.Line != nil || l.Direction != nil }

// verdict is what was read of a message, in the labels' terms, and what of it is right.
type verdict struct {
	line, stop, direction       string
	lineOK, stopOK, directionOK bool
	passes                      bool // the list with which a new city starts
}

func (o verdict) all() bool { return o.lineOK && o.stopOK && o.directionOK }

// runReading reads the labelled messages of a directory, reports-dev.jsonl, with the network of its gtfs.zip.
func runReading(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("reading", flag.ContinueOnError)
	languages := set.String("languages", "de,en", "languages of the riders")
	misses := set.String("misses", "", "list what is read otherwise than labelled: first or second half, or all")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() != 1 {
		return errors.New("usage: bench reading [flags] DIRECTORY, which has gtfs.zip and reports-dev.jsonl")
	}
	messages, err := readLabelled(filepath.Join(set.Arg(0), "reports-dev.jsonl"))
	if err != nil {
		return err
	}
	n, err := readNetwork(ctx, filepath.Join(set.Arg(0), "gtfs.zip"), out)
	if err != nil {
		return err
	}
	start, before := time.Now(), heapInUse()
	reader, err := read.New(n, read.Options{Languages: strings.Split(*languages, ",")})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "reader: built in %d ms, %.1f MiB\n", time.Since(start).Milliseconds(), float64(heapInUse()-before)/(1<<20))
	without, err := read.New(nil, read.Options{Languages: strings.Split(*languages, ",")})
	if err != nil {
		return err
	}
	verdicts, readings, shapes := make([]verdict, len(messages)), make([]read.Reading, len(messages)), make([]read.Reading, len(messages))
	for i, m := range messages {
		readings[i], shapes[i] = reader.Read(m.Text, read.Context{}), without.Read(m.Text, read.Context{})
		verdicts[i] = compare(n, m, readings[i])
	}
	lets, err := comparePassing(out, strings.Split(*languages, ","), messages, readings, shapes)
	if err != nil {
		return err
	}
	for i, passes := range lets {
		verdicts[i].passes = passes
	}
	if unknown := unknownStops(n, messages); len(unknown) > 0 {
		fmt.Fprintf(out, "labelled stops that the network does not have: %s\n", strings.Join(unknown, ", "))
	}
	half := len(messages) / 2
	for i, m := range messages {
		if inFirst := i < half; !verdicts[i].all() && (*misses == "all" || *misses == "first" && inFirst || *misses == "second" && !inFirst) {
			fmt.Fprintf(out, "%3d %q\n    labelled %s | %s | %s, read %s | %s | %s\n", i+1, m.Text, text(m.Line), text(m.Station), text(m.Direction), verdicts[i].line, verdicts[i].stop, verdicts[i].direction)
		}
	}
	fmt.Fprintf(out, "first half:  %s\nsecond half: %s\n", shares(messages[:half], verdicts[:half]), shares(messages[half:], verdicts[half:]))
	perSecond, err := rate(reader, messages)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s per_s=%d\n", shares(messages, verdicts), perSecond)
	return nil
}

// unknownStops lists the stops of labels that nothing can be compared with.
func unknownStops(n *network.Network, messages []labelled) (unknown []string) {
	for _, m := range messages {
		for _, label := range []*string{m.Station, m.Direction} {
			if label != nil && len(stopsOf(n, *label)) == 0 && !slices.Contains(unknown, *label) {
				unknown = append(unknown, *label)
			}
		}
	}
	return unknown
}

func text(label *string) string {
	if label == nil {
		return ""
	}
	return *label
}

func unlocated(l labelled) bool { return !l.located() }

// shares is one line: n=186 line=… stop=… direction=… all=… recall=… others=…, in percent.
func shares(messages []labelled, verdicts []verdict) string {
	every := func(labelled) bool { return true }
	passes := func(o verdict) bool { return o.passes }
	return fmt.Sprintf("n=%d line=%.1f stop=%.1f direction=%.1f all=%.1f recall=%.1f others=%.1f", len(messages),
		share(messages, verdicts, every, func(o verdict) bool { return o.lineOK }), share(messages, verdicts, every, func(o verdict) bool { return o.stopOK }),
		share(messages, verdicts, every, func(o verdict) bool { return o.directionOK }), share(messages, verdicts, every, verdict.all),
		share(messages, verdicts, labelled.located, passes), share(messages, verdicts, unlocated, passes))
}

// share is the percentage of verdicts with a property, of the messages that are of a class.
func share(messages []labelled, verdicts []verdict, of func(labelled) bool, has func(verdict) bool) float64 {
	count, all := 0, 0
	for i, m := range messages {
		if !of(m) {
			continue
		}
		all++
		if has(verdicts[i]) {
			count++
		}
	}
	return 100 * float64(count) / float64(max(1, all))
}

// rate is how many messages one core reads in a second of its time, whatever else the machine does.
func rate(reader *read.Reader, messages []labelled) (int, error) {
	before, err := cpuTime(os.Getpid())
	if err != nil {
		return 0, err
	}
	count := 0
	for used := time.Duration(0); used < time.Second; count += len(messages) {
		for _, m := range messages {
			reader.Read(m.Text, read.Context{})
		}
		now, err := cpuTime(os.Getpid())
		if err != nil {
			return 0, err
		}
		used = now - before
	}
	now, err := cpuTime(os.Getpid())
	return int(float64(count) / (now - before).Seconds()), err
}

func readLabelled(path string) (messages []labelled, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); ; {
		if !lines.Scan() {
			return messages, lines.Err()
		}
		var m labelled
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, len(messages)+1, err)
		}
		messages = append(messages, m)
	}
}

func readNetwork(ctx context.Context, path string, out io.Writer) (*network.Network, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	n, err := network.Read(ctx, file, info.Size(), network.Options{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	fmt.Fprintf(out, "network: %d lines, %d stops, read in %d ms\n", len(n.Lines), len(n.Stops), time.Since(start).Milliseconds())
	return n, nil
}

func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// compare compares a reading with the labels. They follow rules of their own, which are applied here and not in the reader: a question has no place, who got off a line is
// not on it, and several lines are none.
func compare(n *network.Network, m labelled, r read.Reading) verdict {
	var o verdict
	lines, stops, directions := r.Lines, r.Stops, r.Directions
	if r.Kind == read.Question {
		lines, stops, directions = nil, nil, nil
	}
	if r.Alighted && !r.Inferred || len(lines) > 1 && !n.Lines[lines[0]].IsRing() {
		lines = nil
	}
	if len(lines) > 0 {
		o.line = n.Lines[lines[0]].Name
	}
	o.lineOK = strings.EqualFold(o.line, text(m.Line))
	o.stop, o.stopOK = compareStop(n, stops, m.Station)
	o.direction, o.directionOK = compareStop(n, directions, m.Direction)
	return o
}

// near is how far apart stops of one station may be, in metres.
const near = 350

func compareStop(n *network.Network, stops []int, label *string) (name string, ok bool) {
	if len(stops) == 0 {
		return "", label == nil
	}
	got := n.Stops[stops[0]]
	name = got.Name
	if label == nil {
		return name, false
	}
	return name, slices.ContainsFunc(stopsOf(n, *label), func(i int) bool {
		s := n.Stops[i]
		return i == stops[0] || network.Distance(s.Lat, s.Lon, got.Lat, got.Lon) < near
	})
}

// stopsOf finds the stops that a label means: by letters alone, whole or as a part of the name.
func stopsOf(n *network.Network, label string) (stops []int) {
	want := plain(label)
	for _, fits := range []func(string) bool{
		func(name string) bool { return name == want },
		func(name string) bool { return strings.HasPrefix(name, want) || strings.HasSuffix(name, want) },
		func(name string) bool { return strings.Contains(want, name) && len(name) > 5 },
		func(name string) bool { return levenshtein.Distance(want, name, nil) <= 1 && len(name) > 5 },
	} {
		for i, s := range n.Stops {
			if fits(plain(s.Name)) {
				stops = append(stops, i)
			}
		}
		if len(stops) > 0 {
			return stops
		}
	}
	return nil
}

var plainer = strings.NewReplacer("ä", "a", "ö", "o", "ü", "u", "é", "e", "ß", "ss", "strasse", "str", "straße", "str", " bhf", "", " ", "", "-", "", ".", "", "(", "", ")", "", "+", "", "/", "")

// plain is a name without what labels spell in different ways.
func plain(name string) string {
	name = strings.ToLower(name)
	for _, mode := range []string{"s+u ", "u ", "s "} {
		name = strings.TrimPrefix(name, mode)
	}
	return plainer.Replace(name)
}
