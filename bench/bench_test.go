package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"linienfunk/app"
)

// TestMain runs the tests; or the fake, or the program that is measured, in the processes that the tests start.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(roleVariable) == roleFake:
		main()
	case len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-"):
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		exit(app.Main(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// runSmall runs a subcommand on the program of this binary, and returns its tables.
func runSmall(t *testing.T, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	args = append(args, "-bin", self, "-rounds", "1", "-settle", "0", "-dir", t.TempDir())
	if err := run(t.Context(), args, &out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "| ? |") {
		t.Errorf("a figure is missing:\n%s", &out)
	}
	return out.String()
}

// value is the value of a row whose name is given, in each table that has it.
func value(table, row string) (found []string) {
	for _, match := range regexp.MustCompile(`(?m)^\| `+regexp.QuoteMeta(row)+` \| ([^|]*) \|`).FindAllStringSubmatch(table, -1) {
		found = append(found, match[1])
	}
	return found
}

func TestRelayMeasuresEveryReport(t *testing.T) {
	t.Parallel()
	tables := runSmall(t, "relay", "-reports", "6", "-alone", "2", "-backlog", "3", "-cities", "2",
		"-only", "alone,burst-cities,held,behind,syncs")
	for _, row := range []string{"lost", "twice"} {
		if got := value(tables, row); !slices.Equal(got, []string{"0"}) {
			t.Errorf("%s: %q\n%s", row, got, tables)
		}
	}
}

func TestNothingIsLostInAnOutageAndByKills(t *testing.T) {
	t.Parallel()
	tables := runSmall(t, "relay", "-outage", "300ms", "-outage-reports", "3", "-kills", "1", "-kill-reports", "8", "-kill-time", "50ms",
		"-only", "outage-500,outage-close,kill")
	if got := value(tables, "lost"); !slices.Equal(got, []string{"0", "0", "0"}) {
		t.Errorf("lost: %q\n%s", got, tables)
	}
}

func TestTheAPIStoresAsMailDoesAndEveryStreamGetsEachReport(t *testing.T) {
	t.Parallel()
	tables := runSmall(t, "api", "-reports", "3", "-streams", "21", "-events", "2") // 21: of two keys
	if got := value(tables, "POST to the last stream, p50, ms"); len(got) != 1 {
		t.Errorf("%q\n%s", got, tables)
	}
}

func TestWhileFilesCannotBeWrittenTheHealthCheckFailsAndNothingIsLost(t *testing.T) {
	t.Parallel()
	tables := runSmall(t, "faults", "-faults", "1", "-lasts", "1s", "-only", "eio-reports,eio-settings,full-database,eio-database")
	if strings.Contains(tables, "skipped") {
		t.Skip(tables)
	}
	for _, row := range []string{"lost", "changes lost", "out of order", "rounds in which /healthz stayed 200", "the least time with 503, %"} {
		want := "0"
		if strings.HasPrefix(row, "the least") {
			want = "100"
		}
		for _, got := range value(tables, row) {
			if got != want {
				t.Errorf("%s: %s\n%s", row, got, tables)
			}
		}
	}
}

func TestCitiesMeasuresEachNumber(t *testing.T) {
	t.Parallel()
	tables := runSmall(t, "cities", "-counts", "1,3", "-reports", "2", "-idle", "100ms")
	for _, row := range []string{"1 cities: lost", "3 cities: lost"} {
		if got := value(tables, row); !slices.Equal(got, []string{"0"}) {
			t.Errorf("%s: %q\n%s", row, got, tables)
		}
	}
}

func TestHangPagesAndLiveMeasure(t *testing.T) {
	t.Parallel()
	runSmall(t, "hang", "-cities", "10", "-reports", "20", "-over", "200ms")
	tables := runSmall(t, "pages", "-posts", "2", "-clients", "2", "-over", "50ms")
	if got := value(tables, "feed again: answered with 304, %"); slices.Equal(got, []string{"0"}) {
		t.Errorf("no feed was unchanged:\n%s", tables)
	}
	runSmall(t, "live", "-pages", "3", "-reports", "2")
}

func TestNodesAreHitAndNothingIsLost(t *testing.T) {
	if testing.Short() {
		t.Skip("starts three nodes, three brokers and PostgreSQL")
	}
	if _, err := findPostgres("initdb"); err != nil {
		t.Skip(err)
	}
	if err := os.Chmod(filepath.Dir(t.TempDir()), 0o711); err != nil { // PostgreSQL runs as another user
		t.Fatal(err)
	}
	tables := runSmall(t, "nodes", "-hits", "2", "-kinds", "kill", "-parts", "node,broker", "-rate", "10", "-cities", "4", "-calm", "1s", "-hit", "1s", "-after", "1s")
	if got := value(tables, "lost"); !slices.Equal(got, []string{"0"}) {
		t.Errorf("lost: %q\n%s", got, tables)
	}
}

func TestOurOwnWorkIsNotThatOfOthers(t *testing.T) {
	b := &bench{}
	before, err := b.moment()
	if err != nil {
		t.Fatal(err)
	}
	var after moment
	for after.ours < before.ours+5*tick {
		if after, err = b.moment(); err != nil {
			t.Fatal(err)
		}
	}
	if after.busy-before.busy < after.ours-before.ours-2*tick { // the two are read one after the other
		t.Errorf("all processes have used %v, this one %v", after.busy-before.busy, after.ours-before.ours)
	}
}
