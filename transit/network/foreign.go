package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a network that another instance has written. Its stops are limited by whoever keeps it.
const (
	maxForeignLines = 20_000
	maxForeignCalls = 4_000_000 // stops of all variants
	maxForeignText  = 500       // bytes of a name or an id
)

var colorForm = regexp.MustCompile(`^([0-9A-Fa-f]{6})?$`)

// ErrForeign means that a text is no network as another instance writes it.
var ErrForeign = errors.New("this is no list of lines and stops")

// DecodeForeign reads the lines and stops of a network that another instance has written as JSON: {"lines": [...], "stops": [...]}. It trusts nothing in it. The error is ErrForeign.
func DecodeForeign(text []byte) (*Network, error) {
	var read struct {
		Lines []Line `json:"lines"`
		Stops []Stop `json:"stops"`
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	n := &Network{Lines: read.Lines, Stops: read.Stops}
	if err := n.checkForeign(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return n, nil
}

func (n *Network) checkForeign() error {
	if len(n.Lines) > maxForeignLines || len(n.Lines)+len(n.Stops) == 0 {
		return errors.New("it has too many lines, or none")
	}
	calls, valid := 0, true
	n.eachIndex(func(stop *int) {
		calls++
		valid = valid && 0 <= *stop && *stop < len(n.Stops)
	})
	if !valid || calls > maxForeignCalls {
		return errors.New("a line serves a stop that is not there, or all lines together too many")
	}
	for _, line := range n.Lines {
		if line.Name == "" || !texts(line.ID, line.Name, line.LongName, line.Agency) || !line.Kind.Valid() || !colorForm.MatchString(line.Color) {
			return errors.New("a line has a wrong name, kind or colour")
		}
		for _, v := range line.Variants {
			if len(v.Stops) == 0 || v.Trips < 0 {
				return errors.New("a line has a variant without stops")
			}
		}
	}
	for _, stop := range n.Stops {
		if stop.Name == "" || !texts(stop.ID, stop.Name, stop.Place) || !texts(stop.OtherNames...) || len(stop.OtherNames) > 100 {
			return errors.New("a stop has a wrong name")
		}
		if !(math.Abs(stop.Lat) <= 90 && math.Abs(stop.Lon) <= 180) {
			return errors.New("a stop is nowhere")
		}
	}
	return nil
}

// texts reports whether names can be shown.
func texts(all ...string) bool {
	for _, text := range all {
		if len(text) > maxForeignText || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return false
		}
	}
	return true
}
