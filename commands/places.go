package commands

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"linienfunk/bots/places"
)

// PlaceList is the result of "places".
type PlaceList struct {
	Network string    `json:"network"`
	Title   string    `json:"title" doc:"The network's name for people."`
	Places  []AtPlace `json:"places" doc:"In the network's order."`
	More    bool      `json:"more" doc:"There are more places than a list has."`
	Read    time.Time `json:"read" doc:"When the network was asked."`
	Why     string    `json:"why" doc:"Why the network was not asked since, for people; empty if the list is as new as it should be."`
}

// AtPlace is a place that a city's account sees.
type AtPlace struct {
	ID     string   `json:"id" doc:"As the network names it. It stays the same when the name changes."`
	Kind   string   `json:"kind" doc:"group, channel, topic, list, folder, room or server." enum:"group,channel,topic,list,folder,room,server"`
	Name   string   `json:"name"`
	Parent string   `json:"parent" doc:"The id of the place in which it is; empty if there is none."`
	Rights []string `json:"rights" doc:"What the account may do there: read, write, delete (what others have written), manage (change the place itself)." enum:"read,write,delete,manage"`
	Chosen bool     `json:"chosen" doc:"The city uses it."`
	Note   string   `json:"note" doc:"What hinders, for people."`
}

func showPlaces(ctx context.Context, c *Commands, call Call) (any, error) {
	name := call.Text("network")
	network, ok := c.Places[name]
	if !ok {
		return nil, &Refusal{Reason: NotFound, Param: "network", Say: "refused-network", Pairs: []any{"Networks", strings.Join(slices.Sorted(maps.Keys(c.Places)), ", ")}}
	}
	asked, err := c.placesOf(name, network).read(ctx, call.City, call.On("refresh"))
	if err != nil {
		return nil, err
	}
	lang := call.Actor.Lang
	why := c.Translate(lang, name, asked.Why)
	if why == "" && asked.busy {
		why = c.Text(lang, "refused-places-busy")
	}
	if asked.At.IsZero() {
		reason := Unavailable
		if asked.lasting {
			reason = Conflict
		}
		return nil, refuse(reason, "refused-places", "Why", why)
	}
	list := PlaceList{Network: name, Title: c.Title(lang, name), Places: []AtPlace{}, More: asked.More, Read: asked.At, Why: why}
	for _, p := range asked.Places {
		one := AtPlace{ID: p.ID, Kind: string(p.Kind), Name: cmp.Or(p.Name, p.ID), Parent: p.Parent, Rights: []string{}, Chosen: p.Chosen, Note: c.Translate(lang, name, p.Note)}
		for _, right := range p.Rights {
			one.Rights = append(one.Rights, string(right))
		}
		list.Places = append(list.Places, one)
	}
	return list, nil
}

// PlacesIn returns the lists of a network with places.
func (c *Commands) PlacesIn(name string, network places.Network) places.Lists {
	return c.placesOf(name, network)
}
