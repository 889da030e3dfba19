package telegram

import (
	"errors"
	"strconv"

	"linienfunk/bots"
)

// cursor is the position of a broadcast. Private chats come first, then groups and channels, whose rate limit may delay them.
// Its text is "p12" or "g3": behind the private chat or the group of that Subscriber.ID.
type cursor struct {
	groups bool
	after  uint64
}

func (c cursor) String() string {
	if c.groups {
		return "g" + strconv.FormatUint(c.after, 10)
	}
	return "p" + strconv.FormatUint(c.after, 10)
}

// parseCursor parses a cursor's text; the empty text is the start.
func parseCursor(text string) (cursor, error) {
	if text == "" {
		return cursor{}, nil
	}
	after, err := strconv.ParseUint(text[1:], 10, 64)
	if err != nil || text[0] != 'p' && text[0] != 'g' {
		return cursor{}, bots.Permanent("error-refused", errors.New("not a cursor"))
	}
	return cursor{groups: text[0] == 'g', after: after}, nil
}
