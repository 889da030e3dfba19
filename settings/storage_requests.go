package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"linienfunk/bus"
	"linienfunk/settings/chain"
)

// handleRequest responds to a request. Without a reply subject the response is published as an update on the requester's version.
func (s *Storage) handleRequest(ctx context.Context, q bus.Request) {
	var r Request
	var answer any
	if err := json.Unmarshal(q.Data, &r); err != nil {
		answer = CityState{Error: "invalid request: " + err.Error()}
	} else if r.City == "" {
		answer = s.cityList(ctx, r)
	} else {
		answer = s.cityState(ctx, r)
	}
	data, err := encode(answer)
	if err == nil {
		err = s.sendReply(ctx, q, r, answer, data)
	}
	if err != nil && ctx.Err() == nil {
		s.log.Warn("cannot respond to a request for settings", "city", r.City, "err", err)
	}
}

func (s *Storage) sendReply(ctx context.Context, q bus.Request, r Request, answer any, data []byte) error {
	if q.WantsReply() {
		return q.Respond(data)
	}
	one, ok := answer.(CityState)
	if !ok || one.Hash == "" {
		return errors.New("the request has no reply subject")
	}
	// The same id for the same response: repeated requests must not fill the stream.
	_, err := s.bus.PublishUpdate(ctx, string(one.Base), fmt.Sprint(one.Base, ">", one.Hash), data)
	return err
}

const databaseError = "the database is not available"

// logError logs an error unless the Storage is being stopped.
func (s *Storage) logError(ctx context.Context, message string, attributes ...any) {
	if ctx.Err() == nil {
		s.log.Error(message, attributes...)
	}
}

// read runs f in a transaction that sees one state of the tables, in which all updates up to the progress are written.
func (s *Storage) read(ctx context.Context, f func(tx *gorm.DB, row progressRow) error) error {
	return s.db.Snapshot(ctx, func(tx *gorm.DB) error {
		var row progressRow
		if err := tx.Where("id = ?", 1).Limit(1).Find(&row).Error; err != nil {
			return err
		}
		return f(tx, row)
	})
}

// cityState returns a city's state. The whole chain is verified each time: an error names a link that was changed or is missing.
func (s *Storage) cityState(ctx context.Context, r Request) CityState {
	a := CityState{Jump: chain.Jump{City: r.City}}
	if !cityName.MatchString(r.City) {
		a.Gone = true
	}
	ctx, cancel := context.WithTimeout(ctx, transactionTimeout)
	defer cancel()
	err := s.read(ctx, func(tx *gorm.DB, row progressRow) (err error) {
		a.Stream, a.Sequence = row.Stream, row.Sequence
		var heads []headRow
		if !a.Gone {
			err = tx.Where("city = ?", r.City).Limit(1).Find(&heads).Error
		}
		if err != nil {
			return err
		}
		if a.Gone = a.Gone || len(heads) == 0; a.Gone {
			return nil
		}
		links, err := readLinks(tx, r.City)
		if err != nil {
			return err
		}
		a.Jump, err = jumpTo(heads[0], links, r.Have)
		return err
	})
	if err != nil {
		s.logError(ctx, "cannot read a city's settings", "city", r.City, "err", err)
		a.Error = databaseError
		if errors.Is(err, chain.ErrBroken) {
			a.Error, a.Broken = err.Error(), true
		}
	}
	return a
}

// verifyHead verifies a city's whole chain.
func verifyHead(tx *gorm.DB, head headRow) error {
	links, err := readLinks(tx, head.City)
	if err == nil {
		_, err = jumpTo(head, links, "")
	}
	return err
}

// jumpTo returns the jump from a version to the head, or from the root if the chain does not contain the version.
func jumpTo(head headRow, links []chain.Link, have chain.Hash) (chain.Jump, error) {
	if err := chain.Verify(head.City, links, chain.Hash(head.Hash)); err != nil {
		return chain.Jump{}, err
	}
	base := rootOf(head.City).hash
	for _, l := range links {
		if l.Base == have {
			base = have
		}
	}
	if string(have) == head.Hash {
		base = have
	}
	var last *chain.Link
	if len(links) > 0 {
		last = &links[len(links)-1]
		if document := []byte(head.Document); chain.Sum(document) != last.Result {
			return chain.Jump{}, fmt.Errorf("%w: the document is not the result of link %d", chain.ErrBroken, len(links))
		}
	}
	return chain.NewJump(head.City, base, []byte(head.Document), last)
}

func readLinks(tx *gorm.DB, city string) ([]chain.Link, error) {
	var rows []linkRow
	if err := tx.Where("city = ?", city).Order("number").Find(&rows).Error; err != nil {
		return nil, err
	}
	links := make([]chain.Link, len(rows))
	for i, row := range rows {
		links[i] = row.link()
	}
	return links, nil
}
