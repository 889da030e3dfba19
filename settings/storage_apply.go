package settings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/settings/chain"
)

// apply decides on an update, and writes its link if it is the first valid one on the head.
func (s *Storage) apply(tx *gorm.DB, u bus.Update) (Outcome, error) {
	link, hash, wrong := readLink(u.Base, u.Data)
	if wrong != nil {
		return outcome("", "", wrong), nil
	}
	var heads []headRow
	if err := tx.Where("city = ?", link.City).Limit(1).Find(&heads).Error; err != nil {
		return Outcome{}, err
	}
	if len(heads) == 0 {
		return outcome(hash, "", fmt.Errorf("%w: the city does not exist", ErrUpdate)), nil
	}
	head := heads[0]
	current := chain.Hash(head.Hash)
	if known, err := hasLink(tx, link.City, hash); err != nil || known { // a duplicate, or the city's first link
		return Outcome{Link: hash, Applied: true, Current: current}, err
	}
	last, err := lastLink(tx, link.City)
	if err != nil {
		return Outcome{}, err
	}
	if wrong := head.checkLast(last); wrong != nil {
		return outcome(hash, current, wrong), nil
	}
	next, _, _, wrong := s.schema.apply(version{[]byte(head.Document), current}, link, hash)
	if wrong != nil {
		return outcome(hash, current, wrong), nil
	}
	// An update that the database refuses permanently must not block later ones.
	err = tx.Transaction(func(tx *gorm.DB) error { return appendLink(tx, head, next, link) })
	if isPermanent(err) {
		return outcome(hash, current, fmt.Errorf("the database refuses it: %w", err)), nil
	}
	return outcome(hash, hash, nil), err
}

// hasLink reports whether a city's chain contains the link.
func hasLink(tx *gorm.DB, city string, hash chain.Hash) (bool, error) {
	var count int64
	err := tx.Model(&linkRow{}).Where("city = ? AND hash = ?", city, string(hash)).Count(&count).Error
	return count > 0, err
}

// lastLink returns the last link of a city's chain; nil if there is none.
func lastLink(tx *gorm.DB, city string) (*linkRow, error) {
	var rows []linkRow
	if err := tx.Where("city = ?", city).Order("number DESC").Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// checkLast checks that the last link made the head: the chain must not be extended after its tables were tampered with.
func (head headRow) checkLast(last *linkRow) error {
	if last == nil {
		if head.Number != 0 || head.Hash != string(rootOf(head.City).hash) {
			return fmt.Errorf("%w: link %d is missing", chain.ErrBroken, head.Number)
		}
		return nil
	}
	hash, err := last.link().Hash()
	if err != nil || last.Number != head.Number || string(hash) != head.Hash || string(chain.Sum([]byte(head.Document))) != last.Result {
		return fmt.Errorf("%w: link %d does not make the version %s", chain.ErrBroken, last.Number, head.Hash)
	}
	return nil
}

// isPermanent reports whether a retry would fail again: a duplicate key, or a value that the database cannot store
// (https://www.postgresql.org/docs/current/errcodes-appendix.html, classes 22 and 23).
func isPermanent(err error) bool {
	var pg *pgconn.PgError
	return errors.Is(err, gorm.ErrDuplicatedKey) || errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23"))
}

// appendLink writes a link and the new head.
func appendLink(tx *gorm.DB, head headRow, next version, l chain.Link) error {
	number := head.Number + 1
	patch, err := chain.Canonical(l.Patch) // has the same hash and stores no white space
	if err != nil {
		return err
	}
	if err := tx.Create(&linkRow{
		City: l.City, Number: number, Hash: string(next.hash), Base: string(l.Base), Patch: string(patch),
		Result: string(l.Result), Author: l.Author, Time: db.Time(l.Time), Note: l.Note,
	}).Error; err != nil {
		return err
	}
	return tx.Save(&headRow{City: l.City, Number: number, Hash: string(next.hash), Document: string(next.document)}).Error
}

// Create writes a new city's first link, in the transaction that creates the city. After the commit, pass the link to
// Node.AnnounceCity.
func (s *Storage) Create(tx *gorm.DB, city string, doc Settings, admin uint) (chain.Link, error) {
	document, err := doc.Document()
	if err != nil {
		return chain.Link{}, err
	}
	return s.create(tx, city, document, admin, "")
}

func (s *Storage) create(tx *gorm.DB, city string, document []byte, admin uint, reason string) (chain.Link, error) {
	root := rootOf(city)
	link, err := chain.NewLink(city, root.hash, root.document, document)
	if err != nil {
		return link, err
	}
	link.Author, link.Time, link.Note = author(admin), db.Time(s.now()), CleanNote(reason)
	hash, err := link.Hash()
	if err != nil {
		return link, err
	}
	next, _, _, err := s.schema.apply(root, link, hash)
	if err != nil {
		return link, err
	}
	return link, appendLink(tx, headRow{City: city}, next, link)
}
