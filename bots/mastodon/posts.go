package mastodon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	masto "github.com/mattn/go-mastodon"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"linienfunk/report"
)

// keptPosts is how long it is remembered what became of a report: longer than anybody tries to send one.
const keptPosts = 48 * time.Hour

// Post is what became of one report on its way to the city's account. No text stands here, and no author.
type Post struct {
	City      string    `gorm:"primaryKey;size:32"`
	Key       string    `gorm:"primaryKey;size:64"` // SHA-256 of the report's key
	Instance  string    `gorm:"size:300;not null;index:idx_mastodon_posts_source,priority:1"`
	Source    string    `gorm:"size:64;not null;index:idx_mastodon_posts_source,priority:2"` // id of the mention; empty when there is none, or nothing follows from it any more
	Judged    string    `gorm:"size:64;not null"`                                            // keyed digest of the text that the censor saw
	Boost     bool      `gorm:"not null"`
	RemoteID  string    `gorm:"size:64;not null"` // of our post or boost; empty until the instance has taken it
	RemoteURL string    `gorm:"not null"`
	Tries     int       `gorm:"not null"` // calls that the instance may have carried out
	Refused   int       `gorm:"not null"` // calls that it said it did not
	LookedAt  time.Time `gorm:"not null"` // at the mention
	CreatedAt time.Time `gorm:"not null;index:idx_mastodon_posts_created"`
}

func keyOf(r report.Report) string {
	sum := sha256.Sum256([]byte(r.Key()))
	return hex.EncodeToString(sum[:])
}

// idempotencyKey is the same for repetitions of a call whose end is unknown. After a refusal it is another one: Pleroma
// answers the same key with the same refusal again (lib/pleroma/web/plugs/idempotency_plug.ex).
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

// digest tells whether two texts are the same, and nothing else.
func (s store) digest(text string) string { return s.box.Digest("mastodon text", text) }

// openPost returns what is remembered of a report; made is false if it was sent, or begun to be sent, before. What is
// too old goes.
func (s store) openPost(ctx context.Context, made Post) (Post, error) {
	made.CreatedAt, made.LookedAt = s.utc(), s.utc()
	var found Post
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Where("created_at < ?", s.utc().Add(-keptPosts)).Delete(&Post{}).Error; err != nil {
			return err
		}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&made).Error; err != nil {
			return err
		}
		return tx.Where("city = ? AND key = ?", made.City, made.Key).Take(&found).Error
	})
	return found, wrap("remember report", err)
}

// savePost also works when ctx ends just now: what an instance has taken must be known.
func (s store) savePost(ctx context.Context, p Post) error {
	return wrap("remember post", s.db.WithContext(context.WithoutCancel(ctx)).Save(&p).Error)
}

// watched returns the post of a city whose mention was looked at longest ago, before a time; false if there is none that
// was made after since.
func (s store) watched(ctx context.Context, a Account, since, before time.Time) (Post, bool, error) {
	return onePost(s.db.WithContext(ctx).
		Where("city = ? AND instance = ? AND source <> ''", a.City, a.Instance).
		Where("created_at > ? AND looked_at < ?", since.UTC(), before.UTC()).Order("looked_at"))
}

// postOf returns the post that came from a mention.
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

// posted says whether one of the city's reports is known to be the post with this id.
func (s store) posted(ctx context.Context, a Account, id masto.ID) (bool, error) {
	_, found, err := onePost(s.db.WithContext(ctx).Where("city = ? AND instance = ? AND remote_id = ?", a.City, a.Instance, string(id)))
	return found, err
}

// essence is what stays of a text whatever a server makes of its links, spaces and joiners.
func essence(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}
