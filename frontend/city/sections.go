package city

import (
	"net/http"
	"time"

	"linienfunk/bots"
	"linienfunk/frontend/botpages"
	"linienfunk/settings"
	"linienfunk/supervisor"
)

// adminSection is a bot's part of the settings page.
type adminSection struct {
	botpages.Section
	Status *chip // nil if no worker of the bot runs for the city
}

// chip is an account's state on the page.
type chip struct {
	Kind, State   string
	Label, Detail string
	Since         time.Time
	Queue         int
}

// adminSections returns the sections of all bots. wrong is a form of options with mistakes that was sent, or nil.
func (p *Pages) adminSections(r *http.Request, city settings.Snapshot, wrong *optionsForm) ([]adminSection, error) {
	status := map[string]supervisor.Status{}
	for _, one := range p.Status(city.City) {
		status[one.Bot] = one
	}
	var all []adminSection
	for _, m := range p.bots.All() {
		mount := bots.Mount{City: p.Settings.View(m.Name, city), Path: "/city/" + city.City + "/bot/" + m.Name, Lang: p.Lang(r), Admin: true}
		var err error
		if mount.Options, err = p.options(r, city, m.Name, wrong); err != nil {
			return nil, err
		}
		one := adminSection{Section: p.bots.Section(r, m, m.Admin, mount)}
		if s, ok := status[m.Name]; ok {
			one.Status = &chip{
				Kind: stateKind(s.State), State: "state-" + string(s.State), Label: s.Label,
				Detail: p.bots.Translate(p.Lang(r), m.Name, s.Detail), Since: s.Since, Queue: s.Queue,
			}
		}
		all = append(all, one)
	}
	return all, nil
}

func stateKind(s supervisor.State) string {
	switch s {
	case supervisor.Running:
		return "good"
	case supervisor.Starting, supervisor.Waiting:
		return "wait"
	case supervisor.Stuck, supervisor.Revoked:
		return "bad"
	}
	return "plain"
}
