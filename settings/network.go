package settings

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"linienfunk/transit"
	"linienfunk/transit/network"
	"linienfunk/transit/read"
)

// networkHash is the syntax of Settings.Network. Whether the network is stored is not checked: nodes that check a document at different times
// must come to the same result.
var networkHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Reader says what the reader of the city's reports is made of; false if the city has no network.
func (s Settings) Reader() (transit.Source, bool) {
	return transit.Source{Network: s.Network, Languages: RiderLanguages(s.Lang), Names: s.StopNames}, s.Network != ""
}

var readLanguages = sync.OnceValue(read.Languages)

// RiderLanguages are those in which riders write whose city has the given language of posts: it and English. English is also what cities choose for whose
// language there are no posts yet, so there riders may write in any.
func RiderLanguages(lang string) []string {
	if lang == "en" || !slices.Contains(readLanguages(), lang) {
		return readLanguages()
	}
	return []string{lang, "en"}
}

// checkNetwork checks the fields about a city's network.
func checkNetwork(doc Settings) (found Errors) {
	if doc.Network != "" && !networkHash.MatchString(doc.Network) {
		found = append(found, FieldError{Field: "network", TextID: "settings-error-network", Err: errors.New("must be 64 hexadecimal digits, or empty")})
	}
	if len(doc.StopNames) > MaxStopNames {
		return append(found, FieldError{Field: "stop_names", TextID: "settings-error-list-long", Err: fmt.Errorf("has more than %d lines", MaxStopNames)})
	}
	_, err := network.ParseNames(strings.Join(doc.StopNames, "\n"))
	return append(found, nameErrors(err)...)
}

// nameErrors converts the joined errors of network.ParseNames.
func nameErrors(err error) (found Errors) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			found = append(found, nameErrors(one)...)
		}
		return found
	}
	var line *network.ListError
	if errors.As(err, &line) {
		return Errors{{Field: "stop_names", Line: line.Line, TextID: "settings-error-names", Err: nameError{line}}}
	}
	return nil
}

// nameError says what would be right, without the place.
type nameError struct{ *network.ListError }

func (e nameError) Error() string { return e.Want }
func (e nameError) Unwrap() error { return e.ListError }
