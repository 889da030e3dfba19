package commands

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"linienfunk/db"
	"linienfunk/settings"
	"linienfunk/settings/chain"
	"linienfunk/transit"
	"linienfunk/transit/network"
)

// maxArea is the limit of the radius around a city, in km.
const maxArea = 500

// FeedPart is what somebody chooses of a feed, as typed. Agencies and Kinds nil are all of them; empty, a mistake.
type FeedPart struct {
	Agencies       []string
	Kinds          []network.Kind
	Center, Radius string // of the area; empty for everywhere
}

// WholeFeed chooses everything.
func WholeFeed(n *network.Network) (p FeedPart) {
	for _, one := range n.Agencies() {
		p.Agencies = append(p.Agencies, one.What)
	}
	for _, one := range n.KindsOfLines() {
		p.Kinds = append(p.Kinds, one.What)
	}
	return p
}

// NetworkOf returns the chosen part of a feed. The options lead to the same part of a later feed: new companies and kinds come in where none was left out. The error is Refusals, about
// the parameters of "transit choose".
func (p FeedPart) NetworkOf(n *network.Network) (part *network.Network, options network.Options, err error) {
	whole := WholeFeed(n)
	var found Refusals
	if p.Agencies != nil && leavesOut(p.Agencies, whole.Agencies) {
		options.Agencies = p.Agencies
	}
	if p.Kinds != nil && leavesOut(p.Kinds, whole.Kinds) {
		options.Kinds = p.Kinds
	}
	if p.Agencies != nil && len(p.Agencies) == 0 {
		found = append(found, wrong("agencies", "refused-choice-none"))
	}
	if p.Kinds != nil && len(p.Kinds) == 0 {
		found = append(found, wrong("kinds", "refused-choice-none"))
	}
	circle, mistakes := Area(p.Center, p.Radius, n)
	if found = append(found, mistakes...); len(found) > 0 {
		return nil, options, found
	}
	options.Circle = circle
	if part, err = n.Narrow(options); err != nil {
		return nil, options, Refusals{refuse(Invalid, "refused-choice-nothing-left")}
	}
	if len(part.Stops) > transit.MaxCityStops {
		return nil, options, Refusals{refuse(Invalid, "refused-choice-too-large", "Stops", len(part.Stops), "Limit", transit.MaxCityStops)}
	}
	return part, options, nil
}

// leavesOut reports whether not all are chosen.
func leavesOut[T comparable](chosen, all []T) bool {
	return slices.ContainsFunc(all, func(one T) bool { return !slices.Contains(chosen, one) })
}

// coordinates are two numbers of degrees, also with decimal commas.
var coordinates = regexp.MustCompile(`^(-?\d{1,3}(?:[.,]\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:[.,]\d+)?)$`)

// Area reads the centre and the radius of an area in km, which may both be empty: then it is nil. The centre is a pair of coordinates or, if n is not nil, the name of one of its stops.
func Area(center, radius string, n *network.Network) (circle *network.Circle, mistakes Refusals) {
	if center == "" && radius == "" {
		return nil, nil
	}
	kilometres, err := strconv.ParseFloat(strings.ReplaceAll(radius, ",", "."), 64)
	if err != nil || !(kilometres >= 1 && kilometres <= maxArea) {
		mistakes = append(mistakes, wrong("radius", "refused-area-radius", "Limit", maxArea))
	}
	circle = &network.Circle{Radius: 1000 * kilometres}
	found, stop := coordinates.FindStringSubmatch(center), findStop(n, center)
	switch {
	case found != nil:
		circle.Lat, circle.Lon = degrees(found[1]), degrees(found[2])
	case stop != nil:
		circle.Lat, circle.Lon = stop.Lat, stop.Lon
	}
	if found == nil && stop == nil || circle.Lat < -90 || circle.Lat > 90 || circle.Lon < -180 || circle.Lon > 180 {
		mistakes = append(mistakes, wrong("center", "refused-area-center"))
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return circle, nil
}

func degrees(text string) float64 {
	number, _ := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64) // the pattern has checked it
	return number
}

// findStop returns the stop with a name, with its place or without; of several the one that most variants of lines serve. Without such a stop it returns nil.
func findStop(n *network.Network, name string) *network.Stop {
	if n == nil || name == "" {
		return nil
	}
	served := make([]int, len(n.Stops))
	for _, line := range n.Lines {
		for _, v := range line.Variants {
			for _, stop := range v.Stops {
				served[stop]++
			}
		}
	}
	best := -1
	for i, stop := range n.Stops {
		if stop.Lat == 0 && stop.Lon == 0 || !strings.EqualFold(stop.Name, name) && !strings.EqualFold(stop.String(), name) {
			continue
		}
		if best < 0 || served[i] > served[best] {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return &n.Stops[best]
}

// FeedSlot waits until the caller may have the network of a feed in memory: that of a country takes hundreds of megabytes while it is decoded.
func (c *Commands) FeedSlot(ctx context.Context) (release func(), err error) {
	select {
	case c.feedSlots <- struct{}{}:
		return func() { <-c.feedSlots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// chooseNetwork makes a part of the feed that was read last the city's network.
func chooseNetwork(ctx context.Context, c *Commands, call Call) (any, error) {
	release, err := c.FeedSlot(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	last, _, err := c.Imports.Status(ctx, call.City)
	if err != nil {
		return nil, err
	}
	hash := call.Text("feed")
	if !call.Has("feed") {
		hash = last.Hash
	}
	n, err := c.Transit.Load(ctx, hash)
	if errors.Is(err, db.ErrNotFound) || err == nil && last.Hash != hash {
		return nil, &Refusal{Reason: NotFound, Param: "feed", Say: "refused-no-feed"} // somebody else has uploaded another feed, or a day has passed
	}
	if err != nil {
		return nil, err
	}
	chosen := FeedPart{Center: call.Text("center"), Radius: call.Text("radius")}
	if call.Has("agencies") {
		chosen.Agencies = linesOf(call.Text("agencies"))
	}
	if call.Has("kinds") {
		chosen.Kinds = []network.Kind{}
		for _, kind := range linesOf(call.Text("kinds")) {
			chosen.Kinds = append(chosen.Kinds, network.Kind(kind))
		}
	}
	part, options, err := chosen.NetworkOf(n)
	if err != nil {
		return nil, err
	}
	return c.useNetwork(ctx, call, part, func(hash string) error { return c.Imports.Follow(ctx, call.City, last, options, hash) })
}

// Unnamed is how "transit choose" names the company, and the kind of lines, of which a feed does not say the name: an empty line is no value.
const Unnamed = "-"

// linesOf returns the lines of a text that are not empty, at least an empty list.
func linesOf(text string) []string {
	lines := []string{}
	for line := range strings.SplitSeq(text, "\n") {
		switch line = strings.TrimSpace(line); line {
		case "":
		case Unnamed:
			lines = append(lines, "")
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

// listNetwork makes the city's network of lists.
func listNetwork(ctx context.Context, c *Commands, call Call) (any, error) {
	n, err := network.FromLists(call.Text("lines"), call.Text("stops"))
	if err != nil {
		return nil, listRefusals(err)
	}
	if len(n.Lines) == 0 && len(n.Stops) == 0 {
		return nil, wrong("lines", "refused-lists-empty")
	}
	return c.useNetwork(ctx, call, n, func(string) error { return c.Imports.Unfollow(ctx, call.City) })
}

// listRefusals converts the joined errors of network.FromLists.
func listRefusals(err error) (all Refusals) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			all = append(all, listRefusals(one)...)
		}
		return all
	}
	var line *network.ListError
	if errors.As(err, &line) {
		refusal := wrong(line.List, "refused-setting", "Why", line.Error())
		refusal.Setting = &settings.FieldError{Field: "stop_names", Line: line.Line, TextID: "settings-error-names", Err: line}
		all = append(all, refusal)
	}
	return all
}

// useNetwork stores a network and makes it the city's. known is called with its hash before.
func (c *Commands) useNetwork(ctx context.Context, call Call, n *network.Network, known func(hash string) error) (any, error) {
	hash, err := c.Transit.Save(ctx, n)
	if err != nil {
		return nil, err
	}
	if err := c.Transit.Use(ctx, hash); err != nil {
		return nil, err
	}
	if err := known(hash); err != nil {
		return nil, err
	}
	return c.setNetwork(ctx, call, "", func(now settings.Settings) map[string]any {
		changes := map[string]any{"network": hash}
		if now.Network == "" && slices.Equal(now.Triggers, settings.StartTriggers(now.Lang, false)) {
			changes["triggers"] = settings.StartTriggers(now.Lang, true) // nobody has changed those for a city without a network
		}
		return changes
	})
}

// setNetwork changes settings about the network.
func (c *Commands) setNetwork(ctx context.Context, call Call, param string, changes func(now settings.Settings) map[string]any) (any, error) {
	now, changed, err := c.submit(ctx, call, edit{base: chain.Hash(call.Text("base")), param: param, to: func(from []byte, now settings.Settings) ([]byte, error) {
		return settings.With(from, changes(now))
	}})
	if err != nil {
		return nil, err
	}
	return changeOf(now, changed)
}

// nameStops saves how riders call the stops. Blank lines stay, so that mistakes are named by the line that was typed.
func nameStops(ctx context.Context, c *Commands, call Call) (any, error) {
	return c.setNetwork(ctx, call, "names", func(settings.Settings) map[string]any {
		if text := strings.TrimRight(call.Text("names"), "\n \t"); text != "" {
			return map[string]any{"stop_names": strings.Split(text, "\n")}
		}
		return map[string]any{"stop_names": nil}
	})
}

// removeNetwork leaves the city without a network. The other names of stops stay, for the next one.
func removeNetwork(ctx context.Context, c *Commands, call Call) (any, error) {
	return c.setNetwork(ctx, call, "", func(settings.Settings) map[string]any { return map[string]any{"network": nil} })
}

// Unfollowed is the result of "transit unfollow".
type Unfollowed struct {
	City    string `json:"city"`
	Follows bool   `json:"follows" doc:"Whether the city's network is fetched again."`
}

// unfollowFeed stops fetching the city's network again.
func unfollowFeed(ctx context.Context, c *Commands, call Call) (any, error) {
	return Unfollowed{City: call.City}, c.Imports.Unfollow(ctx, call.City)
}

// RefreshNetwork makes a network that was fetched again that of a city, for transit.Imports. It returns transit.ErrOther if the city does not have the network from any more.
func (c *Commands) RefreshNetwork(ctx context.Context, city, from, to string) error {
	now, ok, err := c.Settings.Get(ctx, city)
	if err != nil {
		return err
	}
	if !ok || now.Network != from {
		return transit.ErrOther
	}
	if from == to {
		return nil
	}
	document, err := settings.With(now.Document, map[string]any{"network": to})
	if err != nil {
		return err
	}
	_, err = c.Settings.Submit(ctx, settings.Draft{City: city, Base: now.Hash, From: now.Document, To: document, Note: c.Text(now.Lang, "notice-network-refreshed")})
	if err == nil {
		c.Changed(city)
	}
	return err
}
