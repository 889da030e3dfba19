package kit

import "regexp"

// RemovedName stands in a text where a name is removed, such as that of the city's account, until CloseGaps. It must not be in the text before.
const RemovedName = '\x04'

var (
	// Several names, or one in parentheses, leave one gap.
	removedNames = regexp.MustCompile(`\([ \t]*\x04[ \t]*\)|\x04(?:[ \t]*\x04)+`)

	// What stood around a name: "@city: U8", "@city - U8", "- @city, U8"; "Right. @city, U8"; "Hi, @city! U8"; "U8, @city"; "U8 @city late"; "(@city U8)".
	removedFromLine     = regexp.MustCompile(`(?m)^([ \t]*(?:- |[0-9]+\. )?)\x04[,;:.!]*(?:[ \t]+[–—-]+(?:[ \t]+|$))?[ \t]*`)
	removedFromSentence = regexp.MustCompile(`([.!?…])[ \t]*\x04[,;:]+`)
	removedBeforeMark   = regexp.MustCompile(`[,;:]?[ \t]*\x04([,;:.!?…)])`)
	removedFromEnd      = regexp.MustCompile(`(?m)[,;:]?[ \t]*\x04[ \t]*$`)
	removedFromMiddle   = regexp.MustCompile(`([ \t(])[ \t]*\x04[ \t]*`)
	removedElsewhere    = regexp.MustCompile(`\x04`)
)

// CloseGaps closes the gaps of removed names: one blank is left of those around a name, and punctuation that set it off goes with it.
func CloseGaps(text string) string {
	text = removedNames.ReplaceAllString(text, string(RemovedName))
	for _, around := range []*regexp.Regexp{removedFromLine, removedFromSentence, removedBeforeMark, removedFromEnd, removedFromMiddle} {
		text = around.ReplaceAllString(text, "$1")
	}
	return removedElsewhere.ReplaceAllString(text, "")
}
