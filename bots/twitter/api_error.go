package twitter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// apiError is an error response of X. Of its content only codes are kept: messages may repeat what we sent.
type apiError struct {
	status    int
	codes     []int  // of version 1.1, and of some answers of version 2
	problem   string // of version 2: the last part of its type, such as "client-forbidden"
	duplicate bool   // the same text was posted before, or the same post retweeted
	after     time.Duration
}

func (e *apiError) Error() string {
	text := fmt.Sprintf("X answers %d %s", e.status, http.StatusText(e.status))
	for _, code := range e.codes {
		text += fmt.Sprintf(", code %d", code)
	}
	if e.problem != "" {
		text += ", " + e.problem
	}
	return text
}

func (e *apiError) has(codes ...int) bool {
	return slices.ContainsFunc(e.codes, func(code int) bool { return slices.Contains(codes, code) })
}

// Codes of version 1.1 (https://developer.x.com/en/support/x-api/error-troubleshooting), some of which version 2 answers as well.
const (
	codeNoPage            = 34  // nothing there
	codeSuspended         = 64  // the account
	codeTooMany           = 88  // rate limit
	codeBadToken          = 89  // invalid or expired token
	codeNoMessages        = 93  // the application may not read direct messages
	codeNoStatus          = 144 // no post with this id
	codeBadTime           = 135 // our clock is wrong
	codeDuplicate         = 187 // posted before
	codeLocked            = 326 // the account, until somebody logs in at X
	codeAlready           = 327 // retweeted before
	codeCallback          = 415 // the callback is not one of the application's
	codeAccess            = 453 // not part of the application's access level
	codeReadOnly          = 261 // the application may not write
	codeConsumerSuspended = 416 // the application
)

// maxClockError is how much the time of a signature may differ from X's. Version 2 does not report that as the reason.
const maxClockError = 5 * time.Minute

// parseError parses an error response in either version's form:
// https://docs.x.com/x-api/fundamentals/response-codes-and-errors.
func parseError(status int, header http.Header, body []byte, now time.Time) *apiError {
	var said struct {
		Type   string `json:"type"`
		Detail string `json:"detail"`
		Reason string `json:"reason"`
		Errors []struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	e := &apiError{status: status, after: waitTime(header, now)}
	if theirs := serverTime(header); status == http.StatusUnauthorized && !theirs.IsZero() && theirs.Sub(now).Abs() > maxClockError {
		e.codes = append(e.codes, codeBadTime)
	}
	if json.Unmarshal(body, &said) != nil && said.Type == "" && len(said.Errors) == 0 {
		return e
	}
	if name := path.Base(said.Type); strings.Contains(said.Type, "/problems/") && word(name) {
		e.problem = name
	}
	for _, one := range said.Errors {
		if one.Code != 0 {
			e.codes = append(e.codes, one.Code)
		}
	}
	// Version 2 has no code for it: 403, "You are not allowed to create a Tweet with duplicate content."
	e.duplicate = e.has(codeDuplicate, codeAlready) || status == http.StatusForbidden && strings.Contains(strings.ToLower(said.Detail), "duplicate content")
	return e
}

func word(name string) bool {
	return len(name) < 60 && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// waitTime returns how long to wait after an error: until the latest reset of a limit that is used up, at least a second and at most
// an hour. Besides the limit of each window, some are for a day (https://docs.x.com/x-api/fundamentals/rate-limits). If X does not
// say, it is a quarter of an hour, the usual window.
func waitTime(header http.Header, now time.Time) time.Duration {
	after := time.Duration(0)
	for _, name := range []string{"x-rate-limit-", "x-user-limit-24hour-", "x-app-limit-24hour-"} {
		at, err := strconv.ParseInt(header.Get(name+"reset"), 10, 64)
		used := header.Get(name + "remaining")
		if err == nil && (used == "0" || used == "" && name == "x-rate-limit-") {
			after = max(after, time.Unix(at, 0).Sub(now))
		}
	}
	if seconds, err := strconv.ParseUint(header.Get("Retry-After"), 10, 31); err == nil {
		after = max(after, time.Duration(seconds)*time.Second)
	}
	if after == 0 {
		after = 15 * time.Minute
	}
	return min(max(after, time.Second), time.Hour)
}
