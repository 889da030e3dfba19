package telegram

import (
	"errors"
	"strconv"

	"linienfunk/bots"
)

// cursor is the position of a broadcast. Private chats come first, then groups and channels, whose rate limit may delay them.
// Its text is "p12" or "g3": behind the private chat or the group of that Subscriber.ID; or "r0".
type cursor struct {
	groups  bool
	after   uint64
	refused bool // "r": groups come next, and Telegram has rejected the text for all people
}

func (c cursor) String() string {
	kind := "p"
	switch {
	case c.refused:
		kind = "r"
	case c.groups:
		kind = "g"
	}
	return kind + strconv.FormatUint(c.after, 10)
}

// parseCursor parses a cursor's text; the empty text is the start.
func parseCursor(text string) (cursor, error) {
	if text == "" {
		return cursor{}, nil
	}
	after, err := strconv.ParseUint(text[1:], 10, 64)
	if err != nil || text[0] != 'p' && text[0] != 'g' && text[0] != 'r' {
		return cursor{}, bots.Permanent("error-refused", errors.New("not a cursor"))
	}
	return cursor{groups: text[0] != 'p', after: after, refused: text[0] == 'r'}, nil
}
