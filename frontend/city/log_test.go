package city_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
)

func TestTheLogIsForOwnersAndFiltered(t *testing.T) {
	t.Parallel()
	s, ada, _ := frontendtest.Berlin(t)
	admin := s.Joins("+mo@example.org", "berlin", db.RoleModerator)
	mo := s.VisitorAs("+mo@example.org")
	ada.Get("/city/berlin/log").Want(200, "There is nothing of this kind")
	mo.Post("/city/berlin/people/people-mails", "on", "on").Want(200, "you get a mail")
	for i := range 60 {
		s.Deed("berlin", commands.Act{Actor: "admin 1", AdminID: 1, Command: "release", Values: fmt.Sprintf(`{"report":"no %d"}`, i)})
	}
	s.Deed("berlin", commands.Act{Actor: commands.OperatorID, Command: "panic", Values: `{"on":true}`})
	mo.Get("/city/berlin/log").Want(403)
	mo.Get("/city/berlin/log.csv").Want(403)
	mo.Get("/city/berlin/ledger").WantNot("/city/berlin/log")
	ada.Get("/city/berlin/ledger").Want(200, `href="/city/berlin/log"`)
	ada.Get("/city/berlin/people").Want(200, `href="/city/berlin/log"`)

	page := ada.Get("/city/berlin/log").Want(200, "Operator of this server", "on: true", "report: no 59<", "Let a report out", "?before=")
	next := page.Text[strings.Index(page.Text, "/city/berlin/log?before="):]
	next = next[:strings.Index(next, `"`)]
	ada.Get(next).Want(200, "report: no 0<", "+mo@example.org", "Newest").WantNot("no 59<", `rel="next"`)
	ada.Get(fmt.Sprintf("/city/berlin/log?who=%d", admin.ID)).Want(200, "on: true", `<option value="people mails"`, "Have mailed to you").WantNot("report: no")
	ada.Get("/city/berlin/log?who=operator").Want(200, "on: true").WantNot("report: no")
	ada.Get("/city/berlin/log?command=release").Want(200, "no 59<", "command=release").WantNot("on: true")
	ada.Get("/city/berlin/log?who=999&command=nonsense").Want(200, "There is nothing of this kind")
	s.Admin("cy@example.org", "ghent")
	ada.Get("/city/berlin/log?who=cy@example.org").Want(200, "There is nothing of this kind").WantNot("report: no")

	rows, err := csv.NewReader(strings.NewReader(ada.Get("/city/berlin/log.csv").Want(200).Text)).ReadAll()
	frontendtest.Check(t, err)
	if len(rows) != 63 || rows[0][3] != "command" || rows[1][2] != "operator" || rows[62][1] != "'+mo@example.org" || rows[62][3] != "people mails" {
		t.Errorf("%d rows: %v", len(rows), rows)
	}
	if rows, err = csv.NewReader(strings.NewReader(ada.Get("/city/berlin/log.csv?command=panic").Text)).ReadAll(); err != nil || len(rows) != 2 {
		t.Errorf("%v %v", rows, err)
	}
}

func TestTheLedgerShowsOnlyWhatWaits(t *testing.T) {
	t.Parallel()
	s, ada, _ := frontendtest.Berlin(t)
	ada.Get("/city/berlin/ledger?held=1").Want(200, "Nothing waits.")
	s.Sample("berlin", 30)
	page := ada.Get("/city/berlin/ledger?held=1").Want(200, "release?held=1", "Show all").WantNot(`chip good">Alpha`)
	if strings.Count(page.Text, `<tr id="report-`) == 0 {
		t.Error("nothing is shown")
	}
}

func TestALinkInAMailStopsTheMails(t *testing.T) {
	t.Parallel()
	s, _, admin := frontendtest.Berlin(t)
	s.Sample("berlin", 10)
	s.Site.Commands.NoticeHeld(t.Context(), []string{"berlin"})
	sent := s.Mails.All()
	if len(sent) != 1 || sent[0].To != admin.Address {
		t.Fatalf("%+v", sent)
	}
	link := strings.TrimPrefix(strings.Trim(sent[0].Header["List-Unsubscribe"], "<>"), s.Site.BaseURL)
	stranger, ada := s.Visitor(), s.VisitorAs("ada@example.org")
	stranger.Get(link).Want(200, "Stop the mails about what waits", "Berlin")
	stranger.Get(link + "x").Want(404)
	stranger.Post(strings.Replace(link, "/berlin/", "/ghent/", 1)).Want(404)
	ada.Get("/city/berlin/people").Want(200, "You get these mails.")
	stranger.Send("POST", link, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded").Want(200, "no more of these mails")
	page := ada.Get("/city/berlin/people").Want(200, "You get none.")
	ada.Submit(page, "/city/berlin/people/people-mails").Want(200, "you get a mail", "You get these mails.")
}
