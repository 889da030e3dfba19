// Package censor decides which reports a city's riders see.
//
// A Filter evaluates a text against three lists: the operator's slurs, the city's blocked words and the city's triggers. A
// report passes when a trigger matches and nothing of the other two does. Compiler.Compile documents the syntax of a list's
// lines, fold which characters count as equal, and isWord what a word is. A Filter is a pure function; Worker
// applies it to the reports in REPORTS.
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

// DefaultSlurs returns the instance list that the program ships, one line per entry. The operator can extend it.
func DefaultSlurs() []string {
	return strings.Split(strings.TrimSuffix(slurs, "\n"), "\n")
}

// Filter holds one city's compiled lists. It is immutable and safe for concurrent use.
type Filter struct {
	compiler *Compiler
	blocked  *list
	triggers *list
}

// Compiler compiles Filters that share one instance list. It is safe for concurrent use.
type Compiler struct {
	instance *list
	scratch  sync.Pool // *scratch: the buffers of Evaluate
	shared   sharedLists
}

// NewCompiler compiles the instance list, which every Filter of this Compiler applies before the city's own
// lists. Its lines are words and expressions as Compile documents them; its limits are MaxSlurs and MaxSlurSymbols instead of
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

// Compile compiles a city's lists, one entry per line, as its admin wrote them. The error joins one *LineError for
// each bad line. A line is
//
//   - blank, or a comment: a # that is not followed by a letter or digit ("# lines", "#"). Both are ignored, but counted.
//     "#kontrolle" is a hashtag and an entry.
//   - "*", among the triggers only: every report that is not blocked passes.
//   - "/expression/": a regular expression in Go's RE2 syntax, case-insensitive. A report matches when one
//     of these variants of its text does: in lower case with ä and ß kept; without accents and with ß as ss;
//     and the latter with umlauts as ae, oe, ue. Blocked lists and the instance list also try the text
//     with look-alike letters replaced by Latin ones. In all variants a run of white space is one space, line ends included,
//     invisible characters are removed, every dash is "-" and every apostrophe is "'", and full-width and other
//     compatibility forms (NFKC) are ordinary letters. Expressions themselves are not expanded: /ö/ finds ö and
//     neither o nor oe, /oe/ finds oe and ö. Go's \b and \w are ASCII only, which fits all variants but the
//     first. An expression that matches the empty text is refused because it would match every report.
//   - "@line", "@stop", "@direction", "@inspectors", "@police", "@disruption", "@gone" or "@question": what the report says, as package
//     read found it (see Said). Other words with an @ are entries as they stand; one that is a slip away from these is refused.
//   - "part + part": up to MaxParts words, phrases or entries with an @, all of which must match, anywhere in the report: "@line + @stop",
//     "u8 + hermann*". The plus sign has a space on both sides.
//   - anything else: a word or phrase, found where isWord finds its boundaries. A space, hyphen or underscore matches any
//     run of white space, hyphens and underscores. "u8" finds "#u8" and "U8!", but not
//     "u80"; "#kontrolle" finds the hashtag only. Emoji and entries in scripts without spaces are found anywhere.
//     An ö also finds o and oe, oe also finds ö, o also finds ö; but o does not find oe, nor oe o. A star at an end of the entry lets the
//     word go on there: "kontroll*" finds "Kontrolleur", "*kontrolle" finds "Fahrkartenkontrolle". Words that only their case
//     separates are found, too: "kontrolle" and "u8" in "#KontrolleU8".
//
// Blocked lists and the instance list match look-alike letters (see lookalikes) and, with words, what is written with gaps, with digits or signs for
// letters, or with repeated letters (see reading). Triggers do not: a rider has no reason to disguise one.
func (c *Compiler) Compile(triggers, blocked []string) (*Filter, error) {
	t, errT := c.shared.compile(report.Triggers, triggers)
	b, errB := c.shared.compile(report.Blocked, blocked)
	if err := errors.Join(errT, errB); err != nil {
		return nil, err
	}
	return &Filter{compiler: c, triggers: t, blocked: b}, nil
}

// Lists returns the lines from which the filter was compiled, without white space at their ends. Filters of the same lists share them.
func (f *Filter) Lists() (triggers, blocked []string) { return f.triggers.rules, f.blocked.rules }

// Evaluate returns the verdict on a text that says the given things. The lists are applied in the order instance, blocked, triggers; the verdict names
// the first line that matches. The time is linear in the length of the text, plus that of each regular
// expression whose required literal occurs in it.
func (f *Filter) Evaluate(text string, said Said) report.Verdict {
	s := f.compiler.scratch.Get().(*scratch)
	defer f.compiler.release(s)
	return f.evaluate(s, text, said.meanings())
}

func (f *Filter) evaluate(s *scratch, text string, said uint16) report.Verdict {
	s.read(text, len(f.compiler.instance.exprs)+len(f.blocked.exprs)+len(f.triggers.exprs) > 0)
	if line := f.compiler.instance.match(s, said, true); line > 0 {
		return f.compiler.instance.verdict(line)
	}
	if line := f.blocked.match(s, said, true); line > 0 {
		return f.blocked.verdict(line)
	}
	if line := f.triggers.match(s, said, false); line > 0 {
		return f.triggers.verdict(line)
	}
	return report.Verdict{List: report.Triggers}
}

// release returns the buffers to the pool, unless a report much longer than report.MaxText has grown them.
func (c *Compiler) release(s *scratch) {
	if cap(s.base.text) <= 4*report.MaxText {
		c.scratch.Put(s)
	}
}
