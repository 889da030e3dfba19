package settings

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/settings/chain"
)

// PositionTable is the table that says up to where the stream SETTINGS is written. It means nothing beside another stream.
const PositionTable = "settings_progress"

// Position returns the stream whose updates are written, and up to which sequence number. It returns "" if none is.
func Position(ctx context.Context, d *db.DB) (stream string, sequence uint64, err error) {
	var row progressRow
	if err := d.WithContext(ctx).Limit(1).Find(&row).Error; err != nil {
		return "", 0, fmt.Errorf("read progress: %w", err)
	}
	return row.Stream, row.Sequence, nil
}

// BrokenChain is the history of a city that is not sound.
type BrokenChain struct {
	City string
	Err  error // wraps chain.ErrBroken and names the link
}

// VerifyAll verifies the chains of all cities. It returns their number, and an error that wraps chain.ErrBroken for those that are broken.
func VerifyAll(ctx context.Context, d *db.DB) (cities int, err error) {
	var errs []error
	cities, broken, err := verifyAll(ctx, d)
	for _, b := range broken {
		errs = append(errs, fmt.Errorf("settings of %s: %w", b.City, b.Err))
	}
	return cities, errors.Join(append(errs, err)...)
}

// Broken verifies the chains of all cities, and returns those that are broken.
func Broken(ctx context.Context, d *db.DB) ([]BrokenChain, error) {
	_, broken, err := verifyAll(ctx, d)
	return broken, err
}

func verifyAll(ctx context.Context, d *db.DB) (cities int, broken []BrokenChain, err error) {
	err = d.Snapshot(ctx, func(tx *gorm.DB) error {
		for after, more := "", true; more; {
			var heads []headRow
			var err error
			if heads, more, err = headsAfter(tx, after, verifyPageSize); err != nil {
				return err
			}
			for _, head := range heads {
				after = head.City
				cities++
				if err := verifyHead(tx, head); errors.Is(err, chain.ErrBroken) {
					broken = append(broken, BrokenChain{head.City, err})
				} else if err != nil {
					return err
				}
			}
		}
		return nil
	})
	return cities, broken, err
}
