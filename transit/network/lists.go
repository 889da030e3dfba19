package network

import (
	"errors"
	"fmt"
	"strings"
)

// Limits of lists.
const (
	maxListLines = 20_000 // of each list
	maxListName  = 100    // bytes of a name
)

// ListProblem is what is wrong with a line of a list, for texts in other languages.
type ListProblem string

const (
	NoName       ListProblem = "no-name"        // before : or =
	NoOtherNames ListProblem = "no-other-names" // behind =
	TooFewStops  ListProblem = "too-few-stops"  // behind :
	NameTooLong  ListProblem = "name-too-long"
	NameNotUTF8  ListProblem = "name-not-utf-8"
	NamedTwice   ListProblem = "named-twice" // the first time in ListError.First
	TooManyLines ListProblem = "too-many-lines"
)

// ListError says which line of a list is wrong.
type ListError struct {
	Problem ListProblem
	List    string // "lines" or "stops"
	Line    int    // from 1
	First   int    // the line that has the name already, for NamedTwice
	Want    string // what would be right, in English
}

func (e *ListError) Error() string { return fmt.Sprintf("%s, line %d: %s", e.List, e.Line, e.Want) }

// Names are the other names of one stop, as an admin wrote them.
type Names struct {
	Line   int // in the list, from 1
	Stop   string
	Others []string
}

// ParseNames reads a list of stops with other names, one stop each line: "Kottbusser Tor = Kotti, Kottbusser". Empty lines are ignored. The error joins one *ListError for each
// bad line.
func ParseNames(list string) (names []Names, err error) {
	rows, err := splitList("stops", list)
	if err != nil {
		return nil, err
	}
	seen := map[string]int{}
	var wrong []error
	for _, row := range rows {
		stop, others, has := strings.Cut(row.text, "=")
		one := Names{Line: row.line, Stop: clean(stop), Others: splitNames(others)}
		switch problem, want := checkNames(append(one.Others, one.Stop)); {
		case one.Stop == "":
			wrong = append(wrong, &ListError{Problem: NoName, List: "stops", Line: row.line, Want: "the name of a stop must stand before ="})
		case has && len(one.Others) == 0:
			wrong = append(wrong, &ListError{Problem: NoOtherNames, List: "stops", Line: row.line, Want: "other names must stand behind =, separated by commas"})
		case want != "":
			wrong = append(wrong, &ListError{Problem: problem, List: "stops", Line: row.line, Want: want})
		case seen[one.Stop] > 0:
			wrong = append(wrong, repeated("stops", row.line, one.Stop, seen[one.Stop]))
		}
		seen[one.Stop] = row.line
		names = append(names, one)
	}
	return names, errors.Join(wrong...)
}

// FromLists makes a network for a city without a feed. Each line of lines is a name, or a name with its stops in order: "U8: Wittenau, …, Hermannstraße". The line runs in both
// directions; it is a ring if it ends where it begins. stops is a list as ParseNames reads it; stops that only lines name need not be there. The error joins one *ListError for each
// bad line.
func FromLists(lines, stops string) (*Network, error) {
	names, wrongNames := ParseNames(stops)
	rows, err := splitList("lines", lines)
	if err != nil {
		return nil, errors.Join(err, wrongNames)
	}
	n := &Network{}
	index := map[string]int{}
	stop := func(name string) int {
		at, known := index[name]
		if !known {
			at = len(n.Stops)
			index[name] = at
			n.Stops = append(n.Stops, Stop{ID: name, Name: name})
		}
		return at
	}
	for _, one := range names {
		n.Stops[stop(one.Stop)].OtherNames = one.Others
	}
	var wrong []error
	seen := map[string]int{}
	for _, row := range rows {
		name, list, has := strings.Cut(row.text, ":")
		name = clean(name)
		served := splitNames(list)
		switch problem, want := checkNames(append(served, name)); {
		case name == "":
			wrong = append(wrong, &ListError{Problem: NoName, List: "lines", Line: row.line, Want: "the name of a line must stand before :"})
		case has && len(served) < 2:
			wrong = append(wrong, &ListError{Problem: TooFewStops, List: "lines", Line: row.line, Want: "at least two stops must stand behind :, separated by commas"})
		case want != "":
			wrong = append(wrong, &ListError{Problem: problem, List: "lines", Line: row.line, Want: want})
		case seen[name] > 0:
			wrong = append(wrong, repeated("lines", row.line, name, seen[name]))
		}
		seen[name] = row.line
		line := Line{ID: name, Name: name}
		if has {
			there, back := make([]int, len(served)), make([]int, len(served))
			for i, name := range served {
				there[i] = stop(name)
				back[len(served)-1-i] = there[i]
			}
			line.Variants = []Variant{{Stops: there}, {Stops: back}}
		}
		n.Lines = append(n.Lines, line)
	}
	if err := errors.Join(append(wrong, wrongNames)...); err != nil {
		return nil, err
	}
	n.arrange(func(int) bool { return true })
	return n, nil
}

type listRow struct {
	line int
	text string
}

func splitList(list, text string) (rows []listRow, err error) {
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			rows = append(rows, listRow{i + 1, line})
		}
		if len(rows) > maxListLines {
			return nil, &ListError{Problem: TooManyLines, List: list, Line: i + 1, Want: fmt.Sprintf("a list has at most %d lines", maxListLines)}
		}
	}
	return rows, nil
}

func splitNames(list string) (names []string) {
	for name := range strings.SplitSeq(list, ",") {
		if name = clean(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func clean(name string) string { return strings.Join(strings.Fields(name), " ") }

// checkNames says what is wrong, and what would be right, or nothing.
func checkNames(names []string) (problem ListProblem, want string) {
	for _, name := range names {
		if len(name) > maxListName {
			return NameTooLong, fmt.Sprintf("a name has at most %d bytes", maxListName)
		}
		if strings.ToValidUTF8(name, "") != name {
			return NameNotUTF8, "names must be in UTF-8"
		}
	}
	return "", ""
}

func repeated(list string, line int, name string, first int) error {
	return &ListError{Problem: NamedTwice, List: list, Line: line, First: first, Want: fmt.Sprintf("%q stands in line %d already", name, first)}
}

// Lists returns the lists of which FromLists makes the network again; false if it was read from a feed.
func (n *Network) Lists() (lines, stops string, ok bool) {
	served := make([]bool, len(n.Stops))
	n.eachIndex(func(index *int) { served[*index] = true })
	var all []string
	for _, line := range n.Lines {
		if line.Kind != "" || line.ID != line.Name {
			return "", "", false
		}
		text := line.Name
		if len(line.Variants) > 0 {
			var names []string
			for _, stop := range line.Variants[0].Stops {
				names = append(names, n.Stops[stop].Name)
			}
			text += ": " + strings.Join(names, ", ")
		}
		all = append(all, text)
	}
	lines, all = strings.Join(all, "\n"), nil
	for i, stop := range n.Stops {
		switch {
		case len(stop.OtherNames) > 0:
			all = append(all, stop.Name+" = "+strings.Join(stop.OtherNames, ", "))
		case !served[i]:
			all = append(all, stop.Name)
		}
	}
	return lines, strings.Join(all, "\n"), true
}
