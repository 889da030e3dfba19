package public

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/report"
)

// judgedTime is how long the page waits for the verdict on a report that was just sent. It looks after judgedSoon, and each time after twice as long as before, at most after judgedLate:
// most are judged at once, and for an id that nobody has the database is not asked often.
const (
	judgedTime = 2 * time.Second
	judgedSoon = 50 * time.Millisecond
	judgedLate = 500 * time.Millisecond
)

// maxLooks is how often the page looks again by itself, two seconds after it was shown. If the report is not judged then, something is in trouble.
const maxLooks = 10

// formID is what the id of a report by a form looks like: 128 random bits. What became of a post, whose id everybody can see, is nobody's business.
var formID = regexp.MustCompile(`^[0-9a-f]{32}$`)

type sentData struct {
	City site.CityLink
	Fate string // a sentence
	Wait bool   // it is not judged yet
}

// showSent tells a rider what became of the report that they have just sent by a network's form, to whose id the network has redirected. Nobody else knows the id: see formID. One
// that is out is to be seen on the city's page.
func (p *Pages) showSent(w http.ResponseWriter, r *http.Request) error {
	city, err := p.RequestedCity(r)
	if err != nil {
		return err
	}
	if !formID.MatchString(r.PathValue("id")) {
		return db.ErrNotFound
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
	if looks, _ := strconv.Atoi(r.URL.Query().Get("looks")); fate.State == "checking" && looks < maxLooks { // nobody need press a button
		w.Header().Set("Refresh", fmt.Sprintf("2; url=%s?looks=%d", r.URL.Path, looks+1))
	}
	about := site.Page{Title: p.Text(r, "sent"), Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, http.StatusOK, about, "sent.html", sentData{site.LinkTo(city), said, fate.State == "checking"})
}

// waitForVerdict asks for the fate of a report until it is judged, or judgedTime is over.
func (p *Pages) waitForVerdict(ctx context.Context, call commands.Call) (commands.Fate, error) {
	end := time.NewTimer(p.JudgedTime)
	defer end.Stop()
	for pause := judgedSoon; ; pause = min(2*pause, judgedLate) {
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
		case <-time.After(pause):
		}
	}
}
