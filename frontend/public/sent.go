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
	"linienfunk/internal/limits"
	"linienfunk/report"
	"linienfunk/settings"
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

	Text   string // of a report that was held since it has none of the city's words, to be corrected; empty for others
	Max    int    // characters of Text
	Errors site.FormErrors
}

// showSent tells a rider what became of the report that they have just sent by a network's form, to whose id the network has redirected. Nobody else knows the id: see formID. One
// that is out is to be seen on the city's page.
func (p *Pages) showSent(w http.ResponseWriter, r *http.Request) error {
	city, err := p.RequestedCity(r)
	if err != nil {
		return err
	}
	return p.sent(w, r, http.StatusOK, city, sentData{})
}

// correct takes the corrected text of a report, once.
func (p *Pages) correct(w http.ResponseWriter, r *http.Request) error {
	city, err := p.RequestedCity(r)
	if err != nil {
		return err
	}
	if !formID.MatchString(r.PathValue("id")) {
		return db.ErrNotFound
	}
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := sentData{Text: site.LineEnds(r.PostForm.Get("text")), Errors: site.FormErrors{}}
	if !p.fixes.Allow(limits.Client(r.RemoteAddr)) {
		data.Errors.Add("text", p.Text(r, "too-often"))
		return p.sent(w, r, http.StatusTooManyRequests, city, data)
	}
	next, err := p.Commands.Correct(r.Context(), city.City, r.PathValue("bot"), r.PathValue("id"), data.Text)
	if refusals := commands.AsRefusals(err); refusals != nil {
		data.Errors.Add("text", p.Commands.Why(p.Lang(r), refusals[0]))
		return p.sent(w, r, http.StatusUnprocessableEntity, city, data)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, pathOf(city)+"/sent/"+r.PathValue("bot")+"/"+next, http.StatusSeeOther)
	return nil
}

// sent shows the page; data has what was typed, if something was.
func (p *Pages) sent(w http.ResponseWriter, r *http.Request, code int, city settings.Snapshot, data sentData) error {
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
	correction, err := p.Commands.Correction(r.Context(), city.City, sent.Bot, sent.ID)
	if err != nil {
		return err
	}
	if correction.Next != "" {
		http.Redirect(w, r, pathOf(city)+"/sent/"+sent.Bot+"/"+correction.Next, http.StatusSeeOther)
		return nil
	}
	if len(data.Errors) == 0 {
		data.Text = correction.Text
	}
	w.Header().Set("Cache-Control", "no-store")
	if looks, _ := strconv.Atoi(r.URL.Query().Get("looks")); fate.State == "checking" && looks < maxLooks { // nobody need press a button
		w.Header().Set("Refresh", fmt.Sprintf("2; url=%s?looks=%d", r.URL.Path, looks+1))
	}
	about := site.Page{Title: p.Text(r, "sent"), Line: site.LineClass(city.City), Private: true}
	data.City, data.Fate, data.Wait, data.Max = site.LinkTo(city), said, fate.State == "checking", commands.MaxCorrected
	return p.Show(w, r, code, about, "sent.html", data)
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
