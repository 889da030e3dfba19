package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// figures are the results of one measurement, in the order of the table.
type figures []figure

type figure struct {
	name  string
	value float64
}

func (f *figures) add(name string, value float64) { *f = append(*f, figure{name, value}) }

// get returns NaN for a figure that is missing.
func (f figures) get(name string) float64 {
	for _, one := range f {
		if one.name == name {
			return one.value
		}
	}
	return math.NaN()
}

// percentile returns the value below which a part of the values is, from 0 to 1; NaN without values.
func percentile(values []float64, part float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}

// median is the mean of the two in the middle of an even number of values.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// printHeader prints what the figures depend on.
func printHeader(out io.Writer, targets []target) {
	fmt.Fprintf(out, "`bench %s`, %s, %d × %s, load %s\n", strings.Join(os.Args[1:], " "), time.Now().UTC().Format(time.DateOnly+" 15:04"),
		runtime.NumCPU(), processor(), load())
	for _, t := range targets {
		version, err := exec.Command(t.path, "version").Output()
		if err != nil {
			version = []byte("version unknown")
		}
		fmt.Fprintf(out, "- %s: %s\n", t.name, strings.TrimSpace(string(version)))
	}
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	return strings.Join(strings.Fields(string(text) + " ? ? ?")[:3], " ")
}

// printTable prints the medians of each figure, with the lowest and highest value, and the first binary's ratio to each other one.
func printTable(out io.Writer, title string, targets []target, results [][]figures) {
	w := bufio.NewWriter(out)
	defer w.Flush()
	fmt.Fprintf(w, "\n**%s**\n\n| |", title)
	for i, t := range targets {
		fmt.Fprintf(w, " %s |", t.name)
		if i > 0 {
			w.WriteString(" ratio |")
		}
	}
	w.WriteString("\n|---|")
	w.WriteString(strings.Repeat("---|", 2*len(targets)-1) + "\n")
	for _, one := range results[0][0] {
		fmt.Fprintf(w, "| %s |", one.name)
		first := median(values(results[0], one.name))
		for i := range targets {
			found := values(results[i], one.name)
			fmt.Fprintf(w, " %s |", summary(found))
			if i > 0 {
				fmt.Fprintf(w, " %s |", ratio(first, median(found)))
			}
		}
		w.WriteString("\n")
	}
}

func values(rounds []figures, name string) (found []float64) {
	for _, round := range rounds {
		found = append(found, round.get(name))
	}
	return found
}

func summary(values []float64) string {
	low, high := number(slices.Min(values)), number(slices.Max(values))
	if low == high {
		return low
	}
	return fmt.Sprintf("%s (%s–%s)", number(median(values)), low, high)
}

func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "?"
	case v == math.Trunc(v) || v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func ratio(a, b float64) string {
	switch r := a / b; {
	case a == b:
		return "1"
	case math.IsNaN(r) || math.IsInf(r, 0):
		return "–"
	default:
		return fmt.Sprintf("%.2f", r)
	}
}
