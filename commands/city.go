package commands

import (
	"context"

	"linienfunk/settings"
)

// CityStatus is the result of "status".
type CityStatus struct {
	City     string          `json:"city"`
	Title    string          `json:"title" doc:"The city's name for people."`
	Active   bool            `json:"active" doc:"False if the city is paused or stopped: nothing is relayed."`
	Stopped  string          `json:"stopped" doc:"Why it is stopped, whatever its settings say: suspended by the operator, or waiting for the operator's approval; empty if it is not."`
	Reason   string          `json:"reason" doc:"What the operator says about that."`
	Panic    bool            `json:"panic" doc:"Nothing is sent: all reports are held, and what is queued waits."`
	HoldAll  bool            `json:"hold_all" doc:"All reports are held until a moderator has seen them."`
	MovedTo  string          `json:"moved_to,omitempty" doc:"The address to which the city says that it has moved."`
	Held     int             `json:"held" doc:"Reports that wait for a moderator; 100 stands for more."`
	Networks []NetworkStatus `json:"networks"`
}

// NetworkStatus is the state of a city's account.
type NetworkStatus struct {
	Network string `json:"network"`
	Title   string `json:"title" doc:"The network's name for people."`
	Account string `json:"account" doc:"Which account it is, for people."`
	State   string `json:"state" doc:"starting, running, waiting, stuck or revoked."`
	Detail  string `json:"detail" doc:"Why, for people."`
	Waiting int    `json:"waiting" doc:"Reports that wait to be sent."`
}

// CityState is the result of "pause" and "resume".
type CityState struct {
	City   string `json:"city"`
	Active bool   `json:"active"`
	Hash   string `json:"hash" doc:"Of the city's settings, as in their history."`
}

// CityList is the result of "city list".
type CityList struct {
	Cities []ListedCity `json:"cities"`
}

// ListedCity is a city of the instance.
type ListedCity struct {
	City   string `json:"city"`
	Title  string `json:"title"`
	Active bool   `json:"active"`
}

func status(ctx context.Context, c *Commands, call Call) (any, error) {
	city, _, err := c.Settings.Get(ctx, call.City)
	if err != nil {
		return nil, err
	}
	held, err := c.DB.Held(ctx, call.City, c.Now().Add(-city.Retention()), 100)
	if err != nil {
		return nil, err
	}
	s := CityStatus{City: city.City, Title: city.Title, Active: city.Runs(), Stopped: string(city.Stop.Kind), Reason: city.Stop.Reason, MovedTo: city.Moved, Panic: city.Panic, HoldAll: city.HoldAll,
		Held: len(held), Networks: []NetworkStatus{}}
	for _, one := range c.Status(call.City) {
		s.Networks = append(s.Networks, NetworkStatus{Network: one.Bot, Title: c.title(call.Actor.Lang, one.Bot), Account: one.Label, State: string(one.State),
			Detail: c.Translate(call.Actor.Lang, one.Bot, one.Detail), Waiting: one.Queue})
	}
	return s, nil
}

func pause(ctx context.Context, c *Commands, call Call) (any, error) {
	return setActive(ctx, c, call, false)
}

func resume(ctx context.Context, c *Commands, call Call) (any, error) {
	return setActive(ctx, c, call, true)
}

func setActive(ctx context.Context, c *Commands, call Call, active bool) (any, error) {
	now, err := c.change(ctx, call, func(settings.Settings) (map[string]any, error) { return map[string]any{"active": active}, nil })
	if err != nil {
		return nil, err
	}
	return CityState{now.City, now.Active, string(now.Hash)}, nil
}

// change changes fields of a city's settings, whatever others save at the same time. f returns the new values of fields. No change is no error.
func (c *Commands) change(ctx context.Context, call Call, f func(settings.Settings) (map[string]any, error)) (settings.Snapshot, error) {
	now, _, err := c.submit(ctx, call, edit{param: "rule", to: func(from []byte, now settings.Settings) ([]byte, error) {
		changes, err := f(now)
		if err != nil {
			return nil, err
		}
		return settings.With(from, changes)
	}})
	if refusals := AsRefusals(err); len(refusals) > 0 && refusals[0].Reason == Invalid && refusals[0].Setting != nil {
		return now, wrong("rule", "refused-setting", "Why", refusals[len(refusals)-1].Setting.Err.Error()) // not in which line: the list is not shown
	}
	return now, err
}

func refuseUnless(ok bool, city string) error {
	if ok {
		return nil
	}
	return refuse(NotFound, "refused-city", "City", city)
}

func listCities(ctx context.Context, c *Commands, _ Call) (any, error) {
	all, err := c.Settings.All(ctx)
	list := CityList{Cities: []ListedCity{}}
	for _, city := range all {
		list.Cities = append(list.Cities, ListedCity{city.City, city.Title, city.Active})
	}
	return list, err
}
