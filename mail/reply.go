package mail

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// answer is what a server said to a stage of a delivery. It leaves out the server's words, which often repeat the address.
type answer struct {
	stage    string
	code     int
	enhanced [3]int // RFC 3463; zero if the server gave none
}

func (a answer) String() string {
	if a.enhanced == [3]int{} {
		return fmt.Sprint(a.code)
	}
	return fmt.Sprintf("%d %d.%d.%d", a.code, a.enhanced[0], a.enhanced[1], a.enhanced[2])
}

func answered(stage string, said *smtp.SMTPError) answer {
	a := answer{stage: stage, code: said.Code}
	if said.EnhancedCode[0] == said.Code/100 { // otherwise one of them is wrong, and the other one is what RFC 5321 defines
		a.enhanced = said.EnhancedCode
	}
	return a
}

// refusal is an answer that says that this mail will never be taken.
type refusal struct{ answer }

func (r *refusal) Error() string { return fmt.Sprintf("%s: refused with %s", r.stage, r.answer) }

// delay is an answer that says that the mail may be taken later.
type delay struct{ answer }

func (d *delay) Error() string { return fmt.Sprintf("%s: answered %s", d.stage, d.answer) }

// awayError says that a place takes no mail just now, not only this one, and how long to leave it alone at least.
type awayError struct {
	error
	least time.Duration
}

func (e *awayError) Unwrap() error { return e.error }

// aboutPlace says whether a mail failed for a reason that others for the same place share: a server that cannot be reached, wants
// to be left alone (421), has not even heard for whom the mail is, or is in trouble (X.3.X, RFC 3463, section 3.4). Servers that put off
// senders whom they do not know say so of each recipient: that is no such reason.
func aboutPlace(err error) bool {
	var refused *refusal
	var delayed *delay
	switch {
	case err == nil, errors.As(err, &refused), errors.Is(err, errPanic):
		return false
	case !errors.As(err, &delayed), delayed.code == 421, delayed.enhanced[1] == 3:
		return true
	}
	switch delayed.stage {
	case "RCPT", "DATA", "message":
		return false
	}
	return true
}

// parseStatus reads the status code at the beginning of a text (RFC 3463, section 2): class, subject, detail.
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
