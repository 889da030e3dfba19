package settings

import (
	"embed"
	"strings"
)

// startLists are the words that a new city's triggers start with, by language: rules and comments, as admins see them. Behind the empty line are those for a city without a network:
// words beside a place, which @line and @stop find with one. Go run ./bench reading measures the lists of German and English.
//
//go:embed start/*.txt
var startLists embed.FS

// StartTriggers returns the triggers that a new city starts with, in the language of its riders (English, if there is no list for it): with a network whatever names a line, stop or
// direction of it, without one what looks like a line, and words.
func StartTriggers(lang string, withNetwork bool) []string {
	list, err := startLists.ReadFile("start/" + lang + ".txt")
	if err != nil {
		list, _ = startLists.ReadFile("start/en.txt") // which is there: a test reads it
	}
	words, besidePlaces, _ := strings.Cut(strings.TrimSpace(string(list)), "\n\n")
	if withNetwork {
		return append([]string{"@line", "@stop", "@direction"}, strings.Split(words, "\n")...)
	}
	return append([]string{"@line"}, strings.Split(words+"\n"+besidePlaces, "\n")...)
}
