package city

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/internal/disk"
	"linienfunk/report"
	"linienfunk/settings"
	"linienfunk/transit"
	"linienfunk/transit/network"
)

// uploadTime is the time limit for an upload: 512 MiB with 1.2 Mbit/s.
const uploadTime = time.Hour

// uploadForm is the form for a feed, which has an address or comes as a file. The area is optional.
type uploadForm struct{ Address, Center, Radius string }

// uploadFeed takes a feed as it arrives: it never has it in memory.
func (p *Pages) uploadFeed(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	p.AllowBody(w, r, 2*transit.MaxFeed, uploadTime) // what is too large is read nevertheless: browsers do not show an answer that comes before they are done
	parts, err := r.MultipartReader()
	if err != nil {
		return site.ErrForm
	}
	data := networkData{Errors: site.FormErrors{}}
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF) && data.Upload.Address != "":
			return p.importFeed(w, r, city, data, func(part network.Options) error {
				return p.Imports.Fetch(r.Context(), city.City, data.Upload.Address, part)
			})
		case errors.Is(err, io.EOF):
			data.Errors.Add("file", p.Text(r, "feed-no-file"))
			return p.showNetwork(w, r, http.StatusUnprocessableEntity, city, data)
		case err != nil:
			return uploadError(err)
		}
		switch part.FormName() {
		case "center":
			data.Upload.Center, err = field(part)
		case "address":
			data.Upload.Address, err = field(part)
		case "radius":
			data.Upload.Radius, err = field(part)
		case "file":
			if part.FileName() == "" {
				continue
			}
			name := report.Cut(report.Clean(path.Base(strings.ReplaceAll(part.FileName(), `\`, "/"))), 80)
			data.Upload.Address = "" // the file counts
			body := part
			return p.importFeed(w, r, city, data, func(part network.Options) error {
				err := p.Imports.Receive(r.Context(), city.City, name, part, body)
				if err != nil {
					_, _ = io.Copy(io.Discard, body) // so that the browser shows the answer
				}
				return err
			})
		}
		if err != nil {
			return uploadError(err)
		}
	}
}

// field reads a short field.
func field(part io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(part, transit.MaxAddress+1))
	return strings.TrimSpace(strings.ToValidUTF8(string(text), "")), err
}

func uploadError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return site.ErrForm // broken off, or no multipart body
}

// importFeed starts an import, and answers.
func (p *Pages) importFeed(w http.ResponseWriter, r *http.Request, city settings.Snapshot, data networkData, start func(part network.Options) error) error {
	area, mistakes := commands.Area(data.Upload.Center, data.Upload.Radius, nil)
	for _, one := range mistakes {
		data.Errors.Add(one.Param, p.Commands.Why(p.Lang(r), one))
	}
	err := error(nil)
	if len(mistakes) == 0 {
		err = start(network.Options{Circle: area})
	}
	switch {
	case err == nil && len(mistakes) == 0:
		http.Redirect(w, r, "/city/"+city.City+"/network", http.StatusSeeOther)
		return nil
	case errors.Is(err, transit.ErrAddress):
		data.Errors.Add("address", p.Text(r, "feed-address-wrong"))
	case errors.Is(err, transit.ErrRunning):
		data.Errors.Add("file", p.Text(r, "feed-running"))
	case errors.Is(err, transit.ErrBusy):
		data.Errors.Add("file", p.Text(r, "feed-busy"))
	case errors.Is(err, transit.ErrTooLarge):
		data.Errors.Add("file", p.Text(r, "feed-file-large", "Limit", transit.MaxFeed>>20))
	case err != nil && disk.Reason(err) != "":
		p.Log.Error("cannot store a feed", "city", city.City, "err", err)
		data.Errors.Add("file", p.Text(r, "feed-failed"))
	case err != nil:
		return uploadError(err)
	}
	return p.showNetwork(w, r, http.StatusUnprocessableEntity, city, data)
}

// cancelFeed ends the import of a feed, or forgets one that was read or refused.
func (p *Pages) cancelFeed(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	if err := p.Imports.Cancel(r.Context(), city.City); err != nil {
		return fmt.Errorf("cancel import: %w", err)
	}
	http.Redirect(w, r, "/city/"+city.City+"/network", http.StatusSeeOther)
	return nil
}
