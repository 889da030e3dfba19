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

// doing is what a call was for: X's access levels differ in what they allow.
type doing string

// The doings. The text "error-access-<doing>" says what is missing.
const (
	reading   doing = "read"
	messaging doing = "messages"
	posting   doing = "post"
	deleting  doing = "delete"
	checking  doing = "login"
)

// answerOf returns X's answer that an error stands for, or nil.
func answerOf(err error) *answer {
	var said *answer
	errors.As(err, &said)
	return said
}

// noAccess says that what was asked for is not part of the access that the application, or the account's login, has.
func noAccess(err error) bool {
	said := answerOf(err)
	if said == nil || said.status != http.StatusForbidden {
		return false
	}
	return said.has(codeAccess, codeNoMessages, codeReadOnly) || said.problem == "client-forbidden" || said.problem == "oauth1-permissions"
}

// tooMany says that we ask too often. A cap on what the application may use in a month comes with the same status.
func (e *answer) tooMany() bool {
	return e.problem != "usage-capped" && (e.status == http.StatusTooManyRequests || e.has(codeTooMany))
}

// explain turns the error of a call into one that tells the core what to do.
func (b *bot) explain(ctx context.Context, what doing, err error) error {
	said := answerOf(err)
	var explained *bots.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &explained):
		return err
	case errors.Is(err, errBudget) && what == reading:
		return bots.RetryAfter(min(untilNextMonth(b.core.Now()), time.Hour), "error-budget-read", err)
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
		return err // the caller's time is over
	case errors.Is(err, errNotJSON), isSyntax(err):
		return bots.Retry("error-not-json", err)
	}
	return bots.Retry("error-unreachable", err)
}

func (e *answer) explain(what doing) error {
	err := fmt.Errorf("%s: %w", what, e)
	switch {
	case noAccess(e) && what == reading:
		return bots.RetryAfter(time.Hour, "error-access-read", err) // what is not for reading goes on
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
		return bots.Retry("error-server", err) // there is no next one to go on with
	}
	return bots.Permanent("error-refused", err)
}

// isSyntax says that an answer was no JSON, cut off, or JSON of another kind.
func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind)
}
