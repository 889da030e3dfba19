package api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"linienfunk/commands"
	"linienfunk/internal/limits"
)

// Headers of callers.
const (
	keyHeader    = "x-api-key"
	clientHeader = "client"
	maxClient    = 100 // characters that are kept
)

// callRate limits the calls of each key. wrongRate limits what a client that tries wrong keys is told; it does not keep out the right key.
var (
	callRate  = limits.PerMinute(600)
	wrongRate = limits.PerMinute(60)
)

// admit returns the key of a request that may do something in a scope, else it answers.
func (a *API) admit(w http.ResponseWriter, r *http.Request, scope commands.Scope) (Key, bool) {
	key, err := a.Keys.Use(r.Context(), r.Header.Get(keyHeader), r.Header.Get(clientHeader))
	switch {
	case errors.Is(err, ErrNoKey):
		a.refuseKey(w, r)
		return key, false
	case err != nil:
		a.failed(w, r, fmt.Errorf("look up key: %w", err), "")
		return key, false
	case !a.withinLimit(w, r, key):
		return key, false
	case !key.Has(scope):
		a.fail(w, r, "scope", "Scope", string(scope))
		return key, false
	}
	return key, true
}

// admitTo is admit for an operation with the city in its path, which must be the key's. Others do not learn whether the city exists.
func (a *API) admitTo(w http.ResponseWriter, r *http.Request, scope commands.Scope) (Key, bool) {
	key, ok := a.admit(w, r, scope)
	if ok && r.PathValue("city") != key.City {
		a.writeProblem(w, r, a.problemAt(r, "other-city", "path.city"))
		return key, false
	}
	return key, ok
}

func (a *API) refuseKey(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("WWW-Authenticate", `ApiKey header="`+keyHeader+`"`)
	switch {
	case r.Header.Get(keyHeader) == "":
		a.fail(w, r, "no-key")
	case !a.wrong.Allow(limits.Client(r.RemoteAddr)):
		w.Header().Set("Retry-After", "60")
		a.fail(w, r, "wrong-keys")
	default:
		a.fail(w, r, "wrong-key")
	}
}

// withinLimit counts a call of a key and says in the headers what is left of its limit.
func (a *API) withinLimit(w http.ResponseWriter, r *http.Request, key Key) bool {
	name := key.name()
	allowed := a.calls.Allow(name)
	left, full := a.calls.Remaining(name)
	h := w.Header()
	h.Set("RateLimit-Limit", strconv.Itoa(callRate.Burst))
	h.Set("RateLimit-Remaining", strconv.Itoa(left))
	h.Set("RateLimit-Reset", strconv.Itoa(int((full+time.Second-1)/time.Second)))
	if !allowed {
		h.Set("Retry-After", "1")
		a.fail(w, r, "too-many-calls")
	}
	return allowed
}
