package site

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"linienfunk/db"
)

// SessionInfo is a login of an admin, as its page shows it.
type SessionInfo struct {
	ID      string // of the row; nobody can log in with it
	Since   time.Time
	Used    time.Time // the day of the last visit, or up to a day before
	Browser string    // its family and system: "Firefox, Linux"; empty if it is not known
	Here    bool      // it is the visitor's own
}

// Sessions lists the sessions of an admin that have not ended, the newest first. ctx is that of the visitor's request.
func (s *Site) Sessions(ctx context.Context, admin uint) ([]SessionInfo, error) {
	var rows []db.Session
	err := s.DB.WithContext(ctx).Where("admin_id = ? AND expires_at > ?", admin, db.Time(s.Now())).Order("expires_at DESC, token").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	own := s.sessionID(ctx)
	var all []SessionInfo
	for _, row := range rows {
		_, values, err := scs.GobCodec{}.Decode(row.Data)
		if err != nil {
			return nil, fmt.Errorf("read session: %w", err)
		}
		one := SessionInfo{ID: row.Token, Used: row.ExpiresAt.Add(-SessionIdle), Here: row.Token == own}
		one.Browser, _ = values[keyBrowser].(string)
		if since, ok := values[keySince].(int64); ok {
			one.Since = time.Unix(since, 0)
		}
		all = append(all, one)
	}
	return all, nil
}

// sessionID is the visitor's row: scs stores this digest of the cookie.
func (s *Site) sessionID(ctx context.Context) string {
	sum := sha256.Sum256([]byte(s.sessions.Token(ctx)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// EndSession ends a session of an admin, on all nodes. db.ErrNotFound if it has ended.
func (s *Site) EndSession(ctx context.Context, admin uint, id string) error {
	done := s.DB.WithContext(ctx).Where("admin_id = ? AND token = ?", admin, id).Delete(&db.Session{})
	if done.Error == nil && done.RowsAffected == 0 {
		return db.ErrNotFound
	}
	return done.Error
}

// EndOtherSessions ends all sessions of an admin but the visitor's, on all nodes.
func (s *Site) EndOtherSessions(ctx context.Context, admin uint) error {
	return s.DB.WithContext(ctx).Where("admin_id = ? AND token <> ?", admin, s.sessionID(ctx)).Delete(&db.Session{}).Error
}

// browsers and systems are what User-Agents say, in the order in which they are looked for: most say what others say, too.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS", "Firefox"}, {"Chrom", "Chrome"}, {"CriOS", "Chrome"},
		{"Safari/", "Safari"}}
	systems = [][2]string{{"Android", "Android"}, {"iPhone", "iOS"}, {"iPad", "iPadOS"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}}
)

// browserOf names the family of a browser and its system, and nothing by which one browser differs from others of its kind. It is empty for a program.
func browserOf(agent string) string {
	var names []string
	for _, list := range [][][2]string{browsers, systems} {
		for _, one := range list {
			if strings.Contains(agent, one[0]) {
				names = append(names, one[1])
				break
			}
		}
	}
	return strings.Join(names, ", ")
}
