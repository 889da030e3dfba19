package bottest

import "linienfunk/bots"

// Changed returns a plugin that calls change for each new bot, for instance to shorten its pauses.
func Changed(plugin bots.Plugin, change func(bots.Bot)) bots.Plugin {
	build := plugin.New
	plugin.New = func(core bots.Core) (bots.Bot, error) {
		made, err := build(core)
		if err != nil {
			return nil, err
		}
		change(made)
		return made, nil
	}
	return plugin
}
