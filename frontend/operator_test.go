package frontend_test

import (
	"context"
	"strings"
	"testing"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
	"linienfunk/mail"
)

// operated starts a site with the city berlin, the owner ada@example.org, and the operator op@example.org.
func operated(t *testing.T) (s *frontendtest.World, operator, owner *frontendtest.Visitor) {
	t.Helper()
	s = frontendtest.New(t, func(s *frontendtest.World) {
		frontendtest.TwoBots(s)
		s.Site.Operators = []string{"op@example.org"}
	})
	s.Admin("ada@example.org", "berlin")
	s.Admin("op@example.org")
	return s, s.VisitorAs("op@example.org"), s.VisitorAs("ada@example.org")
}

func TestThePageOfTheOperatorExistsForOperatorsOnly(t *testing.T) {
	t.Parallel()
	s, operator, owner := operated(t)
	for _, page := range []string{"GET /operator", "POST /operator/city-suspend", "GET /operator/city-suspend"} {
		method, path, _ := strings.Cut(page, " ")
		form := []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"}
		owner.Send(method, path, "city=berlin&why=because", form...).Want(404, "No such stop")
		if got := s.Visitor().Send(method, path, "city=berlin&why=because", form...); !strings.HasPrefix(got.Path, "/login") {
			t.Errorf("%s leads a stranger to %s", page, got.Path)
		}
	}
	owner.Get("/cities").Want(200).WantNot(`href="/operator"`)
	operator.Get("/cities").Want(200, `href="/operator"`)
	operator.Get("/operator").Want(200, "Berlin", "ada@example.org", "active")
	operator.Get("/operator/city-suspend").At("/operator").Want(200)
	operator.Get("/city/berlin").Want(404)
	operator.Post("/operator/pause", "city", "berlin").Want(404)
	s.Site.DB.Model(&db.Admin{}).Where("address = 'op@example.org'").Update("confirmed", false)
	operator.Get("/operator").Want(404)
}

func TestTheOperatorSuspendsACityAndEverybodyIsTold(t *testing.T) {
	t.Parallel()
	s, operator, owner := operated(t)
	s.Sample("berlin", 5)
	page := operator.Get("/operator").Want(200, "5 in all").WantNot("zwei in zivil")
	operator.Submit(page, "/operator/city-suspend#city-berlin", "city", "berlin", "why", "x").Want(422, ">x</textarea>", "<details open")
	visitor := s.Visitor()
	visitor.Get("/").Want(200, "/c/berlin")
	operator.Submit(page, "/operator/city-suspend#city-berlin", "city", "berlin", "why", "Names of riders, again and again").Want(200, "suspended", "Names of riders, again and again")
	visitor.Get("/c/berlin").Want(200, "was suspended by the operator").WantNot("again and again")
	visitor.Get("/").Want(200).WantNot("/c/berlin")
	owner.Get("/city/berlin").Want(200, "Names of riders, again and again")
	owner.Get("/cities").Want(200, "suspended")
	if now := s.Present("berlin"); now.Runs() || !now.Active {
		t.Errorf("runs: %t, active: %t", now.Runs(), now.Active)
	}
	mails := s.Mails.All()
	if len(mails) != 1 || mails[0].To != "ada@example.org" || !strings.Contains(mails[0].Text, "Names of riders, again and again") {
		t.Errorf("mails: %+v", mails)
	}
	operator.Get("/operator").Want(200, "Suspend a city", "op@example.org")
	operator.Submit(operator.Get("/operator"), "/operator/city-reinstate", "city", "berlin").Want(200, "not suspended any more")
	operator.Post("/operator/city-reinstate", "city", "berlin").Want(422, "is not suspended")
	visitor.Get("/c/berlin").Want(200).WantNot("suspended")
	if mails := s.Mails.All(); len(mails) != 2 {
		t.Errorf("%d mails", len(mails))
	}
}

func TestCitiesAreFoundByAPartOfTheirName(t *testing.T) {
	t.Parallel()
	s, operator, _ := operated(t)
	s.Admin("bo@example.org", "bern", "wien")
	operator.Get("/operator?q=BER").Want(200, "Bern", "Berlin").WantNot("Wien")
	operator.Get("/operator?after=berlin").Want(200, "Bern", "Wien", "First page").WantNot("Berlin")
	operator.Get("/operator?q=nowhere").Want(200, "There is no such city.")
	operator.Get("/operator?q=" + strings.Repeat("x", 200)).Want(200)
}

func TestTheOperatorBlocksAnAddressWhichThenCannotRegister(t *testing.T) {
	t.Parallel()
	s, operator, _ := operated(t)
	page := operator.Get("/operator").Want(200, "Nobody is blocked.")
	operator.Submit(page, "/operator/instance-block#blocks", "kind", "address", "whom", "no address", "remark", "Adverts").
		Want(422, "This is no mail address", `value="no address"`, "Adverts</textarea>", "<details open")
	operator.Submit(page, "/operator/instance-block#blocks", "kind", "address", "whom", "bad@example.net", "term", "30", "remark", "Adverts").Want(200, "Adverts", "#1").WantNot("bad@example.net")
	operator.Submit(operator.Get("/operator"), "/operator/instance-block#blocks", "kind", "address", "whom", "@spam.example").Want(200, "spam.example", "mail domain", "for ever")
	for _, address := range []string{"bad@example.net", "anybody@mail.spam.example"} {
		s.Visitor().Post("/register", "address", address, "password", "correct horse battery", "title", "Bern", "city", "bern").Want(422, "has blocked it")
	}
	if mails := s.Mails.All(); len(mails) != 0 {
		t.Errorf("mails: %+v", mails)
	}
	operator.Get("/operator?blocked=bad@example.net").Want(200, "#1").WantNot(`id="block-2"`)
	operator.Get("/operator?blocked=good@example.net").Want(200, "No entry blocks them.")
	operator.Get("/operator?blocked=" + strings.Repeat("x", 400)).Want(200)
	operator.Post("/operator/instance-unblock", "entry", "1").Want(200, "is not blocked any more")
	operator.Post("/operator/instance-unblock", "entry", "1").Want(422, "There is no such entry.")
	s.Visitor().Post("/register", "address", "bad@example.net", "password", "correct horse battery", "title", "Bern", "city", "bern").Want(200)
	operator.Get("/operator?lang=de").Want(200, "Auf dieser Seite gesperrt", "Maildomain")
}

func TestAnAdminWhoseAddressIsBlockedCannotAddACity(t *testing.T) {
	t.Parallel()
	s, operator, owner := operated(t)
	operator.Post("/operator/instance-block", "kind", "address", "whom", "ada@example.org").Want(200)
	owner.Post("/cities", "city", "graz", "title", "Graz").Want(422, "has blocked it")
	if _, ok, _ := s.Node.Get(t.Context(), "graz"); ok {
		t.Error("the city was made")
	}
}

func TestTheOperatorSeesTheNodesTheStorageAndWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	s, operator, _ := operated(t)
	s.Site.Commands.Instance = func(context.Context) (commands.InstanceStatus, error) {
		return commands.InstanceStatus{Version: "v9", Database: 34_567_890, Unread: []string{"broker"}, Streams: []commands.StreamSize{{Name: "REPORTS", Messages: 7, Bytes: 4_200}},
			Nodes: []commands.InstanceNode{{Host: "alpha.example", Version: "v9", Running: true, Shards: 16, Judges: true, Started: s.Now()}, {Host: "beta.example", Version: "v8", Roles: "mail", Gone: s.Now()}}}, nil
	}
	operator.Get("/operator").Want(200, "Database: 35 MB", "Stream REPORTS: 4200 B, 7 messages", "alpha.example", "16 shards, judges reports", "beta.example", "gone since", "NATS does not answer", "ada@example.org").
		WantNot("records of")
	operator.Get("/operator?lang=de").Want(200, "Datenbank: 35 MB", "NATS antwortet nicht", "prüft Meldungen")
}

func TestTheOperatorChecksTheMailOnAButton(t *testing.T) {
	t.Parallel()
	s, operator, _ := operated(t)
	var checks int
	s.Site.Commands.CheckMail = func(context.Context) ([]mail.Finding, error) {
		checks++
		return []mail.Finding{{Name: "SPF", State: mail.Missing, Say: "there is none", Record: "TXT v=spf1"}}, nil
	}
	operator.Get("/operator").Want(200, "Check now").WantNot("TXT v=spf1")
	if checks != 0 {
		t.Errorf("%d checks before the button", checks)
	}
	operator.Get("/operator?check=mail").Want(200, "Something is to be done", "SPF: missing", "TXT v=spf1")
}

func TestTheOperatorDeletesACityAndStopsThat(t *testing.T) {
	t.Parallel()
	s, operator, owner := operated(t)
	page := operator.Get("/operator")
	operator.Submit(page, "/operator/city-remove#city-berlin", "city", "berlin", "name", "wien", "why", "It names riders").Want(422, "must be the city’s short name", `value="wien"`, ">It names riders</textarea>")
	operator.Submit(page, "/operator/city-remove#city-berlin", "city", "berlin", "name", "berlin", "why", "It names riders").Want(200, "will be deleted", "Do not delete")
	owner.Post("/city/berlin/end/restore").Want(200, "Only they can stop that")
	mails := s.Mails.All()
	if len(mails) != 1 || !strings.Contains(mails[0].Text, "It names riders") {
		t.Errorf("mails: %+v", mails)
	}
	operator.Submit(operator.Get("/operator"), "/operator/city-restore", "city", "berlin").Want(200).WantNot("Do not delete")
	if now := s.Present("berlin"); !now.Active {
		t.Error("berlin is paused")
	}
}

func TestAnAnnouncementIsOnAllPagesOfAdminsUntilTheyHaveReadIt(t *testing.T) {
	t.Parallel()
	s, operator, owner := operated(t)
	page := operator.Get("/operator")
	operator.Submit(page, "/operator/announce#announcements", "english", "", "mail", "on").Want(422, "in English or in German", `name="mail" value="on" checked`)
	operator.Submit(page, "/operator/announce#announcements", "english", "We move in May", "german", "Wir ziehen um").Want(200, "Announced (#1)")
	const shown = `<p class="text">We move in May</p>`
	owner.Get("/account").Want(200, shown)
	owner.Get("/account?lang=de").Want(200, "Wir ziehen um")
	s.Visitor().Get("/c/berlin").Want(200).WantNot("We move")
	s.Visitor().Get("/login").Want(200).WantNot("We move")
	city := owner.Get("/city/berlin?lang=en").Want(200, shown)
	owner.Submit(city, "/announcements/1/dismiss", "next", "/city/berlin").At("/city/berlin").Want(200).WantNot("We move")
	owner.Get("/account").Want(200).WantNot("We move")
	operator.Submit(operator.Get("/operator").Want(200, shown), "/operator/announcements-end", "announcement", "1").Want(200, "has ended").WantNot(shown)
	operator.Post("/announcements/x/dismiss").Want(404)
}

func TestAPublicAnnouncementIsOnThePagesOfCities(t *testing.T) {
	t.Parallel()
	s, operator, _ := operated(t)
	operator.Post("/operator/announce", "german", "Wartung um 3 Uhr", "public", "on").Want(200)
	s.Visitor().Get("/c/berlin").Want(200, `lang="de"`, "Wartung um 3 Uhr").WantNot("/dismiss")
	s.Visitor().Get("/").Want(200).WantNot("Wartung um 3 Uhr")
}
