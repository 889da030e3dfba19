// Package report defines the values that travel between networks: a Report that a rider made, the Verdict
// of the censor on it, and the Receipt that a network gave for carrying it.
//
// It imports nothing else of this program, so that every part may speak of reports.
package report

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// MaxText is the longest text of a report in bytes. Networks' own limits are lower; whatever is longer is no
// warning and is cut by the bot that receives it (see Cut).
const MaxText = 8 << 10

// Report is one message of a rider, as a network handed it to us.
type Report struct {
	// City and Bot say where it came from. The core sets both; a bot that receives a report leaves them empty.
	City string `json:"city"`
	Bot  string `json:"bot"`

	// ID names the report in the network it came from and is never given twice there. It is what makes a
	// repetition vanish, and it is stored: it must not tell who the author is.
	ID string `json:"id"`

	// Text is plain text without markup, without the mention of the city's account, at most MaxText bytes.
	Text string `json:"text"`

	// At is when the rider sent it. Freshness counts from here.
	At time.Time `json:"at"`

	// Author is the pseudonym that Core.Author made, never a name or an address. Empty if the network has none.
	Author string `json:"author,omitempty"`

	// Private is set when the rider wrote to the city's account alone. No network may then show who wrote it,
	// nor link to or repost the original.
	Private bool `json:"private,omitempty"`

	// URL is the public address of the original, if it does not name the author. Empty for private reports.
	URL string `json:"url,omitempty"`

	// Ref is whatever the bot that received the report needs to find the original again, for a repost or an
	// answer. No other bot reads it.
	Ref string `json:"ref,omitempty"`

	// Withdrawn says that the report of this ID, which was handed in before, is taken back, and by whom. Nothing else
	// counts then but City, Bot and ID.
	Withdrawn Withdrawal `json:"withdrawn,omitempty"`

	// Spam says in a few words why the bot that received the report doubts that its author wrote it, such as a check of the
	// network that failed. The censor holds such a report back. It names no author. Empty if nothing speaks against it.
	Spam string `json:"spam,omitempty"`
}

// Withdrawal says who took a report back.
type Withdrawal string

// Those who can take a report back.
const (
	ByAuthor    Withdrawal = "author"    // deleted it in the network that it came from: its text is forgotten at once
	ByModerator Withdrawal = "moderator" // one of the city's admins, on the page of its reports
)

// Key names the report among all reports of the program: <city>:<bot>:<id>. An id that is too long or not
// printable ASCII (a key travels in a NATS header) is replaced by its SHA-256.
func (r Report) Key() string {
	id := r.ID
	if !plain(id) {
		sum := sha256.Sum256([]byte(id))
		id = hex.EncodeToString(sum[:])
	}
	return r.City + ":" + r.Bot + ":" + id
}

func plain(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for i := 0; i < len(id); i++ {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// List names the list of rules that decided.
type List string

// The lists, in the order in which they are asked.
const (
	Instance List = "instance" // the operator's slurs, which no city can switch off
	Blocked  List = "blocked"  // the city's blocked words
	Triggers List = "triggers" // the city's trigger words
	Spam     List = "spam"     // no words: Report.Spam, whose text is the rule
)

// Verdict is the censor's decision on one report, and the rule that made it.
type Verdict struct {
	Passed bool `json:"passed"`

	// List is the list that decided. A report that no trigger matched has List Triggers and an empty Rule.
	List List `json:"list"`

	// Rule is the line of the list as it was written, and Line its number from 1.
	Rule string `json:"rule,omitempty"`
	Line int    `json:"line,omitempty"`
}

// Receipt is what a network answered when it took a report.
type Receipt struct {
	ID  string `json:"id,omitempty"`  // the post's id there, needed to retract it
	URL string `json:"url,omitempty"` // where people can see it
}
