package mail

import (
	"errors"
	"fmt"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// reply is a server's reply to one stage of a delivery, without its text, which often repeats the recipient's address.
type reply struct {
	stage    string  // an SMTP command, "message" for the end of DATA, "connect", "DNS", "DSN", ...
	code     int     // RFC 5321, section 4.2
	enhanced [3]int  // status code of RFC 3463: class, subject, detail; zero if the server sent none
	says     meaning // of the text
}

func (r reply) String() string {
	if r.enhanced == [3]int{} {
		return fmt.Sprint(r.code)
	}
	return fmt.Sprintf("%d %d.%d.%d", r.code, r.enhanced[0], r.enhanced[1], r.enhanced[2])
}

func newReply(stage string, err *smtp.SMTPError) reply {
	r := reply{stage: stage, code: err.Code}
	if err.EnhancedCode[0] == err.Code/100 { // if they contradict each other, only the code is mandatory
		r.enhanced = err.EnhancedCode
	}
	if r.says = meaningOf(err.Message); stage == "message" {
		r.says = meaningAfterData(err.Message)
	}
	return r
}

// permanentError is a reply that says that the message will never be accepted.
type permanentError struct{ reply }

func (e *permanentError) Error() string { return fmt.Sprintf("%s: refused with %s", e.stage, e.reply) }

// temporaryError is a reply that says that the message may be accepted later.
type temporaryError struct{ reply }

func (e *temporaryError) Error() string { return fmt.Sprintf("%s: deferred with %s", e.stage, e.reply) }

// destinationError says that the destination accepts no messages at the moment, not just this one.
type destinationError struct {
	error
	minBackoff time.Duration
}

func (e *destinationError) Unwrap() error { return e.error }

// isDestinationError reports whether a delivery failed for a reason that the destination's other messages share: the server
// cannot be reached, wants no connections (421), deferred before it knew the recipient, or reports a problem of its own (X.3.X, RFC
// 3463, section 3.4). Greylisting defers each recipient: that does not count.
func isDestinationError(err error) bool {
	var permanent *permanentError
	var temporary *temporaryError
	switch {
	case err == nil, errors.As(err, &permanent), errors.Is(err, errPanic):
		return false
	case !errors.As(err, &temporary), temporary.code == 421, temporary.enhanced[1] == 3:
		return true
	}
	switch temporary.stage {
	case "RCPT", "DATA", "message":
		return false
	}
	return true
}

// isPermanent excludes 5xx codes about the connection or our login, which the operator can fix: RFC 5321, section 4.2.3 and RFC 4954,
// section 6.
func isPermanent(code int) bool {
	switch code {
	case 500, 502, 503, 530, 534, 535, 538:
		return false
	}
	return code >= 500 && code <= 599
}

// stageError wraps an error with its stage. A server's text is replaced by its code.
func stageError(stage string, err error) error {
	if smtpErr := asSMTPError(err); smtpErr != nil {
		return &temporaryError{newReply(stage, smtpErr)}
	}
	return fmt.Errorf("%s: %w", stage, err)
}

// asSMTPError returns the server's reply in an error of go-smtp or net/textproto, or nil.
func asSMTPError(err error) *smtp.SMTPError {
	var smtpErr *smtp.SMTPError
	if errors.As(err, &smtpErr) {
		return smtpErr
	}
	var textErr *textproto.Error
	if !errors.As(err, &textErr) {
		return nil
	}
	smtpErr = &smtp.SMTPError{Code: textErr.Code, Message: textErr.Msg}
	if status, _, ok := parseStatus(textErr.Msg); ok {
		smtpErr.EnhancedCode = status
	}
	return smtpErr
}

// parseStatus parses the status code at the beginning of a text (RFC 3463, section 2): class, subject, detail.
func parseStatus(text string) (status [3]int, rest string, ok bool) {
	first, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	parts := strings.Split(first, ".")
	if len(parts) != 3 {
		return status, "", false
	}
	for i, part := range parts {
		number, err := strconv.ParseUint(part, 10, 16)
		if err != nil || number > 999 {
			return [3]int{}, "", false
		}
		status[i] = int(number)
	}
	if c := status[0]; c != 2 && c != 4 && c != 5 {
		return [3]int{}, "", false
	}
	return status, rest, true
}
