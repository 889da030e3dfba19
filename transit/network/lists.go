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

// ListError says which line of a list is wrong.
type ListError struct {
	List string // "lines" or "stops"
	Line int    // from 1
	Want string // what would be right, in English
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
		switch want := checkNames(append(one.Others, one.Stop)); {
		case one.Stop == "":
			wrong = append(wrong, &ListError{"stops", row.line, "the name of a stop must stand before ="})
		case has && len(one.Others) == 0:
			wrong = append(wrong, &ListError{"stops", row.line, "other names must stand behind =, separated by commas"})
		case want != "":
			wrong = append(wrong, &ListError{"stops", row.line, want})
		case seen[one.Stop] > 0:
			wrong = append(wrong, &ListError{"stops", row.line, fmt.Sprintf("%q stands in line %d already", one.Stop, seen[one.Stop])})
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
		switch want := checkNames(append(served, name)); {
		case name == "":
			wrong = append(wrong, &ListError{"lines", row.line, "the name of a line must stand before :"})
		case has && len(served) < 2:
			wrong = append(wrong, &ListError{"lines", row.line, "at least two stops must stand behind :, separated by commas"})
		case want != "":
			wrong = append(wrong, &ListError{"lines", row.line, want})
		case seen[name] > 0:
			wrong = append(wrong, &ListError{"lines", row.line, fmt.Sprintf("%q stands in line %d already", name, seen[name])})
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
			return nil, &ListError{list, i + 1, fmt.Sprintf("a list has at most %d lines", maxListLines)}
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

// checkNames says what would be right, or nothing.
func checkNames(names []string) string {
	for _, name := range names {
		if len(name) > maxListName {
			return fmt.Sprintf("a name has at most %d bytes", maxListName)
		}
		if strings.ToValidUTF8(name, "") != name {
			return "names must be in UTF-8"
		}
	}
	return ""
}
