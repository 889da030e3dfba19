package main

import (
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/cases"

	"linienfunk/censor"
	"linienfunk/settings"
	"linienfunk/transit/read"
)

// ancestors are the default triggers of Ticketfrei 2, which it matched as plain substrings although some are regular expressions.
//
//go:embed ancestors.txt
var ancestors string

// passing is what different lists let through of each message.
type passing struct {
	name string
	lets func(text string, read, shapes read.Reading) bool
}

// startLists returns the lists that are compared: what a new city starts with, its parts, and those of the ancestors.
func startLists(languages []string) ([]passing, error) {
	withNetwork, err := startWords(languages, true)
	if err != nil {
		return nil, err
	}
	withoutNetwork, err := startWords(languages, false)
	if err != nil {
		return nil, err
	}
	asMeant, err := regexp.Compile(strings.Join(strings.Fields(ancestors), "|"))
	if err != nil {
		return nil, err
	}
	placed := func(r read.Reading) bool { return len(r.Lines) > 0 && !r.Inferred || len(r.Stops) > 0 }
	fold := cases.Fold()
	return []passing{
		{"@line @stop", func(_ string, r, _ read.Reading) bool { return placed(r) }},
		{"new city with a network", func(text string, r, _ read.Reading) bool {
			return placed(r) || len(r.Directions) > 0 || withNetwork.Evaluate(text, censor.SaidBy(r)).Passed
		}},
		{"no network: @line", func(_ string, _, s read.Reading) bool { return len(s.Shapes) > 0 }},
		{"no network: words", func(text string, _, _ read.Reading) bool { return withoutNetwork.Evaluate(text, censor.Said{}).Passed }},
		{"no network: both", func(text string, _, s read.Reading) bool {
			return len(s.Shapes) > 0 || withoutNetwork.Evaluate(text, censor.SaidBy(s)).Passed
		}},
		{"Ticketfrei, as built", func(text string, _, _ read.Reading) bool {
			text = fold.String(text)
			for word := range strings.FieldsSeq(ancestors) {
				if strings.Contains(text, word) {
					return true
				}
			}
			return false
		}},
		{"Ticketfrei, as meant", func(text string, _, _ read.Reading) bool { return asMeant.MatchString(fold.String(text)) }},
	}, nil
}

// startWords compiles the words among the triggers of a new city.
func startWords(languages []string, withNetwork bool) (*censor.Filter, error) {
	var words []string
	for _, language := range languages {
		for _, trigger := range settings.StartTriggers(language, withNetwork) {
			if !slices.Contains(settings.PlaceTriggers, trigger) {
				words = append(words, trigger)
			}
		}
	}
	return censor.Compile(words, nil)
}

// passed is what a list lets through of messages: the share of those with a line, stop or direction, and that of the rest, in percent.
func passed(messages []labelled, lets []bool) (located, rest float64) {
	var count, all [2]int
	for i, m := range messages {
		class := 0
		if !m.located() {
			class = 1
		}
		all[class]++
		if lets[i] {
			count[class]++
		}
	}
	return 100 * float64(count[0]) / float64(max(1, all[0])), 100 * float64(count[1]) / float64(max(1, all[1]))
}

// comparePassing prints what the lists let through, of both halves and of all messages, and returns what the second one does, with which a city with a network starts.
func comparePassing(out io.Writer, languages []string, messages []labelled, readings, shapes []read.Reading) (start []bool, err error) {
	lists, err := startLists(languages)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%-26s %17s %17s %17s\n%-26s", "passes, in percent", "first half", "second half", "all", "")
	for range 3 {
		fmt.Fprintf(out, " %11s %5s", "with place", "rest")
	}
	fmt.Fprintln(out)
	half := len(messages) / 2
	for i, list := range lists {
		lets := make([]bool, len(messages))
		for k, m := range messages {
			lets[k] = list.lets(m.Text, readings[k], shapes[k])
		}
		if i == 1 {
			start = lets
		}
		fmt.Fprintf(out, "%-26s", list.name)
		for _, part := range [3][2]int{{0, half}, {half, len(messages)}, {0, len(messages)}} {
			located, rest := passed(messages[part[0]:part[1]], lets[part[0]:part[1]])
			fmt.Fprintf(out, " %11.1f %5.1f", located, rest)
		}
		fmt.Fprintln(out)
	}
	return start, nil
}
