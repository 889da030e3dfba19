package mastodon

import (
	"context"
	"errors"
	"net/http"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/bots/places"
)

var _ places.Network = (*bot)(nil)

// UsePlaces implements places.Network: the settings page has nothing to choose from them.
func (b *bot) UsePlaces(places.Lists) {}

// Places implements places.Network: the account's lists (https://docs.joinmastodon.org/methods/lists/#get). All of them come in one answer.
func (b *bot) Places(ctx context.Context, city string) ([]places.Place, error) {
	_, c, err := b.account(ctx, city)
	if errors.Is(err, kit.ErrNoAccount) {
		return nil, bots.Permanent("error-no-account", err)
	}
	if err != nil {
		return nil, err
	}
	var lists []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	err = c.do(ctx, "/api/v1/lists", nil, &lists)
	explained := c.explain(ctx, "read lists", err)
	switch code := status(err); {
	case err == nil:
	case bots.AsError(explained).Kind == bots.KindPermanent && code == http.StatusForbidden: // the account works: see explain
		return nil, bots.Permanent("places-scope", explained)
	case bots.AsError(explained).Kind == bots.KindPermanent:
		return nil, bots.Permanent("places-none", explained)
	default:
		return nil, kit.ErrorsForAdmins(explained)
	}
	var found []places.Place
	for _, list := range lists {
		found = append(found, places.Place{ID: list.ID, Kind: places.List, Name: list.Title, Rights: []places.Right{places.Read}})
	}
	return found, nil
}

// Chosen implements places.Network: cities use no lists.
func (b *bot) Chosen(context.Context, string) ([]string, error) { return nil, nil }
