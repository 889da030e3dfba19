package commands

import (
	"context"
	"slices"

	"linienfunk/settings"
)

// Lists is the result of "lists show".
type Lists struct {
	Triggers []string `json:"triggers"`
	Blocked  []string `json:"blocked"`
	Hash     string   `json:"hash" doc:"Of the city's settings, as in their history."`
}

// ListChange is the result of "lists add" and "lists remove".
type ListChange struct {
	List string `json:"list"`
	Rule string `json:"rule"`
	Hash string `json:"hash" doc:"Of the city's settings, as in their history."`
}

func showLists(ctx context.Context, c *Commands, call Call) (any, error) {
	city, _, err := c.Settings.Get(ctx, call.City)
	return Lists{append([]string{}, city.Triggers...), append([]string{}, city.Blocked...), string(city.Hash)}, err
}

// addToList adds a rule at the end of a list; one that is there already stays where it is.
func addToList(ctx context.Context, c *Commands, call Call) (any, error) {
	return changeList(ctx, c, call, func(list []string, rule string) ([]string, error) {
		if slices.Contains(list, rule) {
			return list, nil
		}
		return append(slices.Clone(list), rule), nil
	})
}

func removeFromList(ctx context.Context, c *Commands, call Call) (any, error) {
	return changeList(ctx, c, call, func(list []string, rule string) ([]string, error) {
		if !slices.Contains(list, rule) {
			return nil, &Refusal{Reason: NotFound, Param: "rule", Say: "refused-no-rule", Pairs: []any{"Rule", rule}}
		}
		return slices.DeleteFunc(slices.Clone(list), func(line string) bool { return line == rule }), nil
	})
}

func changeList(ctx context.Context, c *Commands, call Call, f func(list []string, rule string) ([]string, error)) (any, error) {
	name, rule := call.Text("list"), call.Text("rule")
	now, err := c.change(ctx, call, func(s settings.Settings) (map[string]any, error) {
		list := s.Triggers
		if name == "blocked" {
			list = s.Blocked
		}
		list, err := f(list, rule)
		return map[string]any{name: list}, err
	})
	if err != nil {
		return nil, err
	}
	return ListChange{name, rule, string(now.Hash)}, nil
}
