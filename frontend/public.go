package frontend

import (
	"net/http"
	"slices"
	"strings"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/settings"
)

type feed struct{ Type, Title, Path string }

type publicData struct {
	City     cityLink
	About    []string // paragraphs
	Sections []section
	Mine     bool // the visitor is an admin of the city
}

// public is a city's page for everybody.
func (f *Frontend) public(w http.ResponseWriter, r *http.Request) error {
	city, ok, err := f.Settings.Get(r.Context(), r.PathValue("city"))
	if err != nil {
		return err
	}
	if !ok {
		return db.ErrNotFound
	}
	data := publicData{City: linkTo(city), About: paragraphs(city.About)}
	if data.Mine, err = f.looksAfter(r, city.City); err != nil {
		return err
	}
	p := page{Title: city.Title, Line: lineOf(city.City), Private: !city.Listed}
	if city.Active {
		data.Sections, p.Feeds = f.publicSections(r, city, data.Mine)
	}
	return f.show(w, r, http.StatusOK, p, "public.html", data)
}

// publicSections asks the bots that show something to the public, those with feeds first.
func (f *Frontend) publicSections(r *http.Request, city settings.Snapshot, mine bool) (all []section, feeds []feed) {
	list := f.mountedBots()
	slices.SortStableFunc(list, func(a, b mounted) int { return min(len(b.files), 1) - min(len(a.files), 1) })
	for _, m := range list {
		if m.public == nil {
			continue
		}
		mount := bots.Mount{City: f.Settings.View(m.name, city), Path: "/c/" + city.City + "/" + m.name, Lang: f.lang(r), Admin: mine}
		if one := f.section(r, m, m.public, mount); one.Failed || one.HTML != "" {
			all = append(all, one)
		}
		for _, file := range m.files {
			if kind := feedType(file); kind != "" {
				feeds = append(feeds, feed{kind, city.Title, "/c/" + city.City + "/" + file})
			}
		}
	}
	return all, feeds
}

func (f *Frontend) publicSlash(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/c/"+r.PathValue("city"), http.StatusMovedPermanently)
	return nil
}

// paragraphs splits plain text at blank lines.
func paragraphs(text string) []string {
	var all []string
	for part := range strings.SplitSeq(lineEnds(text), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// feedType is the media type of a feed that a browser should be told of, or empty.
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
