// Package report defines the values that travel between networks: the Report of a rider, the Verdict of the censor, and the Receipt
// of a network for a post. It imports nothing else of this program.
package report

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// MaxText is the maximum length of a report's text in bytes. Bots cut longer texts (see Clean); a warning is never that long.
const MaxText = 8 << 10

// Report is one message of a rider.
type Report struct {
	// City and Bot are its origin. The core sets both; the bot that receives a report leaves them empty.
	City string `json:"city"`
	Bot  string `json:"bot"`

	// ID is unique in its network and identifies repetitions. The core replaces it by a keyed digest before it stores a report, because
	// whoever knows the id of a public post knows its author.
	ID string `json:"id"`

	// Text is plain text without markup, without the mention of the city's account, at most MaxText bytes.
	Text string `json:"text"`

	// At is when the rider sent it. Freshness counts from here.
	At time.Time `json:"at"`

	// Received is when the program stored it; the core sets it. Zero for one that an earlier program stored.
	Received time.Time `json:"received,omitzero"`

	// Trace is where its trace began, a traceparent (https://www.w3.org/TR/trace-context/); the core sets it. Empty if the operator wants no traces.
	Trace string `json:"trace,omitempty"`

	// Author is a pseudonym, never a name or an address, which changes every day. A bot that receives a report sets what Core.Author returns, of which the core keeps
	// the rest in Mark. Empty if the network has no authors.
	Author string `json:"author,omitempty"`

	// Mark is a keyed digest of the author that stays the same in this city and network: a moderator can mute them for longer than a day. It is deleted at the end of
	// the day, with the meaning of Author. The core sets it.
	Mark string `json:"mark,omitempty"`

	// Private is set if only the city's account can see the original. No network may reveal its author, link to it or repost it.
	Private bool `json:"private,omitempty"`

	// URL is the public address of the original, if it does not name the author. Empty for private reports.
	URL string `json:"url,omitempty"`

	// Ref lets the bot that received the report find the original again, for a repost or a reply.
	Ref string `json:"ref,omitempty"`

	// Means is what the censor has read in Text. Bots that receive a report leave it empty.
	Means Reading `json:"means,omitzero"`

	// People is how many have reported the same, and Ended when one of them said that it is over; zero for one person, and for not yet. The core sets
	// them. They change after a report was relayed.
	People int       `json:"people,omitempty"`
	Ended  time.Time `json:"ended,omitzero"`

	// Withdrawn, if set, withdraws the report with this City, Bot and ID. The other fields are ignored.
	Withdrawn Withdrawal `json:"withdrawn,omitempty"`

	// Ruling, if set, is what a moderator decides about the report with this City, Bot and ID, which is in the ledger. Until is when a Mute ends; the other fields are ignored.
	Ruling Ruling    `json:"ruling,omitempty"`
	Until  time.Time `json:"until,omitzero"`

	// Spam is the reason why the bot suspects spam or a forged author, such as a failed check, in a few words without names. The censor holds such
	// a report back. Empty for others.
	Spam string `json:"spam,omitempty"`

	// Dropped is the reason why the bot takes a message for none of a person's reports, such as the rule that recognised an automatic reply, in a few words
	// without names. The censor records it and relays it to nobody, so that a report that was mistaken can be found. Text may be empty then.
	Dropped string `json:"dropped,omitempty"`
}

// Withdrawal is the role of the person who withdrew a report.
type Withdrawal string

// The roles.
const (
	ByAuthor    Withdrawal = "author"    // deleted it in its network; its text is deleted at once
	ByModerator Withdrawal = "moderator" // an admin of the city
	ByFlags     Withdrawal = "flags"     // riders who object to it: it is held, and a moderator may release it
)

// Ruling is a decision of a moderator about a report.
type Ruling string

// The rulings. Of Release and Refuse the first one counts.
const (
	Release Ruling = "released" // a report that was held is relayed, if it is fresh
	Refuse  Ruling = "refused"  // a report that was held is not relayed; nobody is asked about it any more
	Mute    Ruling = "muted"    // further reports of its author are held, until Report.Until, or the pseudonym changes at midnight UTC if that is zero
	Unmute  Ruling = "unmuted"  // they are not held any more
)

// pseudonymSize is the number of characters of a pseudonym, and of a Mark.
const pseudonymSize = 32

// BlockedAuthor is Report.Author of somebody from whom the operator takes nothing: the core drops the report.
const BlockedAuthor = "blocked"

// SplitAuthor separates what Core.Author returns into Author and Mark. A pseudonym alone has no mark.
func SplitAuthor(author string) (pseudonym, mark string) {
	if len(author) != 2*pseudonymSize {
		return author, ""
	}
	return author[:pseudonymSize], author[pseudonymSize:]
}

// EndOfPseudonym returns when the pseudonyms change that authors of reports of the given time have.
func EndOfPseudonym(at time.Time) time.Time {
	return at.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
}

// Key identifies the report in the program: <city>:<bot>:<id>. An id that is longer than 128 bytes or not printable ASCII is replaced by
// its SHA-256, because keys are NATS headers.
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

// List is a list of rules.
type List string

// The lists, in the order in which they apply.
const (
	Instance List = "instance" // the operator's slurs, which no city can switch off
	Blocked  List = "blocked"  // the city's blocked words
	Triggers List = "triggers" // the city's trigger words
	Spam     List = "spam"     // Report.Spam, whose text is the rule
	Hold     List = "hold"     // what the city has a moderator see first; the rule is one of the Hold constants
	Limit    List = "limit"    // too many reports of one author; the rule says how many are allowed
	Muted    List = "muted"    // a moderator has muted the author
	Dropped  List = "dropped"  // Report.Dropped, whose text is the rule; before all others
)

// The rules of the list Hold.
const (
	HoldPanic = "panic" // nothing is sent
	HoldAll   = "all"   // all reports are held
	HoldLink  = "link"  // the report has a link
	HoldNew   = "new"   // no report of the author has passed today, or the author is not known
	HoldMany  = "many"  // many reports of the author have passed in the last hour
)

// HoldRules are all of them.
var HoldRules = []string{HoldPanic, HoldAll, HoldLink, HoldNew, HoldMany}

// Verdict is the censor's decision on a report, with the rule that decided.
type Verdict struct {
	Passed bool `json:"passed"`

	// List is the list that decided. A report that no trigger matched has List Triggers and an empty Rule.
	List List `json:"list"`

	// Rule is the line of the list as it was written, and Line its number from 1.
	Rule string `json:"rule,omitempty"`
	Line int    `json:"line,omitempty"`
}

// Receipt is a network's answer to a post.
type Receipt struct {
	ID  string `json:"id,omitempty"`  // of the post, needed to retract it
	URL string `json:"url,omitempty"` // where people can see it
}
