package public

import (
	"context"
	"net/http"
	"time"

	"linienfunk/commands"
	"linienfunk/frontend/site"
	"linienfunk/report"
)

// judgedTime is how long the page waits for the verdict on a report that was just sent, judgedEvery how often it looks.
const (
	judgedTime  = 2 * time.Second
	judgedEvery = 50 * time.Millisecond
)

type sentData struct {
	City site.CityLink
	Fate string // a sentence
	Wait bool   // it is not judged yet
}

// showSent tells a rider what became of the report that they have just sent by a network's form, to whose id the network has redirected. Nobody else knows the id. One that is out is
// to be seen on the city's page.
func (p *Pages) showSent(w http.ResponseWriter, r *http.Request) error {
	city, err := p.RequestedCity(r)
	if err != nil {
		return err
	}
	sent := report.Report{City: city.City, Bot: r.PathValue("bot"), ID: r.PathValue("id")}
	call := commands.Call{City: city.City, Name: "fate", Args: map[string]any{"report": sent.Bot + ":" + p.Commands.HideID(sent.Key())}, Actor: commands.Actor{Lang: p.Lang(r)}}
	fate, err := p.waitForVerdict(r.Context(), call)
	if err != nil {
		return err
	}
	command, _ := p.Commands.Find(call.Name)
	said := p.Commands.Answer(p.Lang(r), city.Clock(), command, fate).Text
	if fate.State == "relayed" || fate.State == "confirms" {
		p.Tell(w, r, pathOf(city)+"#"+sent.Bot, said, false)
		return nil
	}
	w.Header().Set("Cache-Control", "no-store")
	about := site.Page{Title: p.Text(r, "sent"), Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, http.StatusOK, about, "sent.html", sentData{site.LinkTo(city), said, fate.State == "checking"})
}

// waitForVerdict asks for the fate of a report until it is judged, or judgedTime is over.
func (p *Pages) waitForVerdict(ctx context.Context, call commands.Call) (commands.Fate, error) {
	end := time.NewTimer(p.JudgedTime)
	defer end.Stop()
	for {
		result, err := p.Commands.Run(ctx, call)
		fate, _ := result.(commands.Fate)
		if err != nil || fate.State != "checking" {
			return fate, err
		}
		select {
		case <-ctx.Done():
			return fate, ctx.Err()
		case <-end.C:
			return fate, nil
		case <-time.After(judgedEvery):
		}
	}
}
