package mastodon

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
)

// software is what an instance runs, as far as it makes a difference here.
type software string

// The software that is told apart. Forks of Mastodon, and whatever we do not know, are spoken to as Mastodon is.
const (
	mastodon   software = "mastodon"
	goToSocial software = "gotosocial"
	pleroma    software = "pleroma" // and Akkoma, its fork
	pixelfed   software = "pixelfed"
)

// dialect is how an instance departs from https://docs.joinmastodon.org.
type dialect struct {
	software
	limits
}

// softwareOf reads it from what the instance says of itself. Others than Mastodon pretend to be some version of it, and name
// themselves behind that: "2.7.2 (compatible; Akkoma 3.13.2)", "3.5.3 (compatible; Pixelfed 0.12.4)"
// (docs/development/API/differences_in_mastoapi_responses.md of Pleroma, ApiV2Controller.php of Pixelfed). GoToSocial has
// a bare version below 1, or Mastodon's with its own behind (instance-inject-mastodon-version), and a field of its own.
func softwareOf(i instance) software {
	said := strings.ToLower(i.Version + " " + i.SourceURL)
	switch {
	case strings.Contains(said, "pixelfed"):
		return pixelfed
	case strings.Contains(said, "pleroma"), strings.Contains(said, "akkoma"):
		return pleroma
	case strings.Contains(said, "gotosocial"), i.AccountDomain != "", strings.HasPrefix(said, "0."):
		return goToSocial
	}
	return mastodon
}

// streams says whether there may be server-sent events. GoToSocial and Pleroma have a WebSocket instead
// (internal/api/client/streaming/stream.go of GoToSocial), Pixelfed has nothing; asking them costs calls.
func (d dialect) streams() bool { return d.software == mastodon }

// keeps is how long the instance remembers an Idempotency-Key, less a margin; 0 if it does not. Mastodon keeps it for an
// hour, Pleroma for longer. GoToSocial does not know it (internal/api/client/statuses/statuscreate.go).
func (d dialect) keeps() time.Duration {
	if d.software == mastodon || d.software == pleroma {
		return 50 * time.Minute
	}
	return 0
}

// perAddress says that calls are counted for our address, not for the account: all cities share the limit
// (docs/api/ratelimiting.md of GoToSocial: 300 in 5 minutes).
func (d dialect) perAddress() bool { return d.software == goToSocial }

// scopes are what a login asks for, as far as the software can tell them apart. Pixelfed asks its tokens for "read"
// and "write" as a whole (tokenCan in app/Http/Controllers/Api/ApiV1Controller.php).
func (d dialect) scopes() string {
	if d.software == pixelfed {
		return "read write"
	}
	return scopes
}

// takesText says whether a post may be text alone. Pixelfed wants an image ("Empty statuses are not allowed" in statusCreate,
// ApiV1Controller.php).
func (d dialect) takesText() bool { return d.software != pixelfed }

// markup says that a post's text may be taken as Markdown or the like unless we say that it is plain: the account may
// have set that as its default, in GoToSocial and Pleroma.
func (d dialect) markup() bool { return d.software == goToSocial || d.software == pleroma }

// newestFirst says that min_id gives the newest page and not the next one, as since_id does, so that one must page backwards
// (getMin of Pixelfed's NotificationService).
func (d dialect) newestFirst() bool { return d.software == pixelfed }

// tellsEdits says that whoever boosted a post is notified when it is edited
// (https://docs.joinmastodon.org/entities/Notification/#type).
func (d dialect) tellsEdits() bool { return d.software == mastodon }

// dialectCache keeps the dialects of instances for a day: their limits may change, and so may their software.
type dialectCache struct {
	mu   sync.Mutex
	kept map[string]keptDialect
}

type keptDialect struct {
	dialect
	until time.Time
}

// known returns what is kept of an instance, also when it is old; nothing is asked.
func (k *dialectCache) known(instance string) (keptDialect, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept, ok := k.kept[instance]
	return kept, ok
}

func (k *dialectCache) keep(instance string, d dialect, until time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[string]keptDialect{}
	}
	k.kept[instance] = keptDialect{d, until}
}

// dialectOf returns the dialect of the client's instance. One that describes itself nowhere is taken for Mastodon; other
// errors are the instance's trouble and worth another try.
func (b *bot) dialectOf(ctx context.Context, c *client) (dialect, error) {
	if kept, ok := b.dialects.known(c.instance); ok && b.core.Now().Before(kept.until) {
		return kept.dialect, nil
	}
	found, err := c.describe(ctx)
	code := status(err)
	none := errors.Is(err, errNoMastodon) || code >= 400 && code < 500 && code != http.StatusUnauthorized
	if err != nil && !none {
		return dialect{}, err
	}
	d := dialect{softwareOf(found), found.limits()}
	if d.software != mastodon {
		d.PerURL = 0 // they count addresses in full, also where they announce otherwise, as GoToSocial does
	}
	b.dialects.keep(c.instance, d, b.core.Now().Add(24*time.Hour))
	return d, nil
}
