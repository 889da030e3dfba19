package app

import "context"

// foldNumbers makes the days that have ended part of their months in all cities' numbers, and deletes those of deleted cities.
func (p *Program) foldNumbers(ctx context.Context) error {
	all, err := p.settings.All(ctx)
	if err != nil {
		return err
	}
	for _, snapshot := range all {
		if err := p.db.FoldNumbers(ctx, snapshot.City, p.now().In(snapshot.Clock())); err != nil {
			return err
		}
	}
	return p.db.DeleteNumbersWithoutCity(ctx)
}
