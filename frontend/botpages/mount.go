package botpages

import (
	"fmt"
	"net/http"
	"slices"
	"unicode"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/templates"
)

// Mounted is a bot with its handlers.
type Mounted struct {
	Name       string
	Set        *templates.Set
	Admin      http.Handler
	Public     http.Handler // nil without pages for the public
	Files      []string     // of bots.Plugin.PageFiles
	Broadcasts bool         // the bot is a bots.Broadcaster
}

// Mount adds a bot. Pages show bots in the order in which they were mounted. Like http.ServeMux, Mount panics if two bots claim
// the same name or file: that is a mistake in the program, to be found when it starts.
func (b *Bots) Mount(name string, bot bots.Bot, set *templates.Set, pageFiles ...string) {
	m := Mounted{Name: name, Set: set, Admin: bot.WebUI(), Files: pageFiles}
	if public, ok := bot.(bots.Public); ok {
		m.Public = public.Public()
	}
	_, m.Broadcasts = bot.(bots.Broadcaster)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, other := range b.mounted {
		if other.Name == name {
			panic(fmt.Sprintf("bot %s is mounted twice", name))
		}
		for _, file := range m.Files {
			if slices.Contains(other.Files, file) {
				panic(fmt.Sprintf("bots %s and %s both claim the file %s", other.Name, name, file))
			}
		}
	}
	b.mounted = append(b.mounted, m)
	b.sets[name] = set
}

func (b *Bots) All() []Mounted {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.mounted)
}

// Broadcasts reports whether a bot sends to individual subscribers.
func (b *Bots) Broadcasts(name string) bool {
	return slices.ContainsFunc(b.All(), func(m Mounted) bool { return m.Name == name && m.Broadcasts })
}

// FromPath returns the bot in the request's path, or db.ErrNotFound.
func (b *Bots) FromPath(r *http.Request) (Mounted, error) {
	for _, m := range b.All() {
		if m.Name == r.PathValue("bot") {
			return m, nil
		}
	}
	return Mounted{}, db.ErrNotFound
}

// publicFromPath is FromPath for bots with public pages only.
func (b *Bots) publicFromPath(r *http.Request) (Mounted, error) {
	m, err := b.FromPath(r)
	if err == nil && m.Public == nil {
		return Mounted{}, db.ErrNotFound
	}
	return m, err
}

// Set returns a bot's texts and templates; nil if the program does not have the bot.
func (b *Bots) Set(name string) *templates.Set {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.sets[name]
}

// Translate returns one of a bot's texts. An id without a text is returned as it is.
func (b *Bots) Translate(lang, bot, id string) string {
	if set := b.Set(bot); set != nil && id != "" {
		return set.Text(lang, id)
	}
	return id
}

// Title is a bot's name for people: its text "bot-title", or else its directory's name with a capital letter.
func (b *Bots) Title(lang, bot string) string {
	if title := b.Translate(lang, bot, "bot-title"); title != "bot-title" {
		return title
	}
	letters := []rune(bot)
	if len(letters) > 0 {
		letters[0] = unicode.ToUpper(letters[0])
	}
	return string(letters)
}
