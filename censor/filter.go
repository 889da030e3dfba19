// Package censor decides which reports a city's riders see.
//
// A Filter is the decision itself: a pure function of a text and of three lists, the operator's slurs, the city's
// blocked words and the city's triggers. A report passes when a trigger matches and neither of the other lists
// does. How a line of a list is read is told at Compile, what counts as the same letter at fold, and what counts
// as a word at isWord.
package censor

import (
	_ "embed"
	"errors"
	"strings"
	"sync"

	"linienfunk/report"
)

//go:embed slurs.txt
var slurs string

// DefaultSlurs returns the instance list that the program ships, one line per entry, for an operator to extend.
func DefaultSlurs() []string {
	return strings.Split(strings.TrimSuffix(slurs, "\n"), "\n")
}

// Filter is one city's lists, ready to judge. It does not change and is safe for concurrent use.
type Filter struct {
	compiler *Compiler
	blocked  *list
	triggers *list
}

// Compiler makes Filters that share one instance list. It is safe for concurrent use.
type Compiler struct {
	instance *list
	scratch  sync.Pool // *scratch: the buffers of Judge
}

// NewCompiler compiles the instance list, which every Filter of this Compiler applies before the city's own
// lists. Its lines are read like those of Compile; of the limits, MaxSlurs and MaxSlurSymbols take the place of
// MaxLines and MaxSymbols. The error joins one *LineError for each bad line.
func NewCompiler(slurs []string) (*Compiler, error) {
	instance, err := compileList(report.Instance, slurs)
	if err != nil {
		return nil, err
	}
	return &Compiler{instance: instance, scratch: sync.Pool{New: func() any { return new(scratch) }}}, nil
}

var defaultCompiler = sync.OnceValues(func() (*Compiler, error) { return NewCompiler(DefaultSlurs()) })

// Compile is Compiler.Compile with the default instance list.
func Compile(triggers, blocked []string) (*Filter, error) {
	c, err := defaultCompiler()
	if err != nil {
		return nil, err
	}
	return c.Compile(triggers, blocked)
}

// Compile reads a city's lists, one entry per line, as its admin wrote them. The error joins one *LineError for
// each bad line. A line is
//
//   - blank, or a comment: a # that no letter or digit follows ("# lines", "#"). Both are ignored, but counted.
//     "#kontrolle" is a hashtag and an entry.
//   - "*", among the triggers only: every report passes that is not blocked.
//   - "/expression/": a regular expression in Go's RE2 syntax, not sensitive to case. A report matches when one
//     of these readings of it does: the text as written in lower case, ä and ß included; the text without accents
//     and with ss; and the same with ae, oe, ue for umlauts. Blocked lists and the instance list also try the text
//     with look-alike letters made Latin. In all readings white space is one space and there are no line ends,
//     invisible characters are gone, every dash is "-" and every apostrophe is "'", and full-width and other
//     compatibility forms (NFKC) are the usual letters. An expression is taken at its word: /ö/ finds ö and
//     neither o nor oe, /oe/ finds oe and ö. Go's \b and \w know ASCII only, which suits all readings but the
//     first. An expression that matches the empty text is refused, for it would match everything.
//   - anything else: a word or phrase, found where it stands alone. See isWord for what that means. A space stands
//     for any run of white space, hyphens and underscores, and so do they. "u8" finds "#u8" and "U8!", but not
//     "u80"; "#kontrolle" finds the hashtag only. Entries of scripts without spaces and emoji are found anywhere.
//     An ö also finds o and oe, oe also finds ö, o also finds ö; but o does not find oe, nor oe o.
//
// Blocked lists and the instance list see through look-alike letters, see lookalikes. Triggers do not: a rider has
// no reason to disguise one.
func (c *Compiler) Compile(triggers, blocked []string) (*Filter, error) {
	t, errT := compileList(report.Triggers, triggers)
	b, errB := compileList(report.Blocked, blocked)
	if err := errors.Join(errT, errB); err != nil {
		return nil, err
	}
	return &Filter{compiler: c, triggers: t, blocked: b}, nil
}

// Judge decides on a text. The lists are asked in the order instance, blocked, triggers; of the lines of a list
// that match, the verdict names the first. The time is linear in the length of the text, plus that of each regular
// expression whose fixed part occurs in it.
func (f *Filter) Evaluate(text string) report.Verdict {
	s := f.compiler.scratch.Get().(*scratch)
	defer f.compiler.release(s)
	return f.evaluate(s, text)
}

func (f *Filter) evaluate(s *scratch, text string) report.Verdict {
	s.read(text, len(f.compiler.instance.exprs)+len(f.blocked.exprs)+len(f.triggers.exprs) > 0)
	if line := f.compiler.instance.match(s, true); line > 0 {
		return f.compiler.instance.verdict(line)
	}
	if line := f.blocked.match(s, true); line > 0 {
		return f.blocked.verdict(line)
	}
	if line := f.triggers.match(s, false); line > 0 {
		return f.triggers.verdict(line)
	}
	return report.Verdict{List: report.Triggers}
}

// release keeps the buffers of a usual report; one of many times report.MaxText would stay in memory for nothing.
func (c *Compiler) release(s *scratch) {
	if cap(s.base.text) <= 4*report.MaxText {
		c.scratch.Put(s)
	}
}
