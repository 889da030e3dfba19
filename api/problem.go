package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
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

// Code is a Problem's code, for the page that explains them.
type Code struct {
	Code   string
	Status int
}

// Codes lists all codes of problems by status. Those of commands are their reasons.
func Codes() (all []Code) {
	for reason, status := range statuses {
		all = append(all, Code{string(reason), status})
	}
	for code, status := range codes {
		all = append(all, Code{code, status})
	}
	slices.SortFunc(all, func(a, b Code) int { return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code)) })
	return all
}

// problemType is the media type of a Problem.
const problemType = "application/problem+json"

// statuses are those of refusals, by reason.
var statuses = map[commands.Reason]int{
	commands.Invalid: http.StatusUnprocessableEntity, commands.Forbidden: http.StatusForbidden, commands.NotFound: http.StatusNotFound, commands.Conflict: http.StatusConflict,
	commands.TooLate: http.StatusGone, commands.Outdated: http.StatusPreconditionFailed, commands.TooMany: http.StatusTooManyRequests, commands.Unavailable: http.StatusServiceUnavailable,
}

// retryAfter is what callers wait in seconds after a refusal that may pass.
const retryAfter = 5

// at is a Mistake's location.
func at(where, name string) string { return strings.TrimSuffix(where+"."+name, ".") }

// codes are the codes of problems that are no refusal of a command, with their statuses. Each has a text "problem-<code>".
var codes = map[string]int{
	"no-key": http.StatusUnauthorized, "wrong-key": http.StatusUnauthorized, "wrong-keys": http.StatusTooManyRequests, "too-many-calls": http.StatusTooManyRequests,
	"too-many-streams": http.StatusTooManyRequests, "event": http.StatusUnprocessableEntity, "scope": http.StatusForbidden, "other-city": http.StatusNotFound, "no-operation": http.StatusNotFound, "method": http.StatusMethodNotAllowed,
	"content-type": http.StatusUnsupportedMediaType, "too-large": http.StatusRequestEntityTooLarge, "cut": http.StatusBadRequest, "not-utf8": http.StatusBadRequest, "surrogate": http.StatusBadRequest,
	"not-json": http.StatusBadRequest, "no-object": http.StatusBadRequest, "query": http.StatusBadRequest, "idempotency-key": http.StatusBadRequest,
	"if-match": http.StatusPreconditionRequired, "unknown": http.StatusUnprocessableEntity, "twice": http.StatusUnprocessableEntity, "missing": http.StatusUnprocessableEntity, "text": http.StatusUnprocessableEntity, "failed": http.StatusInternalServerError,
}

// problem makes a Problem of a code.
func (a *API) problem(r *http.Request, code string, pairs ...any) *Problem {
	status := codes[code]
	return &Problem{Type: a.typeOf(code), Title: http.StatusText(status), Status: status, Code: code, Detail: a.Text(lang(r), "problem-"+code, pairs...)}
}

// problemAt is problem about one value.
func (a *API) problemAt(r *http.Request, code, location string, pairs ...any) *Problem {
	p := a.problem(r, code, pairs...)
	p.Errors = []Mistake{{location, code, p.Detail}}
	return p
}

func (a *API) typeOf(code string) string { return a.BaseURL + Root + "docs#problem-" + code }

func (a *API) fail(w http.ResponseWriter, r *http.Request, code string, pairs ...any) {
	a.writeProblem(w, r, a.problem(r, code, pairs...))
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
		a.fail(w, r, "failed")
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
		if name := cmp.Or(one.Field, one.Param); name != "" {
			p.Errors = append(p.Errors, Mistake{at(where, name), one.Code(), a.Commands.Text(lang, one.Say, one.Pairs...)})
		}
	}
	p.Detail = strings.Join(said, "; ")
	return p
}

// Explain says what a code means.
func (a *API) Explain(lang, code string) string {
	return a.Text(lang, "problem-"+code, "Want", "application/json", "KiB", MaxBody>>10, "At", "…", "Max", maxIdempotencyKey, "Scope", "…")
}
