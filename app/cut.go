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

	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/settings"
)

// cutFlags are those of "settings cut", which stands beside the commands about settings: see commandLine.
type cutFlags struct {
	City string `arg:"" help:"The city, by its short name."`
}

// cut is what became of a cut: a settings.Cut, and where the old rows are.
type cut struct {
	settings.Cut
	File    string `json:"file"`
	Refused string `json:"refused,omitempty"`
}

// cutSettings cuts the history of a city's settings that is broken, in the running program or, if none runs, in its database.
func cutSettings(ctx context.Context, c config.Config, city string, stdout, stderr io.Writer) error {
	var done cut
	err := askProgram(ctx, c, "/cut?city="+url.QueryEscape(city), nil, &done)
	if notRunning(err) {
		p, err := openStopped(ctx, c, stderr)
		if err != nil {
			return fmt.Errorf("settings cut: %w", err)
		}
		defer p.Close()
		if err := p.openSettings(ctx); err != nil {
			return fmt.Errorf("settings cut: %w", err)
		}
		done = p.cutCity(ctx, city)
	} else if err != nil {
		return fmt.Errorf("settings cut: %w", err)
	}
	if done.Refused != "" {
		return fmt.Errorf("settings cut: %s", done.Refused)
	}
	_, err = fmt.Fprintf(stdout, "%s\nThe settings of %s begin again with the document of version %d, as version 1 (%s). All %d links that there were are in %s.\n"+
		"Other nodes take it within a minute.\n", done.Broken, done.City, done.Kept, done.Hash, done.Links, done.File)
	return err
}

func (p *Program) cutFromSocket(w http.ResponseWriter, r *http.Request) {
	city := r.URL.Query().Get("city")
	done := p.cutCity(r.Context(), city)
	if done.Refused == "" {
		p.log.Warn("the broken history of a city's settings was cut off", "city", done.City, "links", done.Links, "file", done.File)
		if err := p.settings.Take(r.Context(), city, done.Hash); err != nil {
			p.log.Warn("this node takes the new version of the settings later", "city", city, "err", err)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(done) // the client has gone
}

// keptSettings is the name of a file with the rows of a history that was cut off.
func keptSettings(city, at, random string) string {
	return fmt.Sprintf("settings-%s-%s-%s.json", city, at, random)
}

// cutCity cuts and keeps the old rows in the data directory.
func (p *Program) cutCity(ctx context.Context, city string) (done cut) {
	var err error
	done.Cut, err = p.storage.Cut(ctx, city, func(rows []byte) error {
		file, err := os.CreateTemp(p.config.Data, keptSettings(city, p.now().UTC().Format("20060102T150405Z"), "*"))
		if err != nil {
			return err
		}
		done.File = file.Name()
		_, err = file.Write(append(rows, '\n'))
		return errors.Join(err, file.Sync(), file.Close())
	})
	switch {
	case errors.Is(err, db.ErrNotFound):
		done.Refused = fmt.Sprintf("there is no city %q", city)
	case err != nil:
		done.Refused = err.Error()
	}
	return done
}
