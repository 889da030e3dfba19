package commands

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/bots"
	"linienfunk/bots/places"
	"linienfunk/db"
	"linienfunk/internal/secret"
)

// placeRow is what a city's account in a network sees, as it was read last, by any node. Times are in milliseconds since 1970.
type placeRow struct {
	City    string `gorm:"primaryKey;size:32"`
	Network string `gorm:"primaryKey;size:32"`
	Places  []byte // a keptPlaces as JSON, sealed: names of private groups are in it. Empty until it was read
	ReadAt  int64  `gorm:"not null;index"`
	Fresh   int64  `gorm:"not null"` // until when it need not be read anew
	Wait    int64  `gorm:"not null"` // until when nobody asks the network
	Changed int64  `gorm:"not null"` // when the network last said that something has changed
	Reading string `gorm:"size:32;not null"`
	Why     string `gorm:"size:200;not null"` // why it could not be read since: an id of the bot's texts
	Lasting bool   `gorm:"not null"`          // that does not pass by itself
}

func (placeRow) TableName() string { return "command_places" }

type keptPlaces struct {
	Places []places.Place `json:"places"`
	More   bool           `json:"more,omitempty"`
}

const (
	placesFresh   = 5 * time.Minute  // how long a list is shown without asking the network, unless somebody wants a new one
	placesPause   = 10 * time.Second // between two questions to the network about one city
	placesTime    = 15 * time.Second // how long the network may take to answer
	maxPlacesWait = time.Hour        // the longest pause that a network can ask for; a later end is from a clock that was wrong
	placesKept    = 30 * 24 * time.Hour
)

// placeLists are the lists of one network. They implement places.Lists.
type placeLists struct {
	c       *Commands
	name    string
	network places.Network
}

func (c *Commands) placesOf(name string, network places.Network) placeLists {
	return placeLists{c, name, network}
}

// asked is a list with what has come of asking the network.
type asked struct {
	places.Listing
	busy    bool // somebody is asking the network just now
	lasting bool // Why does not pass by itself
}

// Known implements places.Lists.
func (l placeLists) Known(ctx context.Context, city string) (places.Listing, error) {
	_, known, err := l.load(ctx, city)
	return known.Listing, err
}

// Refresh implements places.Lists.
func (l placeLists) Refresh(ctx context.Context, city string) (places.Listing, error) {
	now, err := l.read(ctx, city, true)
	return now.Listing, err
}

// Outdated implements places.Lists.
func (l placeLists) Outdated(ctx context.Context, city string) error {
	return l.row(ctx, city).Updates(map[string]any{"fresh": 0, "changed": l.c.Now().UnixMilli()}).Error
}

// ForgetPlaces deletes the list of a city's account, which has changed or is gone. One that is being read is not stored.
func (c *Commands) ForgetPlaces(ctx context.Context, network, city string) error {
	if _, ok := c.Places[network]; !ok {
		return nil
	}
	return placeLists{c: c, name: network}.row(ctx, city).Delete(&placeRow{}).Error
}

func (l placeLists) row(ctx context.Context, city string) *gorm.DB {
	return l.c.Tables.WithContext(ctx).Model(&placeRow{}).Where("city = ? AND network = ?", city, l.name)
}

func (l placeLists) cell(city string) secret.Cell {
	return secret.Cell{Table: "command_places", Row: city + " " + l.name, Column: "places"}
}

// read returns the list, and asks the network before if the list is old or refresh is set, and the network may be asked.
func (l placeLists) read(ctx context.Context, city string, refresh bool) (asked, error) {
	row, known, err := l.load(ctx, city)
	if err != nil {
		return known, err
	}
	now := l.c.Now().UnixMilli()
	if !refresh && len(row.Places) > 0 && row.Fresh > now && row.ReadAt <= now {
		return known, nil
	}
	turn := rand.Text()
	if mine, err := l.begin(ctx, city, turn); err != nil || !mine {
		known.busy = row.Reading != "" || row.City == ""
		return known, err
	}
	// Who asked may leave meanwhile: the answer is kept for who asks next.
	ctx = context.WithoutCancel(ctx)
	if err := l.end(ctx, city, turn, l.ask(ctx, city)); err != nil {
		return known, err
	}
	_, known, err = l.load(ctx, city)
	return known, err
}

// load returns the row, and the list in it.
func (l placeLists) load(ctx context.Context, city string) (row placeRow, known asked, err error) {
	err = l.row(ctx, city).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, known, nil
	}
	if err != nil {
		return row, known, fmt.Errorf("read list of places: %w", err)
	}
	known.Why, known.lasting = row.Why, row.Lasting
	if len(row.Places) == 0 {
		return row, known, nil
	}
	plain, err := l.c.Box.Open(l.cell(city), row.Places)
	if err != nil {
		return row, known, err
	}
	var kept keptPlaces
	if err := json.Unmarshal(plain, &kept); err != nil {
		return row, known, err
	}
	chosen, err := l.network.Chosen(ctx, city)
	if err != nil {
		return row, known, err
	}
	for i := range kept.Places {
		kept.Places[i].Chosen = slices.Contains(chosen, kept.Places[i].ID)
	}
	known.Places, known.More, known.At = kept.Places, kept.More, time.UnixMilli(row.ReadAt).UTC()
	return row, known, nil
}

// begin reports whether the caller is the one who asks the network: nobody else does, or has done so just now, on any node.
func (l placeLists) begin(ctx context.Context, city, turn string) (bool, error) {
	now := l.c.Now()
	row := placeRow{City: city, Network: l.name, Reading: turn, Wait: now.Add(placesTime + placesPause).UnixMilli()}
	made := l.c.Tables.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if made.Error != nil || made.RowsAffected > 0 {
		return made.RowsAffected > 0, made.Error
	}
	taken := l.row(ctx, city).Where("(wait <= ? OR wait > ?)", now.UnixMilli(), now.Add(maxPlacesWait).UnixMilli()).Updates(map[string]any{"reading": turn, "wait": row.Wait})
	return taken.RowsAffected > 0, taken.Error
}

// ask asks the network, and returns the columns that say what has come of it.
func (l placeLists) ask(ctx context.Context, city string) map[string]any {
	ctx, cancel := context.WithTimeout(ctx, placesTime)
	defer cancel()
	begun := l.c.Now()
	found, err := l.call(ctx, city)
	now := l.c.Now()
	if err != nil {
		said := bots.AsError(err)
		l.c.Log.Info("list of places not read", "bot", l.name, "city", city, "err", err)
		wait := min(max(said.After, placesPause), maxPlacesWait)
		lasting := said.Kind == bots.KindPermanent || said.Kind == bots.KindRevoked
		return map[string]any{"wait": now.Add(wait).UnixMilli(), "why": cmp.Or(said.Say, "later-unreachable"), "lasting": lasting}
	}
	list, more := tidyPlaces(found)
	plain, err := json.Marshal(keptPlaces{list, more})
	if err != nil { // of strings: cannot fail
		return map[string]any{"why": "error-internal"}
	}
	fresh := gorm.Expr("CASE WHEN changed >= ? THEN CAST(0 AS BIGINT) ELSE CAST(? AS BIGINT) END", begun.UnixMilli(), begun.Add(placesFresh).UnixMilli())
	return map[string]any{
		"places": l.c.Box.Seal(l.cell(city), plain), "read_at": begun.UnixMilli(), "fresh": fresh, "wait": now.Add(placesPause).UnixMilli(), "why": "", "lasting": false,
	}
}

// call calls the network. A panic is an error of that call.
func (l placeLists) call(ctx context.Context, city string) (found []places.Place, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return l.network.Places(ctx, city)
}

// end stores what has come of asking, unless the account has changed meanwhile.
func (l placeLists) end(ctx context.Context, city, turn string, columns map[string]any) error {
	columns["reading"] = ""
	if err := l.row(ctx, city).Where("reading = ?", turn).Updates(columns).Error; err != nil {
		return fmt.Errorf("store list of places: %w", err)
	}
	return nil
}

// tidyPlaces returns a network's places without repetitions, with names that fit into a line, and with their rights in order. Names are typed by anybody.
func tidyPlaces(found []places.Place) (list []places.Place, more bool) {
	list = []places.Place{}
	seen := map[string]bool{}
	for _, p := range found {
		if p.ID == "" || !utf8.ValidString(p.ID) || seen[p.ID] {
			continue
		}
		if len(list) == places.MaxPlaces {
			return list, true
		}
		seen[p.ID] = true
		rights := []places.Right{}
		for _, right := range places.Rights {
			if slices.Contains(p.Rights, right) {
				rights = append(rights, right)
			}
		}
		p.Name, p.Rights = tidyName(p.Name), rights
		list = append(list, p)
	}
	return list, false
}

// tidyName makes line ends and other control characters spaces, and removes those that turn the direction of what is written behind them.
func tidyName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD"))
	name = strings.Join(strings.Fields(name), " ")
	if letters := []rune(name); len(letters) > places.MaxName {
		return string(letters[:places.MaxName-1]) + "…"
	}
	return name
}

// prunePlaces deletes lists that nobody has wanted for long.
func (c *Commands) prunePlaces(ctx context.Context) error {
	old := c.Now().Add(-placesKept).UnixMilli()
	which := []any{"read_at < ? AND wait < ?", old, old}
	if due, err := db.Any(c.Tables.WithContext(ctx).Model(&placeRow{}), which...); err != nil || !due {
		return err
	}
	return c.Tables.WithContext(ctx).Where(which[0], which[1:]...).Delete(&placeRow{}).Error
}
