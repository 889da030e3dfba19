package account_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"linienfunk/frontend/frontendtest"
	"linienfunk/mail"
	"linienfunk/settings"
)

func register(v *frontendtest.Visitor, pairs ...string) frontendtest.Answer {
	v.T.Helper()
	form := map[string]string{"address": "ada@example.org", "password": frontendtest.Password, "city": "berlin", "title": "Berlin"}
	for i := 0; i+1 < len(pairs); i += 2 {
		form[pairs[i]] = pairs[i+1]
	}
	var flat []string
	for name, value := range form {
		flat = append(flat, name, value)
	}
	return v.Post("/register", flat...)
}

// confirm follows the link in the last mail.
func confirm(v *frontendtest.Visitor) frontendtest.Answer {
	v.T.Helper()
	return v.Post(v.Link(), "password", frontendtest.Password)
}

func TestRegisteringAndConfirmingLeadsToTheSettingsOfTheCity(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	v := s.Visitor()
	v.Get("/register").Want(200, "Start your city")
	register(v, "address", " Ada@Example.org ", "city", "Berlin").At("/register/sent").Want(200, "check your e-mail")
	if _, ok, _ := s.Node.Get(t.Context(), "berlin"); ok {
		t.Fatal("the city exists before it was confirmed")
	}
	mail := s.Mails.All()[0]
	if mail.To != "ada@example.org" || !strings.Contains(mail.Text, "berlin") || mail.From != "" {
		t.Errorf("mail %+v", mail)
	}
	v.Get(s.Link()).Want(200, "Yes, start this city", `name="password"`)
	if _, ok, _ := s.Node.Get(t.Context(), "berlin"); ok {
		t.Fatal("a GET made the city")
	}
	confirm(v).At("/city/berlin").Want(200, "Welcome aboard", "Triggers")
	if city := <-s.Changed; city != "berlin" {
		t.Errorf("changed %q", city)
	}
	v.Get("/city/berlin").Want(200).WantNot("Welcome aboard")
}

func TestALinkWorksOnceAndExpires(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	v := s.Visitor()
	register(v)
	link := s.Link()
	confirm(v).Want(200)
	other := s.Visitor()
	other.Get(link).Want(http.StatusGone, "no longer works")
	confirm(other).Want(http.StatusGone)
	register(other, "address", "bo@example.org", "city", "ghent")
	link = s.Link()
	s.Advance(25 * time.Hour)
	other.Get(link).Want(http.StatusGone)
	confirm(other).Want(http.StatusGone)
	other.Post("/confirm/nonsense").Want(http.StatusGone)
}

func TestAFormSaysWhatIsWrongBesideItsField(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("cy@example.org", "zuerich")
	for _, c := range []struct{ what, field, value, says string }{
		{"no address", "address", "", "enter your e-mail"},
		{"half an address", "address", "ada@", "not an e-mail"},
		{"an address that no mail reaches", "address", "ü@example.org", "not an e-mail"},
		{"an address at no domain", "address", "a@b_c.example", "not an e-mail"},
		{"an address at a number", "address", "a@[127.0.0.1]", "not an e-mail"},
		{"an our own addresses in other letters", "address", "zuerich@ｌinienfunk。example", "our own addresses"},
		{"an address with a name", "address", "Ada <ada@example.org>", "not an e-mail"},
		{"an our own addresses", "address", "zuerich@linienfunk.example", "our own addresses"},
		{"a short password", "password", "kurz", "at least 10"},
		{"a common password", "password", "Password123", "first that others would guess"},
		{"a password of few letters", "password", "ababababababab", "first that others would guess"},
		{"the address as password", "password", "ada@example.org", "must not be your address"},
		{"a city with a space", "city", "bad city", "a to z"},
		{"a city of one letter", "city", "b", "a to z"},
		{"a city that starts with a digit", "city", "1city", "a to z"},
		{"a reserved city", "city", "postmaster", "reserved"},
		{"a taken city", "city", "zuerich", "“zuerich” is taken"},
		{"no title", "title", " ", "fill this in"},
		{"a title that turns text around", "title", "Berlin \u202e", "invisible control characters"},
		{"a title in another encoding", "title", "Z\xfcrich", "cannot be read"},
		{"a long title", "title", strings.Repeat("x", 61), "At most 60"},
	} {
		t.Run(c.what, func(t *testing.T) {
			v := s.Visitor()
			v.T = t
			register(v, c.field, c.value).Want(http.StatusUnprocessableEntity, `id="f-`+c.field+`-error"`, c.says).
				WantNot(frontendtest.Password)
		})
	}
	if n := len(s.Mails.All()); n != 0 {
		t.Errorf("%d mails", n)
	}
}

func TestAKnownAddressGetsTheSamePageAndAnotherMail(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "zuerich")
	known := register(s.Visitor()).Want(200)
	fresh := register(s.Visitor(), "address", "bo@example.org").Want(200)
	if known.Text != fresh.Text || known.Path != fresh.Path {
		t.Error("the pages differ")
	}
	mails := s.Mails.All()
	if !strings.Contains(mails[0].Text, "already have an account") || strings.Contains(mails[0].Text, "/confirm/") {
		t.Errorf("mail to the known address: %s", mails[0].Text)
	}
	if !strings.Contains(mails[1].Text, "/confirm/") {
		t.Errorf("mail to the new address: %s", mails[1].Text)
	}
	forgotKnown := s.Visitor().Post("/forgot", "address", "ada@example.org").Want(200)
	forgotFresh := s.Visitor().Post("/forgot", "address", "nobody@example.org").Want(200)
	if forgotKnown.Text != forgotFresh.Text {
		t.Error("the pages differ")
	}
}

func TestTheAnswerAboutAForgottenPasswordDoesNotWaitForItsMail(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "zuerich")
	held := &heldMails{Queue: s.Mails, free: make(chan struct{})}
	s.Site.Mail = held
	s.Visitor().Post("/forgot", "address", "ada@example.org").At("/forgot/sent").Want(200)
	if n := len(s.Mails.All()); n != 0 {
		t.Fatalf("%d mails", n)
	}
	close(held.free)
	s.Visitor().Get(s.Link()).Want(200, "Choose a new password")
}

// heldMails is a queue in which Enqueue blocks until free is closed.
type heldMails struct {
	mail.Queue
	free chan struct{}
}

func (h *heldMails) Enqueue(ctx context.Context, mails ...mail.Message) error {
	<-h.free
	return h.Queue.Enqueue(ctx, mails...)
}

func TestIfTheNameWasTakenInTheMeantimeTheAccountCanChooseAnother(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	v := s.Visitor()
	register(v)
	s.Admin("cy@example.org", "berlin")
	confirm(v).At("/cities").Want(200, "the name “berlin” has been taken")
	v.Post("/cities", "city", "berlin", "title", "Berlin").Want(http.StatusUnprocessableEntity, "is taken")
	v.Post("/cities", "city", "spandau", "title", "Spandau").At("/city/spandau").Want(200)
}

func TestAnAdminCanCreateTenCities(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9")
	v := s.VisitorAs("ada@example.org")
	v.Post("/cities", "city", "tenth", "title", "Tenth").At("/city/tenth").Want(200)
	v.Post("/cities", "city", "eleventh", "title", "Eleventh").
		Want(http.StatusUnprocessableEntity, "at most 10 cities", `value="eleventh"`)
	if _, ok, _ := s.Node.Get(t.Context(), "eleventh"); ok {
		t.Error("the city exists")
	}
}

func TestLoginSaysTheSameForAWrongPasswordAndAnUnknownAddress(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	wrong := s.Visitor().Post("/login", "address", "ada@example.org", "password", "not the password").Want(422)
	unknown := s.Visitor().Post("/login", "address", "ada@example.com", "password", "not the password").Want(422)
	if strings.ReplaceAll(wrong.Text, "example.org", "example.com") != unknown.Text {
		t.Error("the pages differ")
	}
}

func TestLoginLeadsWhereTheVisitorWantedToGo(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin", "ghent")
	v := s.Visitor()
	got := v.Get("/city/ghent/ledger?before=9")
	got.At("/login?next=%2Fcity%2Fghent%2Fledger%3Fbefore%3D9").Want(200, `name="next"`)
	v.Post("/login", "address", "ada@example.org", "password", frontendtest.Password, "next", "/city/ghent/ledger?before=9").
		At("/city/ghent/ledger?before=9")
	for _, next := range []string{"//evil.example", "https://evil.example", `/\evil.example`, `/city/\evil`, ""} {
		s.Visitor().Post("/login", "address", "ada@example.org", "password", frontendtest.Password, "next", next).At("/cities")
	}
}

func TestAnInvitedPersonBecomesAnAdminOfTheCity(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	s.Admin("cy@example.org", "ghent")
	ada := s.VisitorAs("ada@example.org")
	ada.Post("/city/berlin/people/invite", "address", "nonsense").Want(422, `id="f-invite-error"`)
	ada.Post("/city/berlin/people/invite", "address", "bo@example.org").Want(200, "on its way to bo@example.org")
	bo := s.Visitor()
	bo.Get(s.Link()).Want(200, "Help run Berlin", `name="password"`)
	bo.Post(s.Link(), "password", "kurz").Want(422)
	bo.Post(s.Link(), "password", "acht Stationen nach Norden").At("/city/berlin/ledger").Want(200, "You now help run Berlin")
	s.Visitor().Get(s.Link()).Want(http.StatusGone)

	ada.Post("/city/berlin/people/invite", "address", "cy@example.org").Want(200)
	cy := s.VisitorAs("cy@example.org")
	cy.Get("/city/berlin").Want(404)
	cy.Get(s.Link()).Want(200).WantNot(`name="password"`)
	cy.Post(s.Link()).At("/city/berlin/ledger").Want(200)
}

func TestGuessingDoesNotLockTheAdminOut(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	guesser, ada := s.Visitor(), s.Visitor()
	guesser.From, ada.From = "198.51.100.7", "203.0.113.9"
	try := func(v *frontendtest.Visitor, password string) frontendtest.Answer {
		t.Helper()
		return v.Post("/login", "address", "ada@example.org", "password", password)
	}
	for range 13 { // the attempts of everybody, and those that one network has besides
		try(guesser, "not the password").Want(422)
	}
	for range 5 {
		s.Advance(time.Minute)
		try(guesser, "not the password").Want(422)
		try(guesser, frontendtest.Password).Want(http.StatusTooManyRequests, "Too many attempts")
	}
	guesser.From = "198.51.100.8" // of the same network
	try(guesser, frontendtest.Password).Want(http.StatusTooManyRequests)
	try(ada, "mistyped password").Want(422)
	try(ada, frontendtest.Password).At("/city/berlin").Want(200)
}

func TestSetUpCanBeRepeatedWithAnotherPassword(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	city := settings.Default("demo", "en")
	frontendtest.Check(t, s.Accounts.SetUp(t.Context(), "ada@example.org", "the first password", "demo", city))
	frontendtest.Check(t, s.Accounts.SetUp(t.Context(), "ada@example.org", frontendtest.Password, "demo", city))
	s.VisitorAs("ada@example.org").Get("/city/demo").Want(200)
}

func TestANewCityGetsAShortNameAndTheTimeZoneOfTheBrowser(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	v := s.Visitor()
	register(v, "title", "Zürich", "city", "Zürich").Want(422, `value="zuerich"`, "We have put “zuerich” there.")
	register(v, "title", "東京", "city", "東京").Want(422, "2 to 32 characters").WantNot("We have put")
	register(v, "title", "東京", "city", "").Want(422, "No short name can be made of “東京”. Type one")
	register(v, "title", "", "city", "").Want(422).WantNot("No short name can be made")
	for _, c := range []struct{ title, name, browser, zone string }{
		{"Zürich", "zuerich", "Europe/Zurich", "Europe/Zurich"},
		{"New Delhi", "new-delhi", "Asia/Calcutta", "Asia/Kolkata"},
		{"Olympus", "olympus", "Mars/Olympus", ""},
		{"Ghent", "ghent", "", ""},
	} {
		s.Advance(24 * time.Hour)
		register(v, "address", c.name+"@example.org", "title", c.title, "city", "", "time_zone", c.browser).At("/register/sent")
		confirm(v).At("/city/" + c.name)
		if got := s.Present(c.name).TimeZone; got != c.zone {
			t.Errorf("%q: the city runs in %q", c.browser, got)
		}
	}
}
