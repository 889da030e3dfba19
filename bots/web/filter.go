package web

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"linienfunk/bots"
	"linienfunk/report"
)

// places are the names by which a post is found in the filter of the list, tidied: of its lines, stops and directions, and of the lines that serve
// its stops if it names none. A line's name stands between spaces, because "U8" does not find "U80".
func places(m report.Reading) (names []string) {
	for _, line := range m.Lines {
		names = append(names, " "+tidyPlace(line.Name)+" ")
	}
	for _, stop := range slices.Concat(m.Stops, m.Directions) {
		names = append(names, tidyPlace(stop.Name))
		for _, line := range stop.Lines {
			names = append(names, " "+tidyPlace(line.Name)+" ")
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(name string) bool { return strings.TrimSpace(name) == "" }) // of signs only
}

// tidyPlace is the name in lower case, without accents, spaces and signs; live.js does the same.
func tidyPlace(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, norm.NFD.String(strings.ToLower(name)))
}

// shows reports whether the filter shows a post: one of the wanted lines and stops, with commas between them, is named in it. What nobody can place is always
// shown.
func shows(filter string, m report.Reading) bool {
	wanted := strings.FieldsFunc(filter, func(r rune) bool { return r == ',' || r == ';' })
	names, any := places(m), false
	for _, one := range wanted {
		if one = tidyPlace(one); one == "" {
			continue
		}
		any = true
		if slices.ContainsFunc(names, func(name string) bool {
			return name == " "+one+" " || name == one || name[0] != ' ' && len(one) > 2 && strings.Contains(name, one)
		}) {
			return true
		}
	}
	return !any || len(names) == 0
}

// listPage is the data of list_page.html: the filtered list for browsers without JavaScript.
type listPage struct {
	Filter, Back, Action string
	Posts                []postView
}

// maxFilter is the length of a filter in bytes.
const maxFilter = 200

// showList shows the reports about some lines and stops.
func (b *bot) showList(w http.ResponseWriter, r *http.Request) {
	if !showsList(r) {
		http.NotFound(w, r)
		return
	}
	posts, err := b.latestPosts(r.Context(), bots.MountOf(r).City.Name)
	if err != nil {
		b.serverError(w, r, "list", err)
		return
	}
	filter := report.Cut(r.URL.Query().Get("only"), maxFilter)
	data := listPage{Filter: filter, Back: cityPath(r), Action: bots.MountOf(r).Path + "/list"}
	for _, p := range posts {
		if shows(filter, p.report().Means) {
			data.Posts = append(data.Posts, b.view(r, p))
		}
	}
	b.core.Pages.Page(w, r, http.StatusOK, b.text(r, "list-title"), "list_page.html", data)
}
