package censor

import (
	"errors"
	"fmt"

	"linienfunk/report"
)

// The limits of a list. They keep a city's compiled lists within a few megabytes. Evaluating the
// longest report takes well under a millisecond for words, and about a third of a second for the worst expressions that the
// limits allow (large, ambiguous, without a required literal). A line beyond a limit is refused with a LineError.
const (
	MaxLine        = 200       // runes in a line, surrounding white space not counted
	MaxLines       = 2_000     // lines in a city's list, comments and blank lines included
	MaxExpressions = 100       // regular expressions in a list
	MaxProgram     = 500       // instructions of one compiled expression; x{2,40} has about 80
	MaxPrograms    = 4_000     // instructions of all expressions of a list
	MaxCombined    = 100       // entries of several parts in a list
	MaxParts       = 4         // parts of an entry
	MaxSymbols     = 128 << 10 // bytes of all words of a city's list after folding; each umlaut of a word doubles its share

	MaxSlurs       = 20_000  // lines in the instance list
	MaxSlurSymbols = 2 << 20 // bytes of all words of the instance list after folding
)

// The causes of a LineError, for errors.Is.
var (
	ErrTooLong            = fmt.Errorf("the line has more than %d characters", MaxLine)
	ErrTooManyLines       = errors.New("the list has too many lines; it may end before this one")
	ErrTooManyExpressions = fmt.Errorf("the list has more than %d regular expressions", MaxExpressions)
	ErrTooLarge           = errors.New("the words of the list are too long together; it may end before this one")
	ErrTooComplex         = errors.New("the regular expression is too large")
	ErrExpression         = errors.New("this is not a regular expression")
	ErrUnclosed           = errors.New("the regular expression does not end with /")
	ErrMatchesAll         = errors.New("the regular expression matches even an empty report, and so every one")
	ErrNothing            = errors.New("the line has nothing that could occur in a report")
	ErrStar               = errors.New("* would block every report; it is allowed only among the triggers")
	ErrStarAlone          = errors.New("a * needs a letter or digit beside it")
	ErrPart               = errors.New("between the + signs must stand words, or @line and the like; no expression and no * alone")
	ErrTooManyParts       = fmt.Errorf("the line has more than %d parts", MaxParts)
	ErrTooManyCombined    = fmt.Errorf("the list has more than %d lines with a +", MaxCombined)
	ErrStarShort          = fmt.Errorf("a word with a * needs at least %d letters", minStarred)
)

// NameError is the cause of a LineError for a word with an @ that is a slip away from one with a meaning.
type NameError struct {
	Name    string // as it was written
	Nearest string // one of Meanings
}

// Is reports whether target is a NameError of the same name.
func (e *NameError) Is(target error) bool {
	other, ok := target.(*NameError)
	return ok && *other == *e
}

func (e *NameError) Error() string {
	return fmt.Sprintf("%s has no meaning; perhaps %s is meant", e.Name, e.Nearest)
}

// LineError names a bad line of a list and the reason.
type LineError struct {
	List report.List
	Line int    // from 1
	Text string // the line without surrounding white space
	Err  error  // one of the Err values above, or an error that wraps one
}

// Error returns a sentence for the admin who wrote the line.
func (e *LineError) Error() string {
	return fmt.Sprintf("Line %d of the list %q (%s): %v.", e.Line, string(e.List), report.Cut(e.Text, 40), e.Err)
}

func (e *LineError) Unwrap() error { return e.Err }
