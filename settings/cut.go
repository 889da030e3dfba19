package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/internal/wait"
	"linienfunk/settings/chain"
)

// ErrSound is returned by Storage.Cut for a chain that verifies.
var ErrSound = errors.New("the history of the city's settings is sound: nothing is cut")

// Cut is what Storage.Cut has done.
type Cut struct {
	City   string     `json:"city"`
	Broken string     `json:"broken"` // the link that did not verify, and why
	Links  int        `json:"links"`  // how many there were
	Kept   int        `json:"kept"`   // the number of the version whose document is in force now; the last one may be that of the city's head
	Hash   chain.Hash `json:"hash"`   // of the new first version
}

// cutRows are a city's rows before the cut, for the file in which they are kept.
type cutRows struct {
	City  string    `json:"city"`
	Head  *headRow  `json:"head"` // nil if it was missing
	Links []linkRow `json:"links"`
}

// Cut replaces a city's chain that does not verify with a new one, of one link that makes the newest document that is valid under the schema. It hands all rows that there
// were to keep, as JSON, before it changes anything. Nodes take the new version when they compare theirs with the storage's, within a minute.
func (s *Storage) Cut(ctx context.Context, city string, keep func(rows []byte) error) (c Cut, err error) {
	ctx, cancel := context.WithTimeout(ctx, transactionTimeout)
	defer cancel()
	err = s.db.Transaction(ctx, func(tx *gorm.DB) error {
		if _, err := lockProgress(tx); err != nil {
			return err
		}
		rows := cutRows{City: city}
		var heads []headRow
		if err := tx.Where("city = ?", city).Limit(1).Find(&heads).Error; err != nil {
			return err
		}
		if err := tx.Where("city = ?", city).Order("number").Find(&rows.Links).Error; err != nil {
			return err
		}
		broken := fmt.Errorf("%w: the current version is missing", chain.ErrBroken)
		if len(heads) > 0 {
			rows.Head = &heads[0]
			broken = verifyHead(tx, heads[0])
		} else if len(rows.Links) == 0 {
			return db.ErrNotFound
		}
		if broken == nil {
			return ErrSound
		}
		if !errors.Is(broken, chain.ErrBroken) {
			return broken
		}
		c = Cut{City: city, Broken: broken.Error(), Links: len(rows.Links)}
		document, number := s.newestValid(rows)
		if document == nil {
			return fmt.Errorf("%w; no version of it is valid, so that there is nothing to begin with", broken)
		}
		c.Kept = number
		text, err := json.MarshalIndent(rows, "", "  ")
		if err == nil {
			err = keep(text)
		}
		if err != nil {
			return fmt.Errorf("keep the old rows: %w", err)
		}
		c.Hash, err = s.beginAgain(tx, city, document)
		return err
	})
	return c, err
}

// newestValid returns the document of the newest version that can be in force, and the version's number; nil if there is none. A current document that is not what its own
// link says was changed by hand: it counts only if nothing else is left.
func (s *Storage) newestValid(rows cutRows) (document []byte, number int) {
	isValid := func(document []byte) bool {
		_, _, err := s.schema.Check(document, document)
		return err == nil
	}
	var current []byte
	if rows.Head != nil {
		if document, err := chain.Canonical([]byte(rows.Head.Document)); err == nil && isValid(document) {
			current = document
		}
	}
	isFalse := slices.ContainsFunc(rows.Links, func(l linkRow) bool {
		return rows.Head != nil && l.Number == rows.Head.Number && l.Result != string(chain.Sum([]byte(rows.Head.Document)))
	})
	if current != nil && !isFalse {
		return current, rows.Head.Number
	}
	links := make([]chain.Link, len(rows.Links))
	for i, row := range rows.Links {
		links[i] = row.link()
	}
	documents, _, _ := chain.Build(rows.City, links) // up to the link that is broken
	for i := len(documents) - 1; i > 0; i-- {
		if isValid(documents[i]) {
			return documents[i], i
		}
	}
	if current != nil {
		return current, rows.Head.Number
	}
	return nil, 0
}

// beginAgain replaces a city's rows with those of a chain of one link.
func (s *Storage) beginAgain(tx *gorm.DB, city string, document []byte) (chain.Hash, error) {
	if err := tx.Where("city = ?", city).Delete(&linkRow{}).Error; err != nil {
		return "", err
	}
	root := rootOf(city)
	link, err := chain.NewLink(city, root.hash, root.document, document)
	if err != nil {
		return "", err
	}
	link.Time, link.Note = db.Time(s.now()), "the history before was broken, and is cut off"
	hash, err := link.Hash()
	if err != nil {
		return "", err
	}
	return hash, appendLink(tx, headRow{City: city}, version{document, hash}, link)
}

// takeTime is how long Take waits.
const takeTime = 10 * time.Second

// Take has the node compare all cities with the storage now, instead of within a minute, and returns once a version that the storage has is the city's current one, or after
// ten seconds.
func (n *Node) Take(ctx context.Context, city string, hash chain.Hash) error {
	ctx, cancel := context.WithTimeout(ctx, takeTime)
	defer cancel()
	for {
		if snapshot, ok, _ := n.Get(ctx, city); ok && snapshot.Hash == hash { // reads memory
			return nil
		}
		if err := n.compareHeads(ctx); err != nil {
			n.log.Debug("cannot compare settings with the storage", "err", err)
		}
		if wait.For(ctx, minBackoff); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
