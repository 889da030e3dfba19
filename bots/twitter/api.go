package twitter

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"time"

	"github.com/dghubble/oauth1"
)

// dialect is what the bot needs of a server, for one account. Errors that hold an *answer are what the server said; errBroken is
// an answer that lacks what it must have.
type dialect interface {
	// me is whose keys these are.
	me(ctx context.Context) (person, error)
	// mentions is a page of posts that mention the account, newest first: those after the id since (if any), from
	// the page that next names (if any). size is how many at most, 5 to 100.
	mentions(ctx context.Context, since, next string, size int) (page, error)
	// messages is a page of direct messages to and from the account, newest first.
	messages(ctx context.Context, next string, size int) (page, error)
	// post publishes a text and returns its id.
	post(ctx context.Context, text string) (string, error)
	retweet(ctx context.Context, id string) error
	// remove deletes a post of the account. One that is gone already is no error.
	remove(ctx context.Context, id string) error
	unretweet(ctx context.Context, id string) error
	// after is an id that all posts from a time on are larger than; empty if the server's ids do not tell.
	after(at time.Time) string
}

// person is a user.
type person struct {
	id, handle string
	now        time.Time // the server's clock; zero if it does not say
}

// page is a page of posts or messages.
type page struct {
	posts   []post
	private bool     // direct messages, which have a price of their own
	authors []string // who came along: X charges for them as well
	next    string   // empty on the last page
}

// post is a post or a direct message.
type post struct {
	id     string
	first  string // id of its first version, if it was edited
	author string // id
	text   string // without markup, without the account's mention
	at     time.Time
	// protected: only followers that its author has accepted see it.
	protected bool
	retweet   bool
}

var errBroken = errors.New("answer of X lacks what it must have")

func (b *bot) dialect(keys *oauth1.Token, user, handle string) dialect {
	if b.given.version == "1.1" {
		return &version1{bot: b, keys: keys, user: user, handle: handle}
	}
	return &version2{bot: b, keys: keys, user: user, handle: handle}
}

// compareIDs orders ids: they are numbers, but handled as texts everywhere, since they do not fit into a float
// (https://docs.x.com/fundamentals/x-ids).
func compareIDs(a, b string) int {
	switch {
	case len(a) != len(b):
		return len(a) - len(b)
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// isID says that a text is a number without leading zeros, of at most 19 digits.
func isID(id string) bool {
	number, err := strconv.ParseInt(id, 10, 64)
	return err == nil && number > 0 && strconv.FormatInt(number, 10) == id
}

// userName is a name of a user, without @.
var userName = regexp.MustCompile(`^[A-Za-z0-9_]{1,20}$`)

// whole says that a server said who somebody is.
func (p person) whole() bool { return isID(p.id) && userName.MatchString(p.handle) }

// idEpoch is where X's ids begin to count, in milliseconds since 1970: the upper bits of an id are a time
// (https://docs.x.com/fundamentals/x-ids, https://github.com/twitter-archive/snowflake).
const idEpoch = 1288834974657

// idAt is the smallest id of a time.
func idAt(at time.Time) string { return strconv.FormatInt(max(at.UnixMilli()-idEpoch, 1)<<22, 10) }
