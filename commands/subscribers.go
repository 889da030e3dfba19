package commands

import (
	"context"
	"errors"
	"strings"

	"linienfunk/bots"
	"linienfunk/bots/chat"
)

// Subscription is the result of commands about what a person gets.
type Subscription struct {
	Subscribed bool     `json:"subscribed"`
	Confirmed  bool     `json:"confirmed" doc:"False if the person was asked by a message, and has to agree first."`
	Lines      []string `json:"lines" doc:"Empty for all."`
	Stops      []string `json:"stops" doc:"Empty for all."`
	Hours      []string `json:"hours" doc:"Parts of the day, as 7-9 or 16:30-19; empty for all."`
}

// subscriber is a person's subscription in a network.
type subscriber struct {
	network chat.Network
	city    bots.City
	person  string
	wants   chat.Interest
	known   bool
}

func (c *Commands) subscriber(ctx context.Context, call Call) (s subscriber, err error) {
	name := call.Text("network")
	network, ok := c.Networks[name]
	if !ok {
		return s, &Refusal{Reason: NotFound, Param: "network", Say: "refused-network", Pairs: []any{"Networks", strings.Join(c.NetworkNames(), ", ")}}
	}
	snapshot, _, err := c.Settings.Get(ctx, call.City)
	if err != nil {
		return s, err
	}
	s = subscriber{network: network, city: c.Settings.View(name, snapshot), person: call.Text("person")}
	s.wants, s.known, err = network.Interest(ctx, call.City, s.person)
	return s, c.explain(call, err)
}

// subscribes refuses what is for subscribers to a person in a chat who is none. Where following the account is subscribing, whoever can write to it may: the command then says that it has
// no meaning there.
func (c *Commands) subscribes(ctx context.Context, call Call) error {
	if network := c.Networks[call.Actor.Network]; network != nil {
		_, known, err := network.Interest(ctx, call.City, call.Actor.Person)
		switch {
		case known || errors.Is(err, errors.ErrUnsupported):
			return nil
		case err != nil && bots.AsError(err).Kind != bots.KindPermanent: // such a person cannot have subscribed
			return err
		}
	}
	return refuse(Forbidden, "refused-not-subscribed")
}

// explain returns the refusal for an error of a network.
func (c *Commands) explain(call Call, err error) error {
	var say *bots.Error
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return refuse(Conflict, "refused-no-subscribers")
	case errors.As(err, &say) && say.Kind == bots.KindPermanent:
		return &Refusal{Reason: Invalid, Param: "person", Say: "refused-person", Pairs: []any{"Why", c.Translate(call.Actor.Lang, call.Text("network"), say.Say)}}
	}
	return err
}

// save saves what the person wants.
func (c *Commands) save(ctx context.Context, call Call, s subscriber) (any, error) {
	confirmed, err := s.network.SetInterest(ctx, call.City, s.person, s.wants)
	if err != nil {
		return nil, c.explain(call, err)
	}
	return s.result(confirmed), nil
}

func (s subscriber) result(confirmed bool) Subscription {
	r := Subscription{Subscribed: true, Confirmed: confirmed, Lines: append([]string{}, s.wants.Lines...), Stops: append([]string{}, s.wants.Stops...), Hours: []string{}}
	for _, h := range s.wants.Hours {
		r.Hours = append(r.Hours, h.String())
	}
	return r
}

// subscribe makes a person a subscriber. One who is already keeps their choice.
func subscribe(ctx context.Context, c *Commands, call Call) (any, error) {
	s, err := c.subscriber(ctx, call)
	if err != nil {
		return nil, err
	}
	if s.known {
		return s.result(true), nil
	}
	return c.save(ctx, call, s)
}

func unsubscribe(ctx context.Context, c *Commands, call Call) (any, error) {
	s, err := c.subscriber(ctx, call)
	if err != nil {
		return nil, err
	}
	if err := s.network.Unsubscribe(ctx, call.City, s.person); err != nil {
		return nil, c.explain(call, err)
	}
	return Subscription{Confirmed: true, Lines: []string{}, Stops: []string{}, Hours: []string{}}, nil
}

func chooseLines(ctx context.Context, c *Commands, call Call) (any, error) {
	return choose(ctx, c, call, func(city bots.City, i *chat.Interest, to string) error {
		read, err := chat.ParseInterest(city, to, "", "")
		i.Lines = read.Lines
		return err
	})
}

func chooseStops(ctx context.Context, c *Commands, call Call) (any, error) {
	return choose(ctx, c, call, func(city bots.City, i *chat.Interest, to string) error {
		read, err := chat.ParseInterest(city, "", to, "")
		i.Stops = read.Stops
		return err
	})
}

func chooseHours(ctx context.Context, c *Commands, call Call) (any, error) {
	return choose(ctx, c, call, func(city bots.City, i *chat.Interest, to string) error {
		read, err := chat.ParseInterest(city, "", "", to)
		i.Hours = read.Hours
		return err
	})
}

// choose changes a part of what a subscriber wants; nothing typed means everything, and without "to" nothing is changed.
func choose(ctx context.Context, c *Commands, call Call, f func(city bots.City, i *chat.Interest, to string) error) (any, error) {
	s, err := c.subscriber(ctx, call)
	switch {
	case err != nil:
		return nil, err
	case !s.known:
		return nil, refuse(Conflict, "refused-not-subscribed")
	case !call.Has("to"):
		return s.result(true), nil
	}
	typed := call.Text("to")
	if isAll(typed) {
		typed = ""
	}
	if err := f(s.city, &s.wants, typed); err != nil {
		return nil, refuseChoice(err)
	}
	return c.save(ctx, call, s)
}

// isAll reports whether a person has typed that they want all.
func isAll(typed string) bool {
	switch strings.ToLower(typed) {
	case "all", "alle", "alles":
		return true
	}
	return false
}

func refuseChoice(err error) error {
	var unknown *chat.UnknownError
	if !errors.As(err, &unknown) {
		return wrong("to", "refused-many", "Max", chat.MaxInterest)
	}
	for say, names := range map[string][]string{"refused-lines": unknown.Lines, "refused-stops": unknown.Stops, "refused-hours": unknown.Hours} {
		if len(names) > 0 {
			return wrong("to", say, "Names", strings.Join(names, ", "))
		}
	}
	return err
}
