package account

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed words/*.txt
var wordFiles embed.FS

// reservedWords are names and passwords that cannot be chosen.
type reservedWords struct {
	reserved map[string]bool // names of cities that are addresses of the site itself
	common   map[string]bool // passwords that are guessed first
	name     *regexp.Regexp
}

func loadWords() (reservedWords, error) {
	l := reservedWords{name: regexp.MustCompile(`^[a-z][a-z0-9-]{1,31}$`)}
	for file, into := range map[string]*map[string]bool{"words/reserved.txt": &l.reserved, "words/common.txt": &l.common} {
		text, err := wordFiles.ReadFile(file)
		if err != nil {
			return l, fmt.Errorf("words: %w", err)
		}
		*into = map[string]bool{}
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			for _, word := range strings.Fields(lines.Text()) {
				(*into)[word] = true
			}
		}
	}
	return l, nil
}

// nameError returns the id of the text that says why a city cannot have this name, or "".
func (l reservedWords) nameError(name string) string {
	switch {
	case !l.name.MatchString(name):
		return "name-form"
	case l.reserved[name]:
		return "name-reserved"
	}
	return ""
}
