package censor

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// expression is one line in slashes. Compiler.Compile documents the variants of a text that it is matched against.
type expression struct {
	line int
	re   *regexp.Regexp

	// literal is lower-case ASCII that every match of re contains. Searching it first takes some 20 ns, running re some 10 µs.
	literal []byte
}

// newExpression compiles the expression and returns its program size in instructions.
func newExpression(line int, text string) (expression, int, error) {
	// NFC and not NFKC, which would turn a full-width asterisk into an operator.
	text = norm.NFC.String(text)
	tree, err := syntax.Parse(text, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return expression{}, 0, expressionError(err)
	}
	size := programSize(tree)
	if size > MaxProgram {
		return expression{}, 0, fmt.Errorf("%w: it has %d steps of at most %d", ErrTooComplex, size, MaxProgram)
	}
	re, err := regexp.Compile("(?i)" + text)
	if err != nil {
		return expression{}, 0, expressionError(err)
	}
	if re.MatchString("") {
		return expression{}, 0, ErrMatchesAll
	}
	return expression{line: line, re: re, literal: []byte(requiredLiteral(tree))}, size, nil
}

// expressionError converts a parser error to one of this package's, without the text "error parsing regexp".
func expressionError(err error) error {
	var bad *syntax.Error
	if !errors.As(err, &bad) {
		return fmt.Errorf("%w: %w", ErrExpression, err)
	}
	switch bad.Code {
	case syntax.ErrLarge, syntax.ErrNestingDepth, syntax.ErrInvalidRepeatSize:
		return fmt.Errorf("%w: %s", ErrTooComplex, bad.Code)
	case syntax.ErrInvalidUTF8:
		return fmt.Errorf("%w: %s", ErrExpression, bad.Code) // the expression itself cannot be shown
	}
	return fmt.Errorf("%w: %s in %q", ErrExpression, bad.Code, bad.Expr)
}

// match tries all variants that apply to the list.
func (e *expression) match(s *scratch, guarded bool) bool {
	if s.written.text != nil && e.matchText(s.written.text) {
		return true
	}
	for _, r := range s.variants(false) {
		if e.matchText(r.text) {
			return true
		}
	}
	if guarded && s.hasLookalikes {
		for _, r := range s.variants(true) {
			if e.matchText(r.text) {
				return true
			}
		}
	}
	return false
}

func (e *expression) matchText(text []byte) bool {
	return bytes.Contains(text, e.literal) && e.re.Match(text)
}

// programSize estimates the number of instructions of the compiled program, within a few. Compiling to count them would take a
// tenth of a second for (?:<180 letters>){1000}, and an admin can paste 2,000 such lines.
func programSize(re *syntax.Regexp) int {
	n := 1
	switch re.Op {
	case syntax.OpLiteral:
		n = len(re.Rune)
	case syntax.OpCapture:
		n = 2
	case syntax.OpRepeat:
		once := programSize(re.Sub[0]) // and one more to leave early, from Min on
		return 1 + re.Min*once + max(re.Max-re.Min, 0)*(once+1)
	}
	for _, sub := range re.Sub {
		n += programSize(sub)
	}
	return n
}

// requiredLiteral returns the longest run of ASCII that every match of the expression contains, in lower case. No variant
// contains capitals, nor the long s and the Kelvin sign, the letters outside ASCII that fold to ASCII.
func requiredLiteral(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return longestASCII(re.Rune)
	case syntax.OpCapture, syntax.OpPlus:
		return requiredLiteral(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return requiredLiteral(re.Sub[0])
		}
	case syntax.OpConcat:
		longest := ""
		for _, sub := range re.Sub {
			if need := requiredLiteral(sub); len(need) > len(longest) {
				longest = need
			}
		}
		return longest
	}
	return ""
}

func longestASCII(runes []rune) string {
	var run, longest []byte
	for _, r := range runes {
		if r >= utf8.RuneSelf {
			run = nil
			continue
		}
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		if run = append(run, byte(r)); len(run) > len(longest) {
			longest = run
		}
	}
	return string(longest)
}
