package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"linienfunk/commands"
	"linienfunk/internal/config"
	"linienfunk/templates"
)

// arriveFlags are those of "city import", which stands beside the commands about cities: see commandLine.
type arriveFlags struct {
	File        string `arg:"" help:"The zip that another instance has made of the city."`
	City        string `required:"" help:"The city here, by its short name. Register it first."`
	Settings    bool   `default:"true" negatable:"" help:"Take over the settings, with the lists, lines and stops. They replace those of the city here; the history can undo that."`
	Subscribers bool   `default:"true" negatable:"" help:"Take over the subscribers by mail who have agreed to go along."`
	JSON        bool   `help:"Print the result as JSON." name:"json"`
	Lang        string `help:"Language of the answer: en or de." default:"en"`
}

// arrived is what came of a file.
type arrived struct {
	Result    commands.CityArrival `json:"result"`
	Came, Not []string             // sentences
	Refused   string               `json:"refused,omitempty"`
}

// arrive has the running program take in the file of a city.
func arrive(ctx context.Context, c config.Config, f arriveFlags, stdout io.Writer) error {
	file, err := os.Open(f.File)
	if err != nil {
		return fmt.Errorf("city import: %w", err)
	}
	defer file.Close()
	query := url.Values{"city": {f.City}, "lang": {f.Lang}}
	for name, on := range map[string]bool{"settings": f.Settings, "subscribers": f.Subscribers} {
		if on {
			query.Set(name, "1")
		}
	}
	var done arrived
	err = askProgram(ctx, c, "/arrive?"+query.Encode(), file, &done)
	switch {
	case notRunning(err):
		return fmt.Errorf("city import: no program answers at %s; it must be running, with the same data directory (%w)", filepath.Join(c.Data, socketFile), err)
	case err != nil:
		return fmt.Errorf("city import: %w", err)
	case done.Refused != "":
		return errors.New("city import: " + done.Refused)
	case f.JSON:
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(done.Result)
	}
	var text strings.Builder
	for _, sentence := range done.Came {
		fmt.Fprintf(&text, "came: %s\n", sentence)
	}
	for _, sentence := range done.Not {
		fmt.Fprintf(&text, "not:  %s\n", sentence)
	}
	_, err = io.WriteString(stdout, text.String())
	return err
}

func (p *Program) arriveFromSocket(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	lang := query.Get("lang")
	if !templates.Known(lang) {
		lang = templates.Languages[0]
	}
	done, err := p.arriveAsOperator(r.Context(), query, lang, r.Body)
	if err != nil {
		p.log.Error("the file of a city was not taken in", "city", query.Get("city"), "err", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(done) // the client has gone
}

// arriveAsOperator takes in a file, which is kept in the data directory meanwhile: a zip is read from its end.
func (p *Program) arriveAsOperator(ctx context.Context, query url.Values, lang string, body io.Reader) (done arrived, err error) {
	file, err := os.CreateTemp(p.config.Data, "arrival-*.zip")
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	size, err := io.Copy(file, io.LimitReader(body, commands.MaxArrivalFile+1))
	if err != nil {
		return done, err
	}
	call := commands.Call{City: query.Get("city"), Actor: commands.Actor{ID: commands.OperatorID, Level: commands.Operator, Lang: lang}}
	parts := commands.Parts{Settings: query.Has("settings"), Subscribers: query.Has("subscribers")}
	done.Result, err = p.commands.ArriveFile(ctx, call, file, size, parts)
	if refusals := commands.AsRefusals(err); refusals != nil {
		done.Refused = p.commands.Say(lang, refusals[0])
		return done, nil
	}
	if err == nil {
		done.Came, done.Not = p.commands.ArrivalReport(lang, done.Result)
	}
	return done, err
}
