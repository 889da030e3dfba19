// Bench measures a binary of this program from outside, beside another one if its path is given, and prints tables. Each binary runs in a process
// of its own with a data directory of its own, and so does each fake of a network. docs/benchmarks.md explains the figures.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	if os.Getenv(roleVariable) == roleFake {
		exit(runFake(os.Stdin, os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, os.Args[1:], os.Stdout))
}

func exit(err error) {
	if err == nil {
		os.Exit(0)
	}
	if !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	os.Exit(1)
}

// roleVariable is the environment variable that turns this program into a fake of a network.
const (
	roleVariable = "LINIENFUNK_BENCH_ROLE"
	roleFake     = "fake"
)

// subcommand is one of the groups of measurements.
type subcommand struct {
	name string
	// flags declares the flags of its own, and returns its measurements once they are parsed.
	flags func(*flag.FlagSet) func() []measurement
	// enclose, if there is one, runs this program again in a network of its own, and returns true once that has ended.
	enclose func(ctx context.Context) (bool, error)
}

// measurement is one table. measure measures one binary once.
type measurement struct {
	name, title string
	measure     func(ctx context.Context, b *bench, t target) (figures, error)
}

var subcommands = []subcommand{
	{"relay", relayFlags, nil}, {"cities", citiesFlags, nil}, {"hang", hangFlags, nil}, {"pages", pagesFlags, nil}, {"live", liveFlags, nil}, {"api", apiFlags, nil},
	{"faults", faultsFlags, nil}, {"nodes", nodesFlags, encloseNodes},
}

// reading is the subcommand that needs no binary: it measures a package.
const reading = "reading"

// skipped is the error of a measurement that is not possible on this machine.
type skipped struct{ reason string }

func (s skipped) Error() string { return s.reason }

// bench is one run of a subcommand.
type bench struct {
	dir      string // for data directories, on a real disk
	keep     bool   // do not delete them
	fakes    []*fake
	prepared map[string]string // data directories that are copied for each measurement, by binary and number of cities
	settle   time.Duration     // between the start of a program and its measurement
	quiet    float64           // see waitQuiet; 0 does not wait
	ended    time.Duration     // CPU time of programs that have ended
	out      io.Writer
}

// options are the flags that all subcommands have.
type options struct {
	bin, against, dir, only string
	rounds                  int
	settle                  time.Duration
	quiet                   float64
	keep                    bool
}

func (o *options) declare(set *flag.FlagSet) {
	set.StringVar(&o.bin, "bin", "", "binary to measure; empty: built from the module in the working directory")
	set.StringVar(&o.against, "against", "", "binary to compare with")
	set.IntVar(&o.rounds, "rounds", 3, "how often each measurement is repeated; the tables have medians")
	set.StringVar(&o.dir, "dir", os.TempDir(), "where to make data directories: on a disk, for figures that depend on syncs")
	set.BoolVar(&o.keep, "keep", false, "keep data directories and logs")
	set.StringVar(&o.only, "only", "", "names of the measurements to run, separated by commas; empty for all")
	set.DurationVar(&o.settle, "settle", time.Second, "time between the start of a program and its measurement")
	set.Float64Var(&o.quiet, "quiet", 0, "wait before each measurement until other processes use less than so many percent of the machine's CPU; 0 does not wait")
}

// target is a binary that is measured.
type target struct{ name, path string }

func run(ctx context.Context, args []string, out io.Writer) error {
	usage := errors.New("usage: bench " + strings.Join(append(names(subcommands), reading), "|") + " [flags]; -h after the subcommand lists its flags")
	if len(args) == 0 {
		return usage
	}
	if args[0] == reading {
		return runReading(ctx, args[1:], out)
	}
	for _, command := range subcommands {
		if command.name != args[0] {
			continue
		}
		set := flag.NewFlagSet(command.name, flag.ContinueOnError)
		var o options
		o.declare(set)
		measurements := command.flags(set)
		if err := set.Parse(args[1:]); err != nil {
			return err
		}
		if command.enclose != nil {
			if done, err := command.enclose(ctx); done || err != nil {
				return err
			}
		}
		return o.run(ctx, choose(measurements(), o.only), out)
	}
	return usage
}

func names(commands []subcommand) (names []string) {
	for _, command := range commands {
		names = append(names, command.name)
	}
	return names
}

func choose(all []measurement, only string) (chosen []measurement) {
	for _, m := range all {
		if only == "" || strings.Contains(","+only+",", ","+m.name+",") {
			chosen = append(chosen, m)
		}
	}
	return chosen
}

func (o options) run(ctx context.Context, measurements []measurement, out io.Writer) error {
	dir, err := os.MkdirTemp(o.dir, "linienfunk-bench-")
	if err != nil {
		return err
	}
	if !o.keep {
		defer os.RemoveAll(dir)
	}
	b := &bench{dir: dir, keep: o.keep, prepared: map[string]string{}, settle: o.settle, quiet: o.quiet, out: out}
	defer b.close()
	if o.bin == "" {
		o.bin = filepath.Join(dir, "linienfunk")
		build := exec.CommandContext(ctx, "go", "build", "-o", o.bin, ".")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build: %w", err)
		}
	}
	targets := []target{{"this", o.bin}}
	if o.against != "" {
		targets = append(targets, target{"against", o.against})
	}
	printHeader(out, targets)
	for _, m := range measurements {
		if err := b.table(ctx, m, targets, o.rounds); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// table measures all binaries in turn, several times, and prints the medians.
func (b *bench) table(ctx context.Context, m measurement, targets []target, rounds int) error {
	results := make([][]figures, len(targets))
	for round := range rounds {
		for i, t := range targets {
			fmt.Fprintf(os.Stderr, "%s: round %d of %d, %s\n", m.name, round+1, rounds, t.name)
			found, err := b.watched(ctx, m, t)
			if why := (skipped{}); errors.As(err, &why) {
				fmt.Fprintf(b.out, "\n**%s**: skipped, %s\n", m.title, why.reason)
				return nil
			}
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			results[i] = append(results[i], found)
		}
	}
	printTable(b.out, m.title, targets, results)
	return nil
}

// watched measures a binary once, and what other processes did meanwhile.
func (b *bench) watched(ctx context.Context, m measurement, t target) (figures, error) {
	if b.quiet > 0 {
		if err := b.waitQuiet(ctx, b.quiet); err != nil {
			return nil, err
		}
	}
	before, err := b.moment()
	if err != nil {
		return nil, err
	}
	found, err := m.measure(ctx, b, t)
	if err != nil {
		return nil, err
	}
	others, err := b.others(before)
	found.add("others on the machine, % of its CPU", others)
	return found, err
}

// fake returns the fake with a number, and starts it if it does not run yet.
func (b *bench) fake(ctx context.Context, number int) (*fake, error) {
	for len(b.fakes) <= number {
		started, err := startFake(ctx)
		if err != nil {
			return nil, fmt.Errorf("start fake: %w", err)
		}
		b.fakes = append(b.fakes, started)
	}
	return b.fakes[number], nil
}

func (b *bench) close() {
	for _, f := range b.fakes {
		f.stop()
	}
}
