package public

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/frontend/botpages"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

type publicData struct {
	City     site.CityLink
	About    []string // paragraphs
	Sections []botpages.Section
	Message  *site.Message // if it belongs into a section
	Numbers  bool          // there is a page with numbers
	Ends     string        // when the city is deleted, for people; empty if it stays
}

// public is a city's public page. Most visitors get it from memory.
func (p *Pages) public(w http.ResponseWriter, r *http.Request) error {
	city, err := p.RequestedCity(r)
	if errors.Is(err, db.ErrNotFound) {
		return p.gone(w, r)
	}
	if err != nil {
		return err
	}
	if !site.ForAll(r) {
		mine, err := p.IsAdminOf(r, city.City)
		if err != nil {
			return err
		}
		about, data, err := p.page(r, city, mine, site.NewOnce())
		if err != nil {
			return err
		}
		var ids []string
		for _, one := range data.Sections {
			ids = append(ids, one.Name)
		}
		data.Message = p.PlaceMessage(w, r, &about, ids...)
		return p.Show(w, r, http.StatusOK, about, "public.html", data)
	}
	kept, err := p.Memory.Load(city, p.Lang(r), "", func() (*site.Kept, bool, error) {
		once, r := site.NewOnce(), p.WithoutVisitor(r, r.URL.Path)
		about, data, err := p.page(r, city, false, once)
		if err != nil {
			return nil, false, err
		}
		kept, err := p.Keep(r, about, "public.html", data, once)
		failed := slices.ContainsFunc(data.Sections, func(one botpages.Section) bool { return one.Failed })
		return kept, !failed, err
	})
	if err == nil {
		p.ServeKept(w, r, kept)
	}
	return err
}

// gone says that a city was deleted lately, or that there is none.
func (p *Pages) gone(w http.ResponseWriter, r *http.Request) error {
	ended, err := p.DB.Ended(r.Context(), r.PathValue("city"))
	if err != nil {
		return err
	}
	if ended.MovedTo != "" {
		return p.Show(w, r, http.StatusGone, site.Page{Title: p.Text(r, "gone-moved"), Private: true}, "moved.html", ended.MovedTo)
	}
	p.ShowError(w, r, http.StatusGone)
	return nil
}

func (p *Pages) page(r *http.Request, city settings.Snapshot, mine bool, once string) (about site.Page, data publicData, err error) {
	data = publicData{City: site.LinkTo(city), About: paragraphs(city.About)}
	about = site.Page{Title: city.Title, Line: site.LineClass(city.City), Private: !city.Listed}
	if city.Runs() {
		data.Numbers = city.Numbers
		mount := bots.Mount{Lang: p.Lang(r), Admin: mine, Once: once}
		data.Sections, about.Feeds = p.publicSections(r, city, mount)
	}
	data.Ends, err = p.EndOf(r, city)
	return about, data, err
}

// publicSections returns the public sections of the bots, those with feeds first. Mount lacks what depends on the bot.
func (p *Pages) publicSections(r *http.Request, city settings.Snapshot, mount bots.Mount) (all []botpages.Section, feeds []site.Feed) {
	list := p.bots.All()
	slices.SortStableFunc(list, func(a, b botpages.Mounted) int { return min(len(b.Files), 1) - min(len(a.Files), 1) })
	for _, m := range list {
		if m.Public == nil {
			continue
		}
		mount.City, mount.Path = p.Settings.View(m.Name, city), "/c/"+city.City+"/"+m.Name
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

// feedType returns the media type if file is a feed for readers, else "".
func feedType(file string) string {
	switch {
	case !strings.HasPrefix(file, "feed."):
		return ""
	case strings.HasSuffix(file, ".atom"):
		return "application/atom+xml"
	case strings.HasSuffix(file, ".rss"):
		return "application/rss+xml"
	case strings.HasSuffix(file, ".json"):
		return "application/feed+json"
	}
	return ""
}
