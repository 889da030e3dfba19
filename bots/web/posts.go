package web

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"linienfunk/report"
)

// maxListed is how many posts the page, the live stream and the feeds show.
const maxListed = 50

// list returns what the city shows now: nil if it shows no list, empty if it has no posts.
func (b *bot) list(ctx context.Context, city string) ([]post, error) {
	c, known, err := b.core.Cities.City(ctx, city)
	if err != nil || !known || !c.Active || !c.Options.On("list") {
		return nil, wrap("look up city", err)
	}
	posts, err := b.latestPosts(ctx, city)
	if err == nil && posts == nil {
		posts = []post{}
	}
	return posts, err
}

// latestPosts returns the last maxListed posts of a city, newest first.
func (b *bot) latestPosts(ctx context.Context, city string) ([]post, error) {
	var posts []post
	err := b.core.DB.WithContext(ctx).Where("city = ?", city).Order("id DESC").Limit(maxListed).Find(&posts).Error
	return posts, wrap("read posts", err)
}

// newestID returns the highest id of posts sorted newest first, 0 if there are none.
func newestID(posts []post) uint {
	if len(posts) == 0 {
		return 0
	}
	return posts[0].ID
}

// page returns the state of a city's list.
func (b *bot) page(ctx context.Context, city string) (page, error) {
	found := page{}
	err := b.core.DB.WithContext(ctx).Take(&found, "city = ?", city).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return page{City: city}, nil
	}
	return found, wrap("read page", err)
}

// savePost stores the report as a post of the city, unless it is stored already. It returns the stored post, and whether it is new.
func (b *bot) savePost(ctx context.Context, city string, r report.Report) (post, bool, error) {
	saved := post{City: city, Key: r.Key(), Text: r.Text, At: r.At.UTC().Truncate(time.Microsecond), Created: b.now(), People: r.People, Ended: endOf(r), Means: meansOf(r)}
	isNew := false
	err := b.core.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		made := tx.Raw("INSERT INTO web_posts (city, key, text, at, created, people, ended, means) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING RETURNING id",
			saved.City, saved.Key, saved.Text, saved.At, saved.Created, saved.People, saved.Ended, saved.Means).Scan(&saved.ID)
		if made.Error != nil {
			return made.Error
		}
		if isNew = saved.ID > 0; isNew {
			return b.markChanged(tx, city)
		}
		saved = post{}
		return tx.Take(&saved, "key = ?", r.Key()).Error
	})
	return saved, isNew, wrap("save post", err)
}

func endOf(r report.Report) *time.Time {
	if r.Ended.IsZero() {
		return nil
	}
	end := r.Ended.UTC().Truncate(time.Microsecond)
	return &end
}

// editPost stores what has become of a report, and returns whether that is new.
func (b *bot) editPost(ctx context.Context, city string, id uint64, r report.Report) (changed bool, err error) {
	end := endOf(r)
	err = b.core.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var p post
		err := tx.Take(&p, "city = ? AND id = ?", city, id).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if changed = p.People != r.People || (p.Ended == nil) != (end == nil); !changed {
			return nil
		}
		if err := tx.Model(&p).Updates(map[string]any{"people": r.People, "ended": end, "edited": b.now()}).Error; err != nil {
			return err
		}
		return b.markChanged(tx, city)
	})
	return changed, wrap("edit post", err)
}

// deletePosts deletes the city's posts that match the SQL condition, and returns whether there were any.
func (b *bot) deletePosts(ctx context.Context, city, condition string, values ...any) (bool, error) {
	found := false
	err := b.core.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		deleted := tx.Where("city = ?", city).Where(condition, values...).Delete(&post{})
		if deleted.Error != nil {
			return deleted.Error
		}
		if found = deleted.RowsAffected > 0; found {
			return b.markChanged(tx, city)
		}
		return nil
	})
	return found, wrap("delete posts", err)
}

// markChanged stores that the city's list has changed now.
func (b *bot) markChanged(tx *gorm.DB, city string) error {
	return tx.Exec("INSERT INTO web_pages (city, changed) VALUES (?, ?) ON CONFLICT (city) DO UPDATE SET changed = excluded.changed", city, b.now()).Error
}

// now is the time as the database stores it.
func (b *bot) now() time.Time { return b.core.Now().UTC().Truncate(time.Microsecond) }
