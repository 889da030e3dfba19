package city

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

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

// maxArea is the limit of the radius around a city, in km.
const maxArea = 500

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
	area, mistakes := p.area(r, data.Upload.Center, data.Upload.Radius, nil)
	for field, say := range mistakes {
		data.Errors.Add(field, say)
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

// coordinates are two numbers of degrees, also with decimal commas.
var coordinates = regexp.MustCompile(`^(-?\d{1,3}(?:[.,]\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:[.,]\d+)?)$`)

// area reads the centre and the radius of an area, which may both be empty. The centre is a pair of coordinates or, if n is not nil, the name of one of its stops.
// mistakes are sentences by field.
func (p *Pages) area(r *http.Request, center, radius string, n *network.Network) (circle *network.Circle, mistakes map[string]string) {
	if center == "" && radius == "" {
		return nil, nil
	}
	mistakes = map[string]string{}
	kilometres, err := strconv.ParseFloat(strings.ReplaceAll(radius, ",", "."), 64)
	if err != nil || !(kilometres >= 1 && kilometres <= maxArea) {
		mistakes["radius"] = p.Text(r, "area-radius-wrong", "Limit", maxArea)
	}
	circle = &network.Circle{Radius: 1000 * kilometres}
	if found := coordinates.FindStringSubmatch(center); found != nil {
		circle.Lat, circle.Lon = degrees(found[1]), degrees(found[2])
	} else if stop := findStop(n, center); stop != nil {
		circle.Lat, circle.Lon = stop.Lat, stop.Lon
	} else {
		mistakes["center"] = p.Text(r, "area-center-unknown")
	}
	if circle.Lat < -90 || circle.Lat > 90 || circle.Lon < -180 || circle.Lon > 180 {
		mistakes["center"] = p.Text(r, "area-center-unknown")
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return circle, nil
}

func degrees(text string) float64 {
	number, _ := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64) // the pattern has checked it
	return number
}

// findStop returns the stop with a name, with its place or without; of several the one that most variants of lines serve. Without such a stop it returns nil.
func findStop(n *network.Network, name string) *network.Stop {
	if n == nil || name == "" {
		return nil
	}
	served := make([]int, len(n.Stops))
	for _, line := range n.Lines {
		for _, v := range line.Variants {
			for _, stop := range v.Stops {
				served[stop]++
			}
		}
	}
	best := -1
	for i, stop := range n.Stops {
		if stop.Lat == 0 && stop.Lon == 0 || !strings.EqualFold(stop.Name, name) && !strings.EqualFold(stop.String(), name) {
			continue
		}
		if best < 0 || served[i] > served[best] {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return &n.Stops[best]
}

// cancelFeed ends the import of a feed, or forgets one that was read or refused.
func (p *Pages) cancelFeed(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	if err := p.Imports.Cancel(r.Context(), city.City); err != nil {
		return fmt.Errorf("cancel import: %w", err)
	}
	http.Redirect(w, r, "/city/"+city.City+"/network", http.StatusSeeOther)
	return nil
}
