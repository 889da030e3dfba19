package public

import (
	"net/http"
	"slices"
	"strings"

	"linienfunk/bots"
	"linienfunk/frontend/botpages"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

type publicData struct {
	City     site.CityLink
	About    []string // paragraphs
	Sections []botpages.Section
	Message  *site.Message // if it belongs into a section
	Mine     bool          // the visitor is an admin of the city
}

// public is a city's public page.
func (p *Pages) public(w http.ResponseWriter, r *http.Request) error {
	city, err := p.RequestedCity(r)
	if err != nil {
		return err
	}
	data := publicData{City: site.LinkTo(city), About: paragraphs(city.About)}
	if data.Mine, err = p.IsAdminOf(r, city.City); err != nil {
		return err
	}
	about := site.Page{Title: city.Title, Line: site.LineClass(city.City), Private: !city.Listed}
	if city.Active {
		data.Sections, about.Feeds = p.publicSections(r, city, data.Mine)
	}
	var ids []string
	for _, one := range data.Sections {
		ids = append(ids, one.Name)
	}
	data.Message = p.PlaceMessage(w, r, &about, ids...)
	return p.Show(w, r, http.StatusOK, about, "public.html", data)
}

// publicSections returns the public sections of the bots, those with feeds first.
func (p *Pages) publicSections(r *http.Request, city settings.Snapshot, mine bool) (all []botpages.Section, feeds []site.Feed) {
	list := p.bots.All()
	slices.SortStableFunc(list, func(a, b botpages.Mounted) int { return min(len(b.Files), 1) - min(len(a.Files), 1) })
	for _, m := range list {
		if m.Public == nil {
			continue
		}
		mount := bots.Mount{City: p.Settings.View(m.Name, city), Path: "/c/" + city.City + "/" + m.Name, Lang: p.Lang(r), Admin: mine}
		if one := p.bots.Section(r, m, m.Public, mount); one.Failed || one.HTML != "" {
			all = append(all, one)
		}
		for _, file := range m.Files {
			if kind := feedType(file); kind != "" {
				feeds = append(feeds, site.Feed{Type: kind, Title: city.Title, Path: "/c/" + city.City + "/" + file})
			}
		}
	}
	return all, feeds
}

func (p *Pages) publicSlash(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/c/"+r.PathValue("city"), http.StatusMovedPermanently)
	return nil
}

// paragraphs splits a plain text at blank lines.
func paragraphs(text string) []string {
	var all []string
	for part := range strings.SplitSeq(site.LineEnds(text), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// feedType returns the media type if file is a feed, else "".
func feedType(file string) string {
	switch {
	case strings.HasSuffix(file, ".atom"):
		return "application/atom+xml"
	case strings.HasSuffix(file, ".rss"):
		return "application/rss+xml"
	case strings.HasSuffix(file, ".json"):
		return "application/feed+json"
	}
	return ""
}
