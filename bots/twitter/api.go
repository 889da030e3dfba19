package twitter

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"time"

	"github.com/dghubble/oauth1"
)

// apiClient has the calls of the API that the bot needs, for one account. An error response is an *apiError; errBroken is a
// response without a required field.
type apiClient interface {
	// me returns the account of the keys.
	me(ctx context.Context) (person, error)
	// mentions returns a page of posts that mention the account, newest first: those after the id since, if not empty, beginning with
	// the page token next, if not empty. size is the maximum number of posts, 5 to 100.
	mentions(ctx context.Context, since, next string, size int) (page, error)
	// messages returns a page of direct messages to and from the account, newest first.
	messages(ctx context.Context, next string, size int) (page, error)
	// post publishes a text and returns its id.
	post(ctx context.Context, text string) (string, error)
	retweet(ctx context.Context, id string) error
	// remove deletes a post of the account. It returns nil if there is none.
	remove(ctx context.Context, id string) error
	unretweet(ctx context.Context, id string) error
	// after returns an id that is less than those of all posts since a time; "" if the server's ids do not have a time.
	after(at time.Time) string
}

// person is a user.
type person struct {
	id, handle string
	now        time.Time // the server's time; zero if unknown
}

// page is a page of posts or messages.
type page struct {
	posts   []post
	private bool     // direct messages, which have another price
	authors []string // authors in the response, for whom X charges as well
	next    string   // empty on the last page
}

// post is a post or a direct message.
type post struct {
	id     string
	first  string // id of its first version: differs from id if it was edited
	author string // id
	text   string // without markup, without the account's mention
	at     time.Time
	// protected says that only followers whom its author has accepted can see it.
	protected bool
	retweet   bool
}

var errBroken = errors.New("response of X lacks a required field")

func (b *bot) apiFor(keys *oauth1.Token, user, handle string) apiClient {
	if b.operator.version == "1.1" {
		return &apiV1{bot: b, keys: keys, user: user, handle: handle}
	}
	return &apiV2{bot: b, keys: keys, user: user, handle: handle}
}

// compareIDs orders ids. They are numbers, but stored as text, since they do not fit into a float
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

// isID reports whether a text is a number without leading zeros, of at most 19 digits.
func isID(id string) bool {
	number, err := strconv.ParseInt(id, 10, 64)
	return err == nil && number > 0 && strconv.FormatInt(number, 10) == id
}

// userName is a name of a user, without @.
var userName = regexp.MustCompile(`^[A-Za-z0-9_]{1,20}$`)

// valid reports whether both the id and the name are valid.
func (p person) valid() bool { return isID(p.id) && userName.MatchString(p.handle) }

// idEpoch is the time of id 0, in milliseconds since 1970: the upper bits of an id are a time
// (https://docs.x.com/fundamentals/x-ids, https://github.com/twitter-archive/snowflake).
const idEpoch = 1288834974657

// idAt returns the smallest id of a time.
func idAt(at time.Time) string { return strconv.FormatInt(max(at.UnixMilli()-idEpoch, 1)<<22, 10) }
