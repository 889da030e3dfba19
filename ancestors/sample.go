package ancestors

import (
	_ "embed"
	"strings"

	"linienfunk/censor"
)

// sample are reports as riders write them, made up, by which two readings of a list can be compared.
//
//go:embed sample.txt
var sample string

// Sample returns the built-in reports.
func Sample() []string { return strings.Split(strings.TrimSpace(sample), "\n") }

// Passing counts the reports that a filter lets through.
func Passing(f *censor.Filter, reports []string) (n int) {
	for _, one := range reports {
		if f.Evaluate(one, censor.Said{}).Passed {
			n++
		}
	}
	return n
}
