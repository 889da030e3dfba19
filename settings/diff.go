package settings

import (
	"maps"
	"reflect"
	"slices"
)

// Change is how a field differs between two documents.
type Change struct {
	Field         string
	Before, After any // nil where the field is missing

	// Lines says that both are lists. Then Added and Removed hold the lines that only one of them has; both are empty if only
	// the order differs.
	Lines          bool
	Added, Removed []string
}

// Diff lists the fields in which two documents differ, in the order in which people read them.
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

// without returns the lines that other does not have; of a line that is there more often than in other, what is more.
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

// Conflict is a field that was changed on one or both of two ways from the same document.
type Conflict struct {
	Field              string
	Base, Mine, Theirs any

	Both    bool     // both changed it, and not to the same
	Lines   bool     // all are lists, or missing
	Merged  []string // of Lines: theirs with the lines that I added, and without those that I took away
	Changed struct{ Mine, Theirs bool }
}

// Compare lists the fields that somebody changed since base. Where both made the same change there is nothing to decide.
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

// mergeLines returns theirs without the lines that mine took away from base, and with those that mine added: behind the line behind
// which they stand in mine, or at the end.
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
			continue // they had the same idea
		}
		place := len(merged)
		if i == 0 {
			place = 0
		} else if before := slices.Index(merged, mine[i-1]); before >= 0 {
			place = before + 1
		}
		merged = slices.Insert(merged, place, line)
	}
	return merged
}

// Undo returns now without what was changed between before and after. Fields that were changed again since, so that taking the
// change back would take more back than that, are returned as blocked, and nothing is undone.
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

// undo returns the value that a field gets; false if something else was built on the change. Of a list, other lines may have changed.
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
