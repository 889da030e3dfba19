package settings

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/settings/chain"
)

// Version is one version of a city's document and the link that made it.
type Version struct {
	Number        int // of the link, from 1
	Hash          chain.Hash
	Base          chain.Hash // the previous version
	Admin         uint       // 0 if this or another program made it
	Time          time.Time
	Note          string
	Before, After []byte // documents
}

// History returns all versions of a city, the oldest first. Every link is verified and applied again: an error that wraps
// chain.ErrBroken names the link that was changed or is missing, and is returned with the versions before it.
func (s *Storage) History(ctx context.Context, city string) ([]Version, error) {
	var links []chain.Link
	var head headRow
	err := s.read(ctx, func(tx *gorm.DB, _ progressRow) (err error) {
		if err := tx.Where("city = ?", city).Take(&head).Error; err != nil {
			return err
		}
		links, err = readLinks(tx, city)
		return err
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, db.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	documents, hashes, broken := chain.Build(city, links)
	versions := make([]Version, 0, len(documents))
	for i, l := range links[:len(documents)-1] {
		admin, _ := strconv.ParseUint(l.Author, 10, 32) // other programs use names of their own
		versions = append(versions, Version{
			Number: i + 1, Hash: hashes[i+1], Base: l.Base, Admin: uint(admin), Time: l.Time, Note: l.Note,
			Before: documents[i], After: documents[i+1],
		})
	}
	if broken == nil {
		broken = chain.Verify(city, links, chain.Hash(head.Hash))
	}
	return versions, broken
}

func author(admin uint) string {
	if admin == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(admin), 10)
}
