package city

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/report"
	"linienfunk/settings"
)

// ledgerPage is the number of reports on a page.
const ledgerPage = 50

type ledgerData struct {
	City    site.CityLink
	Tabs    site.Tabs
	Zone    *time.Location
	Entries []entry
	Held    bool // only those that wait for a moderator, and are fresh
	First   bool
	Older   uint // id of the page's last report, 0 if there are no older ones
	Hours   int  // after which texts are deleted
}

// MuteDays are the choices of how long an author is muted.
func (ledgerData) MuteDays() []int { return []int{7, 30, 90} }

// entry is a report in the ledger.
type entry struct {
	ID         uint
	At         time.Time
	Text, From string // the original is not linked: its address often contains the author's name
	Private    bool
	Withdrawn  string // by the author or an admin; empty if it was not
	Ruling     string // "released" or "refused"; empty if no moderator has decided
	CanRetract bool   // the report can be retracted
	Repeats    bool   // another one that was relayed in its place, or says that it is over
	CanRule    bool   // it waits for a moderator, and is fresh
	CanMute    bool
	Words      []string // of a report that waits, for the lists
	Deliveries []delivery
	verdict
}

type delivery struct {
	To, Status, Kind, Detail, URL string
	Served                        int
	Spread                        bool // to subscribers; sent means that all messages are queued, not that they have arrived
	Over                          bool // no message is queued any more
}

// ledger shows the reports, the censor's verdicts and the deliveries.
func (p *Pages) ledger(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	if r.URL.Query().Get("held") == "1" {
		return p.heldOnly(w, r, city)
	}
	before, _ := strconv.ParseUint(r.URL.Query().Get("before"), 10, 32) // 0, the first page, if it is not a number
	entries, err := p.DB.Entries(r.Context(), city.City, uint(before), ledgerPage+1)
	if err != nil {
		return err
	}
	data := ledgerData{City: site.LinkTo(city), Tabs: site.TabsOf(r, city, "ledger"), Zone: city.Zone(), First: before == 0, Hours: city.RetentionHours}
	if len(entries) > ledgerPage {
		entries = entries[:ledgerPage]
		data.Older = entries[ledgerPage-1].ID
	}
	return p.showLedger(w, r, city, data, entries)
}

// maxHeld is how many reports that wait are on the page. Once some are decided, others take their place.
const maxHeld = 2 * ledgerPage

// heldOnly shows the reports that wait for a moderator.
func (p *Pages) heldOnly(w http.ResponseWriter, r *http.Request, city settings.Snapshot) error {
	entries, err := p.DB.Held(r.Context(), city.City, p.Now().Add(-city.Freshness()), maxHeld)
	if err != nil {
		return err
	}
	data := ledgerData{City: site.LinkTo(city), Tabs: site.TabsOf(r, city, "ledger"), Zone: city.Zone(), Held: true, First: true, Hours: city.RetentionHours}
	return p.showLedger(w, r, city, data, entries)
}

func (p *Pages) showLedger(w http.ResponseWriter, r *http.Request, city settings.Snapshot, data ledgerData, entries []db.Entry) error {
	for _, e := range entries {
		data.Entries = append(data.Entries, p.entry(r, city, e))
	}
	about := site.Page{Title: p.Text(r, "ledger-of", "City", city.Title), Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, http.StatusOK, about, "ledger.html", data)
}

func (p *Pages) entry(r *http.Request, city settings.Snapshot, e db.Entry) entry {
	shown := entry{
		ID: e.ID, At: e.At, Text: e.Text, From: p.bots.Title(p.Lang(r), e.Bot), Private: e.Private,
		Withdrawn: e.Withdrawn, Ruling: e.Ruling, Repeats: e.Passed && e.About != "", CanRetract: e.Withdrawn == "" && e.IsOut(),
		CanRule: e.IsHeld() && e.List != string(report.Instance) && e.At.Add(city.Freshness()).After(p.Now()),
		CanMute: e.Author != "" && report.EndOfPseudonym(e.At).After(p.Now()),
		verdict: verdict{e.Passed, e.List, e.Rule, e.Line},
	}
	if shown.CanRule {
		shown.Words = wordsOf(e.Text)
	}
	for _, d := range e.Deliveries {
		if d.Status == db.Retracted {
			d.RemoteURL = "" // the post is gone
		}
		one := delivery{
			To: p.bots.Title(p.Lang(r), d.Bot), Status: string(d.Status), Kind: deliveryKind(d.Status),
			Detail: p.bots.Translate(p.Lang(r), d.Bot, d.Detail), URL: link(d.RemoteURL), Served: d.Served,
			Spread: d.Status == db.Sent && p.bots.Broadcasts(d.Bot), Over: p.Now().After(e.At.Add(city.Freshness())),
		}
		if one.Spread && one.Served == 0 {
			one.Kind = "plain" // nobody has it
		}
		shown.Deliveries = append(shown.Deliveries, one)
	}
	return shown
}

// maxWords is how many words of a report are offered for the lists.
const maxWords = 30

// wordsOf are the words of a report that may stand in a list, in their order, each once.
func wordsOf(text string) (words []string) {
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len([]rune(word)) > 1 && len(words) < maxWords && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// deliveryKinds are the CSS classes of deliveries' chips.
var deliveryKinds = map[db.Status]string{db.Sent: "good", db.Queued: "wait", db.Retrying: "wait", db.Failed: "bad"}

func deliveryKind(status db.Status) string { return cmp.Or(deliveryKinds[status], "plain") }

// link returns address if it is an http or https URL, else "": it comes from a network.
func link(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return address
}
