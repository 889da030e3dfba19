package bottest

import "linienfunk/bots"

// Changed returns a plugin whose bots change(bot) has prepared for tests, such as with shorter pauses.
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
