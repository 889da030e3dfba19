package ancestors

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"linienfunk/censor"
	"linienfunk/report"
)

// asMeant reads a trigger of Ticketfrei as the regular expression that its admins wrote.
func asMeant(line string) string {
	if isPlain(line) {
		return "*" + line + "*"
	}
	return "/" + line + "/"
}

// asBuilt reads it as the program did: as a text anywhere in the report.
func asBuilt(line string) string {
	if isPlain(line) {
		return "*" + line + "*"
	}
	return "/" + regexp.QuoteMeta(strings.ToLower(line)) + "/"
}

// wholeWord reads a bad word of Ticketfrei, which it found between blanks only.
func wholeWord(line string) string {
	if isPlain(line) {
		return line
	}
	return `/(^|\s)` + regexp.QuoteMeta(strings.ToLower(line)) + `(\s|$)/`
}

// fromBeginning reads a pattern of Kibicara, which has to match from the beginning of the report. One that matches any beginning lets every report pass.
func fromBeginning(line string) string {
	expression := "^(?:" + line + ")"
	if compiled, err := regexp.Compile(expression); err == nil && compiled.MatchString("") {
		return "*"
	}
	return "/" + expression + "/"
}

// isPlain reports whether a line means the same in all syntaxes, with a star before and behind it as well.
func isPlain(line string) bool {
	return utf8.RuneCountInString(line) > 1 && !strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// keep returns a list in the syntax of package censor. A line that it cannot have stays there as a comment, and is named in c.Lost.
func (r Reader) keep(list report.List, lines []string, read func(string) string, c *City) []string {
	kept := make([]string, len(lines))
	for i, line := range lines {
		kept[i] = read(line)
	}
	// A line that is too many for a limit shows only in the whole list; without it another one may.
	for commented := map[int]bool{}; ; {
		bad := lineErrors(r.compile(list, kept))
		if len(bad) == 0 {
			return kept
		}
		end := len(kept)
		for _, one := range bad {
			switch i := one.Line - 1; {
			case i < 0 || i >= len(kept):
				c.lose("all %s: %v", list, one.Err)
				return nil
			case commented[i]:
				end = min(end, i)
			default:
				c.lose("line %d of the %s, %q: %v; it stays in the list as a comment", one.Line, list, lines[i], one.Err)
				kept[i], commented[i] = report.Cut("# "+strings.TrimLeft(lines[i], "# "), censor.MaxLine), true
			}
		}
		if end < len(kept) {
			c.lose("the %s from line %d on: the list is too long", list, end+1)
			kept = kept[:end]
		}
	}
}

func (r Reader) compile(list report.List, lines []string) error {
	triggers, blocked := lines, []string(nil)
	if list == report.Blocked {
		triggers, blocked = nil, lines
	}
	_, err := r.Compiler.Compile(triggers, blocked)
	return err
}

// lineErrors are the errors of a list's lines.
func lineErrors(err error) (all []*censor.LineError) {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			all = append(all, lineErrors(one)...)
		}
		return all
	}
	var line *censor.LineError
	if !errors.As(err, &line) {
		line = &censor.LineError{Err: fmt.Errorf("cannot be read: %w", err)}
	}
	return []*censor.LineError{line}
}
