package mastodon

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
)

// software is the program that an instance runs.
type software string

// The programs that are treated differently. Forks of Mastodon and unknown programs are treated like Mastodon.
const (
	mastodon   software = "mastodon"
	goToSocial software = "gotosocial"
	pleroma    software = "pleroma" // and Akkoma, its fork
	pixelfed   software = "pixelfed"
)

// serverProfile is how an instance differs from https://docs.joinmastodon.org.
type serverProfile struct {
	software
	limits
	streamingHost string // host of its streams, empty if it is the instance's
}

// softwareOf derives the program from the instance's description. Programs other than Mastodon give some version of Mastodon, followed
// by their own name: "2.7.2 (compatible; Akkoma 3.13.2)", "3.5.3 (compatible; Pixelfed 0.12.4)"
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

// hasStream reports whether the server may have server-sent events. GoToSocial and Pleroma have a WebSocket instead
// (internal/api/client/streaming/stream.go of GoToSocial), Pixelfed has nothing.
func (d serverProfile) hasStream() bool { return d.software == mastodon }

// idempotencyWindow is how long the instance remembers an Idempotency-Key, less a margin; 0 if it does not. Mastodon remembers it for an
// hour, Pleroma for longer. GoToSocial ignores it (internal/api/client/statuses/statuscreate.go).
func (d serverProfile) idempotencyWindow() time.Duration {
	if d.software == mastodon || d.software == pleroma {
		return 50 * time.Minute
	}
	return 0
}

// limitsByAddress reports whether the rate limit is for our IP address, not for the account: all cities share it
// (docs/api/ratelimiting.md of GoToSocial: 300 in 5 minutes).
func (d serverProfile) limitsByAddress() bool { return d.software == goToSocial }

// scopes are the scopes for a login. Pixelfed checks tokens for "read"
// and "write" as a whole (tokenCan in app/Http/Controllers/Api/ApiV1Controller.php).
func (d serverProfile) scopes() string {
	if d.software == pixelfed {
		return "read write"
	}
	return scopes
}

// profilePage is the address of the page where people edit their profile, empty if it is not known. That of GoToSocial is in its settings
// (https://docs.gotosocial.org/en/latest/user_guide/settings/).
func (d serverProfile) profilePage(instance string) string {
	switch d.software {
	case mastodon:
		return instance + "/settings/profile"
	case goToSocial:
		return instance + "/settings"
	}
	return ""
}

// acceptsText reports whether a post may have no image. Pixelfed requires one ("Empty statuses are not allowed" in statusCreate,
// ApiV1Controller.php).
func (d serverProfile) acceptsText() bool { return d.software != pixelfed }

// parsesMarkup reports whether the server may parse a post's text as Markdown or the like unless its type is given: in GoToSocial and
// Pleroma that may be an account's default.
func (d serverProfile) parsesMarkup() bool { return d.software == goToSocial || d.software == pleroma }

// newestFirst reports whether min_id returns the newest page instead of the next one, as since_id does, so that we must page backwards
// (getMin of Pixelfed's NotificationService).
func (d serverProfile) newestFirst() bool { return d.software == pixelfed }

// notifiesOfEdits reports whether accounts that boosted a post are notified when it is edited
// (https://docs.joinmastodon.org/entities/Notification/#type).
func (d serverProfile) notifiesOfEdits() bool { return d.software == mastodon }

// profileCache keeps the profiles of instances for a day: their limits and their software may change.
type profileCache struct {
	mu   sync.Mutex
	kept map[string]cachedProfile
}

type cachedProfile struct {
	serverProfile
	until time.Time
}

// cached returns the profile of an instance if there is one, even an expired one. It makes no call.
func (k *profileCache) cached(instance string) (cachedProfile, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept, ok := k.kept[instance]
	return kept, ok
}

func (k *profileCache) put(instance string, d serverProfile, until time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[string]cachedProfile{}
	}
	k.kept[instance] = cachedProfile{d, until}
}

// profileOf returns the profile of the client's instance. An instance without a description is treated as Mastodon; other
// errors are temporary.
func (b *bot) profileOf(ctx context.Context, c *client) (serverProfile, error) {
	if kept, ok := b.profiles.cached(c.instance); ok && b.Core.Now().Before(kept.until) {
		return kept.serverProfile, nil
	}
	found, err := c.describe(ctx)
	code := status(err)
	none := errors.Is(err, errNoMastodon) || code >= 400 && code < 500 && code != http.StatusUnauthorized
	if err != nil && !none {
		return serverProfile{}, err
	}
	d := serverProfile{softwareOf(found), found.limits(), found.streamingHost()}
	if d.software != mastodon {
		d.PerURL = 0 // they count URLs in full even if they announce another length, as GoToSocial does
	}
	b.profiles.put(c.instance, d, b.Core.Now().Add(24*time.Hour))
	return d, nil
}
