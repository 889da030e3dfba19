package settings

import (
	"context"
	"encoding/json"
	"errors"

	"gorm.io/gorm"

	"linienfunk/settings/chain"
)

// Limits of a response that lists cities.
const (
	listPageSize   = 1000      // names and versions, about 100 KB
	loadPageSize   = 100       // states ...
	loadPageBytes  = 400 << 10 // ... whose documents and last patches have together at most this, unless it is a single one
	verifyPageSize = 50        // whose chains are verified: the requests of others wait meanwhile
)

// cityList returns the next cities after r.After.
func (s *Storage) cityList(ctx context.Context, r Request) CityList {
	l := CityList{Cities: []Head{}}
	ctx, cancel := context.WithTimeout(ctx, transactionTimeout)
	defer cancel()
	err := s.read(ctx, func(tx *gorm.DB, row progressRow) error {
		l.Stream, l.Sequence = row.Stream, row.Sequence
		switch {
		case r.Load:
			return l.load(tx, r.After)
		case r.Verify:
			return l.verify(tx, r.After)
		}
		heads, more, err := headsAfter(tx.Select("city", "hash"), r.After, listPageSize)
		l.More = more
		for _, head := range heads {
			l.Cities = append(l.Cities, Head{City: head.City, Hash: chain.Hash(head.Hash)})
		}
		return err
	})
	if err != nil {
		s.logError(ctx, "cannot list cities", "err", err)
		l = CityList{Cities: []Head{}, Error: databaseError}
	}
	return l
}

// headsAfter returns the next heads after a city, and whether there are more.
func headsAfter(tx *gorm.DB, after string, limit int) (heads []headRow, more bool, err error) {
	err = tx.Where("city > ?", after).Order("city").Limit(limit + 1).Find(&heads).Error
	if more = len(heads) > limit; more {
		heads = heads[:limit]
	}
	return heads, more, err
}

// load adds the states of cities. Only the last link of each is verified, which authenticates the document.
func (l *CityList) load(tx *gorm.DB, after string) (err error) {
	var heads []headRow
	if heads, l.More, err = headsAfter(tx, after, loadPageSize); err != nil || len(heads) == 0 {
		return err
	}
	var links []linkRow
	err = tx.Joins("JOIN settings_heads ON settings_heads.city = settings_links.city AND settings_heads.number = settings_links.number").
		Where("settings_links.city > ? AND settings_links.city <= ?", after, heads[len(heads)-1].City).Find(&links).Error
	if err != nil {
		return err
	}
	last := make(map[string]*linkRow, len(links))
	for i, link := range links {
		last[link.City] = &links[i]
	}
	size := 0
	for i, head := range heads {
		if size += len(head.Document); last[head.City] != nil {
			size += len(last[head.City].Patch)
		}
		if i > 0 && size > loadPageBytes {
			l.More = true
			break
		}
		l.States = append(l.States, l.state(head, last[head.City]))
	}
	return nil
}

// state returns a city's state from its root.
func (l *CityList) state(head headRow, last *linkRow) CityState {
	state := CityState{Jump: chain.Jump{City: head.City}, Stream: l.Stream, Sequence: l.Sequence}
	if err := head.checkLast(last); err != nil {
		state.Error, state.Broken = err.Error(), true
		return state
	}
	state.Base, state.Hash, state.Patch = rootOf(head.City).hash, chain.Hash(head.Hash), json.RawMessage("[]")
	if last != nil {
		link := last.link()
		state.Patch, state.Last = chain.ReplaceDocument([]byte(head.Document)), &link
	}
	return state
}

// verify adds cities whose whole chains it has verified.
func (l *CityList) verify(tx *gorm.DB, after string) error {
	heads, more, err := headsAfter(tx, after, verifyPageSize)
	if err != nil {
		return err
	}
	l.More, l.Verified = more, true
	for _, head := range heads {
		one := Head{City: head.City, Hash: chain.Hash(head.Hash)}
		if err := verifyHead(tx, head); errors.Is(err, chain.ErrBroken) {
			one.Error = err.Error()
		} else if err != nil {
			return err
		}
		l.Cities = append(l.Cities, one)
	}
	return nil
}
