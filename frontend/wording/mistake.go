package wording

import (
	"errors"
	"net/http"
	"strings"

	"linienfunk/bots"
	"linienfunk/censor"
	"linienfunk/settings"
	"linienfunk/transit/network"
)

// maxMistakes is the largest number of mistakes in one list.
const maxMistakes = 50

// Mistake describes a mistake in a field.
func (w *Wording) Mistake(r *http.Request, e settings.FieldError) string {
	say, limit, between := e.TextID, fieldLimit(e.Field), fieldRange(e.Field)
	if _, option, ok := w.Option(e.Field); ok && say == "settings-error-option" {
		switch option.Kind {
		case bots.Text:
			say, limit = "settings-error-long", option.Max
		case bots.Number:
			say, between = "settings-error-range", [2]int{option.Min, option.Max}
		}
	}
	return w.Text(r, say, "Line", e.Line, "Why", w.why(r, e.Err), "Limit", limit, "Range", between)
}

// Mistakes describes mistakes, each with the title of its field.
func (w *Wording) Mistakes(r *http.Request, found settings.Errors) []string {
	var all []string
	for i, one := range found {
		if i == maxMistakes {
			return append(all, w.Text(r, "settings-wrong-more", "Count", len(found)-i))
		}
		sentence := w.Mistake(r, one)
		if one.Field != "" {
			sentence = w.Title(r, one.Field) + ": " + sentence
		}
		all = append(all, sentence)
	}
	return all
}

// why translates the censor's errors. Others are returned as they are.
func (w *Wording) why(r *http.Request, err error) string {
	for _, one := range []struct {
		err error
		id  string
	}{
		{censor.ErrTooLong, "rule-too-long"},
		{censor.ErrTooManyLines, "rule-too-many"},
		{censor.ErrTooManyExpressions, "rule-too-many-expressions"},
		{censor.ErrTooLarge, "rule-too-large"},
		{censor.ErrTooComplex, "rule-too-complex"},
		{censor.ErrUnclosed, "rule-unclosed"},
		{censor.ErrMatchesAll, "rule-matches-all"},
		{censor.ErrNothing, "rule-nothing"},
		{censor.ErrStar, "rule-star"},
		{censor.ErrStarAlone, "rule-star-alone"},
		{censor.ErrStarShort, "rule-star-short"},
		{censor.ErrPart, "rule-part"},
		{censor.ErrTooManyParts, "rule-too-many-parts"},
		{censor.ErrTooManyCombined, "rule-too-many-combined"},
	} {
		if errors.Is(err, one.err) {
			return w.Text(r, one.id)
		}
	}
	var list *network.ListError
	if errors.As(err, &list) {
		return w.Text(r, "list-"+string(list.Problem), "First", list.First)
	}
	var name *censor.NameError
	if errors.As(err, &name) {
		return w.Text(r, "rule-name", "Name", name.Name, "Nearest", name.Nearest)
	}
	if errors.Is(err, censor.ErrExpression) {
		detail := strings.TrimPrefix(err.Error(), censor.ErrExpression.Error()+": ")
		return w.Text(r, "rule-expression", "Detail", detail)
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

func fieldLimit(field string) int {
	if field == "about" {
		return settings.MaxAbout
	}
	return settings.MaxTitle
}

func fieldRange(field string) [2]int {
	switch field {
	case "retention_hours":
		return [2]int{settings.MinRetention, settings.MaxRetention}
	case "hold_many":
		return [2]int{0, settings.MaxHoldMany}
	case "flags":
		return [2]int{0, settings.MaxFlags}
	case "repeat_minutes":
		return [2]int{0, settings.MaxRepeat}
	}
	return [2]int{settings.MinFreshness, settings.MaxFreshness}
}
