package settings

import (
	"context"

	"linienfunk/bots"
	"linienfunk/report"
)

// Cities returns the cities as one bot sees them.
func (n *Node) Cities(bot string) bots.Cities { return view{n, bot} }

// View returns a city as one bot sees it.
func (n *Node) View(bot string, s Snapshot) bots.City {
	name := s.City // Read must not keep all of s
	return bots.City{
		Name: name, Title: s.Title, Lang: s.Lang, Active: s.Runs(), Revision: s.revision(),
		Freshness: s.Settings.Freshness(), Zone: n.clocks.zone(s.Settings), Options: n.options(s.Settings, bot),
		Read: func(text string) report.Reading { return n.read(name, text) }, Flags: s.FlagsToHold() > 0,
		Moved: s.Moved,
	}
}

// options returns the values of a bot's options, with defaults for those that the city has not set. Cities that have set none share one map.
func (n *Node) options(doc Settings, bot string) bots.Options {
	if len(doc.Bots[bot]) == 0 {
		return n.defaults[bot]
	}
	return n.schema.options(doc, bot)
}

func (n *Node) read(city, text string) report.Reading {
	if n.Read == nil {
		return report.Reading{}
	}
	return n.Read(city, text)
}

// view implements bots.Cities for one bot.
type view struct {
	node *Node
	bot  string
}

func (v view) City(ctx context.Context, name string) (bots.City, bool, error) {
	snapshot, ok, err := v.node.Get(ctx, name)
	if !ok || err != nil {
		return bots.City{}, false, err
	}
	return v.node.View(v.bot, snapshot), true, nil
}

func (v view) All(context.Context) ([]bots.City, error) {
	return allCities(v.node, func(s Snapshot) bots.City { return v.node.View(v.bot, s) }), nil
}

func (v view) OnChange(f func(city string)) { v.node.OnChange(f) }

func (v view) SenderBlocked(name string) bool {
	return v.node.SenderBlocked != nil && v.node.SenderBlocked(v.bot, name)
}

func (v view) ServerBlocked(host string) bool {
	return v.node.ServerBlocked != nil && v.node.ServerBlocked(host)
}
