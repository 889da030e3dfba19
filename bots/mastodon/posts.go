package mastodon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	masto "github.com/mattn/go-mastodon"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/db"
	"linienfunk/report"
)

// keptPosts is how long posts are remembered: longer than a report may be sent.
const keptPosts = 48 * time.Hour

// Post is the state of one report that is posted by the city's account. It has neither the text nor the author.
type Post struct {
	City      string    `gorm:"primaryKey;size:32"`
	Key       string    `gorm:"primaryKey;size:64"` // SHA-256 of the report's key
	Instance  string    `gorm:"size:300;not null;index:idx_mastodon_posts_source,priority:1"`
	Source    string    `gorm:"size:64;not null;index:idx_mastodon_posts_source,priority:2"` // id of the mention; empty if there is none or it need not be checked any more
	Judged    string    `gorm:"size:64;not null"`                                            // keyed digest of the text that the censor saw
	Boost     bool      `gorm:"not null"`
	RemoteID  string    `gorm:"size:64;not null"` // of our post or boost; empty until it is posted
	RemoteURL string    `gorm:"not null"`
	Tries     int       `gorm:"not null"` // calls that may have posted it
	Refused   int       `gorm:"not null"` // calls that the instance refused
	LookedAt  time.Time `gorm:"not null"` // when the mention was last checked
	CreatedAt time.Time `gorm:"not null;index:idx_mastodon_posts_created"`

	stored bool // in the table
}

func keyOf(r report.Report) string {
	sum := sha256.Sum256([]byte(r.Key()))
	return hex.EncodeToString(sum[:])
}

// idempotencyKey is the same for repetitions of a call whose result is unknown. It changes after a refusal: Pleroma
// repeats a refusal for the same key (lib/pleroma/web/plugs/idempotency_plug.ex).
func (p Post) idempotencyKey() string {
	if p.Refused == 0 {
		return p.Key
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", p.Key, p.Refused))
	return hex.EncodeToString(sum[:])
}

func (p Post) receipt() report.Receipt {
	return report.Receipt{ID: remoteID(p.Instance, masto.ID(p.RemoteID)), URL: p.RemoteURL}
}

// digest returns a keyed hash of a text, to compare texts without storing them.
func (s store) digest(text string) string { return s.box.Digest("mastodon text", text) }

// findPost returns the stored state of a report, or made as its first state, which is not stored yet.
func (s store) findPost(ctx context.Context, made Post) (Post, error) {
	made.CreatedAt, made.LookedAt = s.utc(), s.utc()
	found, stored, err := onePost(s.db.WithContext(ctx).Where("city = ? AND key = ?", made.City, made.Key))
	if found.stored = stored; err == nil && !stored {
		found = made
	}
	return found, err
}

// savePost stores a post even if ctx has ended.
func (s store) savePost(ctx context.Context, p *Post) error {
	err := s.db.WithContext(context.WithoutCancel(ctx)).Save(p).Error
	p.stored = p.stored || err == nil
	return wrap("remember post", err)
}

// rememberPost stores a post that an instance has accepted.
func (s store) rememberPost(ctx context.Context, p Post) error {
	return wrap("remember post", db.Remember(ctx, s.db, func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&p).Error // Save would try an update first
	}))
}

// deleteOldPosts deletes the city's posts whose reports cannot be sent any more.
func (s store) deleteOldPosts(ctx context.Context, city string) error {
	old := []any{"city = ? AND created_at < ?", city, s.utc().Add(-keptPosts)}
	if found, err := db.Any(s.db.WithContext(ctx).Model(&Post{}), old...); err != nil || !found {
		return wrap("look for old posts", err)
	}
	return wrap("delete old posts", s.db.WithContext(ctx).Where(old[0], old[1:]...).Delete(&Post{}).Error)
}

// saveCheck stores what a check of a post's mention changes, and nothing of what Send may be changing.
func (s store) saveCheck(ctx context.Context, p Post) error {
	return wrap("note check", s.db.WithContext(context.WithoutCancel(ctx)).Model(&p).Select("source", "boost", "looked_at").Updates(p).Error)
}

// freshPosts returns the posts that were created after a time and whose mention is still checked, oldest first.
func (s store) freshPosts(ctx context.Context, a Account, since time.Time) (posts []Post, err error) {
	err = s.db.WithContext(ctx).Where("city = ? AND instance = ? AND source <> ''", a.City, a.Instance).
		Where("created_at > ?", since.UTC()).Order("created_at").Find(&posts).Error
	return posts, wrap("look up posts", err)
}

// citiesWithPosts returns the cities that have posts like those of freshPosts.
func (s store) citiesWithPosts(ctx context.Context, since time.Time) (names []string, err error) {
	err = s.db.WithContext(ctx).Model(&Post{}).Where("created_at > ? AND source <> ''", since.UTC()).Distinct().Pluck("city", &names).Error
	return names, wrap("list cities with posts", err)
}

// notePosts notes that mentions were checked now.
func (s store) notePosts(ctx context.Context, a Account, sources []string) error {
	for some := range slices.Chunk(sources, 500) { // databases limit the variables of a query
		err := s.db.WithContext(ctx).Model(&Post{}).Where("city = ? AND instance = ? AND source IN ?", a.City, a.Instance, some).
			Update("looked_at", s.utc()).Error
		if err != nil {
			return wrap("note checks", err)
		}
	}
	return nil
}

// postOf returns the post for a mention.
func (s store) postOf(ctx context.Context, a Account, source masto.ID) (Post, bool, error) {
	return onePost(s.db.WithContext(ctx).
		Where("city = ? AND instance = ? AND source = ?", a.City, a.Instance, string(source)))
}

func onePost(query *gorm.DB) (p Post, found bool, err error) {
	err = query.Take(&p).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Post{}, false, nil
	}
	return p, err == nil, wrap("look up post", err)
}

// isKnownPost reports whether the post with this id belongs to one of the city's reports.
func (s store) isKnownPost(ctx context.Context, a Account, id masto.ID) (bool, error) {
	_, found, err := onePost(s.db.WithContext(ctx).Where("city = ? AND instance = ? AND remote_id = ?", a.City, a.Instance, string(id)))
	return found, err
}

// lettersAndDigits reduces a text to what servers do not change: no links, spaces or joiners.
func lettersAndDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}
