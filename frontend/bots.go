package frontend

import (
	"fmt"
	"net/http"
	"slices"
	"unicode"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/templates"
)

// mounted is a bot with its handlers.
type mounted struct {
	name   string
	set    *templates.Set
	admin  http.Handler
	public http.Handler // nil without pages for the public
	files  []string     // of bots.Plugin.PageFiles
	spread bool         // it is a bots.Broadcaster
}

// Mount gives a bot its mount. Bots are shown in the order in which they are mounted. Like http.ServeMux it
// panics if two of them claim the same: a mistake in the program, to be found at its start.
func (f *Frontend) Mount(name string, bot bots.Bot, set *templates.Set, pageFiles ...string) {
	m := mounted{name: name, set: set, admin: bot.WebUI(), files: pageFiles}
	if public, ok := bot.(bots.Public); ok {
		m.public = public.Public()
	}
	_, m.spread = bot.(bots.Broadcaster)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, other := range f.bots {
		if other.name == name {
			panic(fmt.Sprintf("bot %s is mounted twice", name))
		}
		for _, file := range m.files {
			if slices.Contains(other.files, file) {
				panic(fmt.Sprintf("bots %s and %s both claim the file %s", other.name, name, file))
			}
		}
	}
	f.bots = append(f.bots, m)
	f.sets[name] = set
}

func (f *Frontend) mountedBots() []mounted {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.Clone(f.bots)
}

// broadcasts says whether a bot sends to single subscribers.
func (f *Frontend) broadcasts(name string) bool {
	return slices.ContainsFunc(f.mountedBots(), func(m mounted) bool { return m.name == name && m.spread })
}

// bot returns the mounted bot that the request's path names.
func (f *Frontend) bot(r *http.Request) (mounted, error) {
	for _, m := range f.mountedBots() {
		if m.name == r.PathValue("bot") {
			return m, nil
		}
	}
	return mounted{}, db.ErrNotFound
}

// botSet returns a bot's texts; nil if it is not in the program (any more).
func (f *Frontend) botSet(name string) *templates.Set {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.sets[name]
}

// botText translates one of a bot's texts.
func (f *Frontend) botText(lang, bot, id string) string {
	if set := f.botSet(bot); set != nil && id != "" {
		return set.Text(lang, id)
	}
	return id
}

// botTitle is a bot's name for people: its text "bot-title", or else its directory's name.
func (f *Frontend) botTitle(lang, bot string) string {
	if title := f.botText(lang, bot, "bot-title"); title != "bot-title" {
		return title
	}
	letters := []rune(bot)
	if len(letters) > 0 {
		letters[0] = unicode.ToUpper(letters[0])
	}
	return string(letters)
}
