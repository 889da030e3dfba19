package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"linienfunk/commands"
)

// Problem is the body of all answers that are no result (RFC 9457).
type Problem struct {
	Type   string    `json:"type" doc:"Why, for programs: an address that the page of the API explains." format:"uri"`
	Title  string    `json:"title" doc:"The status in words."`
	Status int       `json:"status" doc:"The status again."`
	Code   string    `json:"code" doc:"Why, for programs. The end of type."`
	Detail string    `json:"detail" doc:"Why, for people, in the language of Accept-Language."`
	Errors []Mistake `json:"errors,omitempty" doc:"Each value that is wrong."`
}

// Mistake is a value that is wrong.
type Mistake struct {
	Location string `json:"location" doc:"Which one, as body.text or query.limit."`
	Code     string `json:"code" doc:"Why, for programs."`
	Message  string `json:"message" doc:"Why, for people."`
}

// problemType is the media type of a Problem.
const problemType = "application/problem+json"

// statuses are those of refusals, by reason.
var statuses = map[commands.Reason]int{
	commands.Invalid: http.StatusUnprocessableEntity, commands.Forbidden: http.StatusForbidden, commands.NotFound: http.StatusNotFound, commands.Conflict: http.StatusConflict,
	commands.TooLate: http.StatusGone, commands.TooMany: http.StatusTooManyRequests, commands.Unavailable: http.StatusServiceUnavailable,
}

// retryAfter is what callers wait in seconds after a refusal that may pass.
const retryAfter = 5

// at is a Mistake's location.
func at(where, name string) string { return strings.TrimSuffix(where+"."+name, ".") }

// problem makes a Problem of a status. text is the id of a text "problem-<text>", and its code.
func (a *API) problem(r *http.Request, status int, text string, pairs ...any) *Problem {
	return &Problem{Type: a.typeOf(text), Title: http.StatusText(status), Status: status, Code: text, Detail: a.Text(lang(r), "problem-"+text, pairs...)}
}

// problemAt is problem about one value.
func (a *API) problemAt(r *http.Request, status int, text, location string, pairs ...any) *Problem {
	p := a.problem(r, status, text, pairs...)
	p.Errors = []Mistake{{location, text, p.Detail}}
	return p
}

func (a *API) typeOf(code string) string { return a.BaseURL + Root + "docs#problem-" + code }

func (a *API) fail(w http.ResponseWriter, r *http.Request, status int, text string, pairs ...any) {
	a.writeProblem(w, r, a.problem(r, status, text, pairs...))
}

func (a *API) writeProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	w.Header().Set("Content-Language", lang(r))
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	a.writeJSON(w, r, p.Status, problemType, p)
}

// failed answers for a command that was not carried out.
func (a *API) failed(w http.ResponseWriter, r *http.Request, err error, where string) {
	refusals := commands.AsRefusals(err)
	switch {
	case len(refusals) > 0:
		a.writeProblem(w, r, a.refused(r, refusals, where))
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil: // the caller has left
	default:
		a.Log.Error("operation failed", "operation", r.Pattern, "err", err)
		a.fail(w, r, http.StatusInternalServerError, "failed")
	}
}

// refused makes a Problem of refusals.
func (a *API) refused(r *http.Request, refusals commands.Refusals, where string) *Problem {
	lang := lang(r)
	first := refusals[0]
	status := statuses[first.Reason]
	p := &Problem{Type: a.typeOf(string(first.Reason)), Title: http.StatusText(status), Status: status, Code: string(first.Reason)}
	var said []string
	for _, one := range refusals {
		said = append(said, a.Commands.Say(lang, one))
		if one.Param != "" {
			p.Errors = append(p.Errors, Mistake{at(where, one.Param), one.Code(), a.Commands.Text(lang, one.Say, one.Pairs...)})
		}
	}
	p.Detail = strings.Join(said, "; ")
	return p
}
