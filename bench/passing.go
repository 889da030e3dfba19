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

// passing says which messages a list lets through, by their text and by how they are read with a network and without.
type passing struct {
	name string
	lets func(text string, with, without read.Reading) bool
}

// newCity is the name of the list with which a new city with a network starts.
const newCity = "new city with a network"

// startLists returns the lists that are compared: what a new city starts with, parts of that, and those of the ancestors.
func startLists(languages []string) (lists []passing, err error) {
	start := func(withNetwork bool) (triggers []string) {
		for _, language := range languages {
			triggers = append(triggers, settings.StartTriggers(language, withNetwork)...)
		}
		return triggers
	}
	isWord := func(trigger string) bool { return !strings.HasPrefix(trigger, "@") }
	for _, list := range []struct {
		name        string
		withNetwork bool
		triggers    []string
	}{
		{"@line @stop", true, []string{"@line", "@stop"}},
		{newCity, true, start(true)},
		{"new city without one", false, start(false)},
		{"its @line alone", false, []string{"@line"}},
		{"its words alone", false, slices.DeleteFunc(start(false), func(trigger string) bool { return !isWord(trigger) })},
	} {
		filter, err := censor.Compile(list.triggers, nil)
		if err != nil {
			return nil, err
		}
		lists = append(lists, passing{list.name, func(text string, with, without read.Reading) bool {
			said := without
			if list.withNetwork {
				said = with
			}
			return filter.Evaluate(text, censor.SaidBy(said)).Passed
		}})
	}
	asMeant, err := regexp.Compile(strings.Join(strings.Fields(ancestors), "|"))
	if err != nil {
		return nil, err
	}
	fold := cases.Fold()
	asBuilt := func(text string) bool {
		return slices.ContainsFunc(strings.Fields(ancestors), func(word string) bool { return strings.Contains(text, word) })
	}
	return append(lists,
		passing{"Ticketfrei, as built", func(text string, _, _ read.Reading) bool { return asBuilt(fold.String(text)) }},
		passing{"Ticketfrei, as meant", func(text string, _, _ read.Reading) bool { return asMeant.MatchString(fold.String(text)) }}), nil
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

// comparePassing prints what the lists let through, of both halves and of all messages, and returns what newCity does.
func comparePassing(out io.Writer, languages []string, messages []labelled, with, without []read.Reading) (start []bool, err error) {
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
	for _, list := range lists {
		lets := make([]bool, len(messages))
		for k, m := range messages {
			lets[k] = list.lets(m.Text, with[k], without[k])
		}
		if list.name == newCity {
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
