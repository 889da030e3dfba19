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

// PlaceTriggers are those with which a new city with a network starts, in front of the words.
var PlaceTriggers = []string{"@line", "@stop", "@direction"}

// StartTriggers returns the triggers that a new city starts with, in the language of its riders (English, if there is no list for it): words, and, if it has a network,
// PlaceTriggers.
func StartTriggers(lang string, withNetwork bool) []string {
	list, err := startLists.ReadFile("start/" + lang + ".txt")
	if err != nil {
		list, _ = startLists.ReadFile("start/en.txt") // which is there: a test reads it
	}
	words, besidePlaces, _ := strings.Cut(strings.TrimSpace(string(list)), "\n\n")
	if withNetwork {
		return append(append([]string{}, PlaceTriggers...), strings.Split(words, "\n")...)
	}
	return strings.Split(words+"\n"+besidePlaces, "\n")
}
