package wording

import (
	"errors"
	"net/http"
	"strings"

	"linienfunk/bots"
	"linienfunk/censor"
	"linienfunk/settings"
)

// maxWrong is how many mistakes are listed where they do not stand at their fields.
const maxWrong = 50

// sentence says what is wrong with a field, in the visitor's language.
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

// sentences are what is wrong, each with the name of its field.
func (w *Wording) Mistakes(r *http.Request, found settings.Errors) []string {
	var all []string
	for i, one := range found {
		if i == maxWrong {
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

// why translates the censor's reasons; what it does not know it leaves as it is.
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
	} {
		if errors.Is(err, one.err) {
			return w.Text(r, one.id)
		}
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
	if field == "retention_hours" {
		return [2]int{settings.MinRetention, settings.MaxRetention}
	}
	return [2]int{settings.MinFreshness, settings.MaxFreshness}
}
