package twitter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

// operation is the purpose of a call: access levels of X allow some and not others.
type operation string

// The operations. The text "error-access-<operation>" explains what the access level lacks.
const (
	reading   operation = "read"
	messaging operation = "messages"
	posting   operation = "post"
	deleting  operation = "delete"
	checking  operation = "login"
)

// apiErrorOf returns the error response in err, or nil.
func apiErrorOf(err error) *apiError {
	var said *apiError
	errors.As(err, &said)
	return said
}

// noAccess reports whether the access level of the application, or of the account's login, does not allow the call.
func noAccess(err error) bool {
	said := apiErrorOf(err)
	if said == nil || said.status != http.StatusForbidden {
		return false
	}
	return said.has(codeAccess, codeNoMessages, codeReadOnly) || said.problem == "client-forbidden" || said.problem == "oauth1-permissions"
}

// tooMany reports whether a rate limit was exceeded. The application's monthly cap has the same status.
func (e *apiError) tooMany() bool {
	return e.problem != "usage-capped" && (e.status == http.StatusTooManyRequests || e.has(codeTooMany))
}

// explain turns the error of a call into a bots.Error.
func (b *bot) explain(ctx context.Context, what operation, err error) error {
	said := apiErrorOf(err)
	var explained *bots.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &explained):
		return err
	case errors.Is(err, errBudget) && what == reading:
		return bots.RetryAfter(min(untilNextMonth(b.Core.Now()), time.Hour), "error-budget-read", err)
	case errors.Is(err, errBudget) && what == checking:
		return bots.Permanent("error-budget-check", err)
	case errors.Is(err, errBudget):
		return bots.Permanent("error-budget-post", err)
	case errors.Is(err, kit.ErrNoAccount):
		return bots.Permanent("error-no-account", err)
	case said != nil:
		return said.explain(what)
	}
	err = fmt.Errorf("%s: %w", what, err)
	switch {
	case ctx.Err() != nil:
		return err // the caller's deadline has passed
	case errors.Is(err, errNotJSON), isSyntax(err):
		return bots.Retry("error-not-json", err)
	}
	return bots.Retry("error-unreachable", err)
}

func (e *apiError) explain(what operation) error {
	err := fmt.Errorf("%s: %w", what, e)
	switch {
	case noAccess(e) && what == reading:
		return bots.RetryAfter(time.Hour, "error-access-read", err) // posting still works
	case noAccess(e):
		return bots.Permanent("error-access-"+string(what), err)
	case e.status == http.StatusPaymentRequired, e.problem == "usage-capped":
		return bots.RetryAfter(time.Hour, "error-credits", err)
	case e.tooMany():
		return bots.RetryAfter(e.after, "error-too-many", err)
	case e.has(codeBadTime):
		return bots.Retry("error-clock", err)
	case e.has(codeSuspended):
		return bots.Revoked("error-suspended", err)
	case e.has(codeLocked):
		return bots.RetryAfter(time.Hour, "error-locked", err)
	case e.status == http.StatusUnauthorized, e.has(codeBadToken):
		return bots.Revoked("error-revoked", err)
	case e.status >= 500, e.status == http.StatusRequestTimeout, e.status < 400:
		return bots.Retry("error-server", err)
	case what == reading, what == checking:
		return bots.Retry("error-server", err) // it concerns no single report
	}
	return bots.Permanent("error-refused", err)
}

// isSyntax reports whether a response was not JSON, was cut off, or had other types than expected.
func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind)
}
