package settings

import (
	"maps"
	"reflect"
	"slices"
)

// Change is a field that differs between two documents.
type Change struct {
	Field         string
	Before, After any // nil where the field is missing

	// Lines is set if both values are lists. Added and Removed then hold the lines that only one of them contains; both are
	// empty if only the order differs.
	Lines          bool
	Added, Removed []string
}

// Diff lists the fields in which two documents differ, in fieldOrder.
func Diff(before, after []byte) ([]Change, error) {
	a, err := Fields(before)
	if err != nil {
		return nil, err
	}
	b, err := Fields(after)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(a)
	maps.Copy(all, b)
	var changes []Change
	for _, field := range slices.SortedFunc(keys(all), compareFields) {
		if !equal(a[field], b[field]) {
			changes = append(changes, newChange(field, a[field], b[field]))
		}
	}
	return changes, nil
}

func newChange(field string, before, after any) Change {
	c := Change{Field: field, Before: before, After: after}
	x, isX := before.([]string)
	y, isY := after.([]string)
	if c.Lines = isX && (isY || after == nil) || isY && before == nil; c.Lines {
		c.Removed, c.Added = subtract(x, y), subtract(y, x)
	}
	return c
}

func equal(a, b any) bool { return reflect.DeepEqual(a, b) }

// subtract returns the lines that are not in other. Duplicates count: a line that occurs twice here and once in other is returned once.
func subtract(lines, other []string) []string {
	count := map[string]int{}
	for _, line := range other {
		count[line]++
	}
	var rest []string
	for _, line := range lines {
		if count[line]--; count[line] < 0 {
			rest = append(rest, line)
		}
	}
	return rest
}

// Conflict is a field that one or both of two documents changed compared to their common base.
type Conflict struct {
	Field              string
	Base, Mine, Theirs any

	Both    bool     // both changed it, to different values
	Lines   bool     // all values are lists or missing
	Merged  []string // if Lines: theirs plus the lines that mine added, minus those that mine removed
	Changed struct{ Mine, Theirs bool }
}

// Compare lists the fields that differ between mine and theirs, two documents that were made from base. Fields with the same
// change in both are omitted.
func Compare(base, mine, theirs []byte) ([]Conflict, error) {
	ours, err := Diff(base, mine)
	if err != nil {
		return nil, err
	}
	others, err := Diff(base, theirs)
	if err != nil {
		return nil, err
	}
	found := map[string]*Conflict{}
	for _, c := range ours {
		found[c.Field] = &Conflict{Field: c.Field, Base: c.Before, Mine: c.After, Theirs: c.Before, Lines: c.Lines}
		found[c.Field].Changed.Mine = true
	}
	for _, c := range others {
		if f, ok := found[c.Field]; ok {
			f.Theirs, f.Lines, f.Both = c.After, f.Lines && c.Lines, !equal(f.Mine, c.After)
			f.Changed.Theirs = true
			continue
		}
		found[c.Field] = &Conflict{Field: c.Field, Base: c.Before, Mine: c.Before, Theirs: c.After, Lines: c.Lines}
		found[c.Field].Changed.Theirs = true
	}
	var all []Conflict
	for _, field := range slices.SortedFunc(maps.Keys(found), compareFields) {
		one := found[field]
		if one.Lines {
			one.Merged = mergeLines(asLines(one.Base), asLines(one.Mine), asLines(one.Theirs))
		}
		if !equal(one.Mine, one.Theirs) {
			all = append(all, *one)
		}
	}
	return all, nil
}

func asLines(value any) []string { list, _ := value.([]string); return list }

// mergeLines returns theirs without the lines that mine removed from base, and with those that mine added: after the line that
// precedes them in mine, or at the end.
func mergeLines(base, mine, theirs []string) []string {
	merged := slices.Clone(theirs)
	for _, line := range subtract(base, mine) {
		if i := slices.Index(merged, line); i >= 0 {
			merged = slices.Delete(merged, i, i+1)
		}
	}
	added := subtract(mine, base)
	for i, line := range mine {
		at := slices.Index(added, line)
		if at < 0 {
			continue
		}
		added = slices.Delete(added, at, at+1)
		if slices.Contains(merged, line) && line != "" {
			continue // theirs added the same line
		}
		position := len(merged)
		if i == 0 {
			position = 0
		} else if before := slices.Index(merged, mine[i-1]); before >= 0 {
			position = before + 1
		}
		merged = slices.Insert(merged, position, line)
	}
	return merged
}

// Undo returns now without the changes between before and after. Fields that were changed again since, and so cannot be reverted
// without losing the later change, are returned as blocked; then nothing is undone.
func Undo(before, after, now []byte) (document []byte, blocked []string, err error) {
	changes, err := Diff(before, after)
	if err != nil {
		return nil, nil, err
	}
	fields, err := Fields(now)
	if err != nil {
		return nil, nil, err
	}
	undone := map[string]any{}
	for _, c := range changes {
		value, ok := c.revert(fields[c.Field])
		if !ok {
			blocked = append(blocked, c.Field)
		}
		undone[c.Field] = value
	}
	if len(blocked) > 0 {
		return nil, blocked, nil
	}
	document, err = With(now, undone)
	return document, nil, err
}

// revert returns the field's value without the change; false if a later change depends on it. Other lines of a list may have changed.
func (c Change) revert(now any) (any, bool) {
	if equal(now, c.After) {
		return c.Before, true
	}
	list, isList := now.([]string)
	if !c.Lines || !isList || len(subtract(c.Added, list)) > 0 || len(subtract(c.Removed, subtract(asLines(c.Before), list))) > 0 {
		return nil, false
	}
	if len(c.Added) == 0 && len(c.Removed) == 0 {
		return nil, false // only the order was changed
	}
	return mergeLines(asLines(c.After), asLines(c.Before), list), true
}
