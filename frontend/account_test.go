package frontend

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/mail"
)

func (v *visitor) register(pairs ...string) answer {
	v.t.Helper()
	form := map[string]string{"address": "ada@example.org", "password": goodPassword, "city": "berlin", "title": "Berlin"}
	for i := 0; i+1 < len(pairs); i += 2 {
		form[pairs[i]] = pairs[i+1]
	}
	var flat []string
	for name, value := range form {
		flat = append(flat, name, value)
	}
	return v.post("/register", flat...)
}

// confirm follows the link in the last mail.
func (v *visitor) confirm() answer {
	v.t.Helper()
	return v.post(v.link(), "password", goodPassword)
}

func TestWhoRegistersConfirmsAndIsOnTheSettingsPageOfTheCity(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor()
	v.get("/register").want(200, "Start your city")
	v.register("address", " Ada@Example.org ", "city", "Berlin").at("/register/sent").want(200, "look into your mailbox")
	if _, ok, _ := s.store.Get(t.Context(), "berlin"); ok {
		t.Fatal("the city exists before it was confirmed")
	}
	mail := s.mails.All()[0]
	if mail.To != "ada@example.org" || !strings.Contains(mail.Text, "berlin") || mail.From != "" {
		t.Errorf("mail %+v", mail)
	}
	v.get(s.link()).want(200, "Yes, start this city", `name="password"`)
	if _, ok, _ := s.store.Get(t.Context(), "berlin"); ok {
		t.Fatal("a GET made the city")
	}
	v.confirm().at("/city/berlin").want(200, "Welcome aboard", "Triggers", "ada@example.org")
	if city := <-s.changed; city != "berlin" {
		t.Errorf("changed %q", city)
	}
	v.get("/city/berlin").want(200).wantNot("Welcome aboard")
}

func TestALinkWorksOnceAndNotForever(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor()
	v.register()
	link := s.link()
	v.confirm().want(200)
	other := s.visitor()
	other.get(link).want(http.StatusGone, "no longer works")
	other.confirm().want(http.StatusGone)
	other.register("address", "bo@example.org", "city", "ghent")
	link = s.link()
	s.advance(25 * time.Hour)
	other.get(link).want(http.StatusGone)
	other.confirm().want(http.StatusGone)
	other.post("/confirm/nonsense").want(http.StatusGone)
}

func TestAFormSaysWhatIsWrongBesideItsField(t *testing.T) {
	s := newSite(t, nil)
	s.admin("cy@example.org", "zuerich")
	for _, c := range []struct{ what, field, value, says string }{
		{"no address", "address", "", "enter your e-mail"},
		{"half an address", "address", "ada@", "not an e-mail"},
		{"an address that no mail reaches", "address", "ü@example.org", "not an e-mail"},
		{"an address at no domain", "address", "a@b_c.example", "not an e-mail"},
		{"an address at a number", "address", "a@[127.0.0.1]", "not an e-mail"},
		{"an address of ours in other letters", "address", "zuerich@ｌinienfunk。example", "address of ours"},
		{"an address with a name", "address", "Ada <ada@example.org>", "not an e-mail"},
		{"an address of ours", "address", "zuerich@linienfunk.example", "address of ours"},
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
		{"a title that turns text around", "title", "Berlin \u202e", "At most 60"},
		{"a title in another encoding", "title", "Z\xfcrich", "cannot be read"},
		{"a long title", "title", strings.Repeat("x", 61), "At most 60"},
	} {
		t.Run(c.what, func(t *testing.T) {
			v := s.visitor()
			v.t = t
			v.register(c.field, c.value).want(http.StatusUnprocessableEntity, `id="f-`+c.field+`-error"`, c.says).
				wantNot(goodPassword)
		})
	}
	if n := len(s.mails.All()); n != 0 {
		t.Errorf("%d mails", n)
	}
}

func TestAKnownAddressGetsTheSamePageAndAnotherMail(t *testing.T) {
	s := newSite(t, nil)
	s.admin("ada@example.org", "zuerich")
	known := s.visitor().register().want(200)
	fresh := s.visitor().register("address", "bo@example.org").want(200)
	if known.text != fresh.text || known.path != fresh.path {
		t.Error("the pages differ")
	}
	mails := s.mails.All()
	if !strings.Contains(mails[0].Text, "already have an account") || strings.Contains(mails[0].Text, "/confirm/") {
		t.Errorf("mail to the known address: %s", mails[0].Text)
	}
	if !strings.Contains(mails[1].Text, "/confirm/") {
		t.Errorf("mail to the new address: %s", mails[1].Text)
	}
	forgotKnown := s.visitor().post("/forgot", "address", "ada@example.org").want(200)
	forgotFresh := s.visitor().post("/forgot", "address", "nobody@example.org").want(200)
	if forgotKnown.text != forgotFresh.text {
		t.Error("the pages differ")
	}
}

func TestTheAnswerAboutAForgottenPasswordDoesNotWaitForItsMail(t *testing.T) {
	s := newSite(t, nil)
	s.admin("ada@example.org", "zuerich")
	held := &heldMails{Queue: s.mails, free: make(chan struct{})}
	s.Mail = held
	s.visitor().post("/forgot", "address", "ada@example.org").at("/forgot/sent").want(200)
	if n := len(s.mails.All()); n != 0 {
		t.Fatalf("%d mails", n)
	}
	close(held.free)
	s.visitor().get(s.link()).want(200, "Choose a new password")
}

// heldMails keeps mails back until free is closed.
type heldMails struct {
	mail.Queue
	free chan struct{}
}

func (h *heldMails) Enqueue(ctx context.Context, messages ...mail.Message) error {
	<-h.free
	return h.Queue.Enqueue(ctx, messages...)
}

func TestANameThatWasTakenMeanwhileLeavesAnAccountAndAChoice(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor()
	v.register()
	s.admin("cy@example.org", "berlin")
	v.confirm().at("/cities").want(200, "taken the name “berlin” meanwhile")
	v.post("/cities", "city", "berlin", "title", "Berlin").want(http.StatusUnprocessableEntity, "is taken")
	v.post("/cities", "city", "spandau", "title", "Spandau").at("/city/spandau").want(200)
}

func TestAnAdminMayMakeTenCities(t *testing.T) {
	s := newSite(t, nil)
	s.admin("ada@example.org", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9")
	v := s.visitorAs("ada@example.org")
	v.post("/cities", "city", "tenth", "title", "Tenth").at("/city/tenth").want(200)
	v.post("/cities", "city", "eleventh", "title", "Eleventh").
		want(http.StatusUnprocessableEntity, "at most 10 cities", `value="eleventh"`)
	if _, ok, _ := s.store.Get(t.Context(), "eleventh"); ok {
		t.Error("the city exists")
	}
}

func TestLoginSaysTheSameForAWrongPasswordAndAnUnknownAddress(t *testing.T) {
	s := newSite(t, nil)
	s.admin("ada@example.org", "berlin")
	wrong := s.visitor().post("/login", "address", "ada@example.org", "password", "not the password").want(422)
	unknown := s.visitor().post("/login", "address", "ada@example.com", "password", "not the password").want(422)
	if strings.ReplaceAll(wrong.text, "example.org", "example.com") != unknown.text {
		t.Error("the pages differ")
	}
}

func TestTooManyAttemptsOfOneClientAreRefused(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor()
	v.from = "2001:db8::1"
	for i := range 30 {
		s.limits.loginClient.allow(client(&http.Request{RemoteAddr: "[2001:db8::" + string(rune('a'+i%6)) + "]:1"}), s.now())
	}
	v.post("/login", "address", "x@example.org", "password", "not the password").want(http.StatusTooManyRequests)
	v.from = "2001:db8:0:1::1"
	v.post("/login", "address", "x@example.org", "password", "not the password").want(422)
}

func TestALimiterForgets(t *testing.T) {
	l := newLimiter(2, time.Minute)
	now := time.Now()
	for i := range maxLimited + 10 {
		l.allow(time.Duration(i).String(), now)
	}
	if len(l.keys) > maxLimited {
		t.Errorf("%d keys", len(l.keys))
	}
}

func TestLoginLeadsWhereTheVisitorWantedToGo(t *testing.T) {
	s := newSite(t, nil)
	s.admin("ada@example.org", "berlin", "ghent")
	v := s.visitor()
	got := v.get("/city/ghent/ledger?before=9")
	got.at("/login?next=%2Fcity%2Fghent%2Fledger%3Fbefore%3D9").want(200, `name="next"`)
	v.post("/login", "address", "ada@example.org", "password", goodPassword, "next", "/city/ghent/ledger?before=9").
		at("/city/ghent/ledger?before=9")
	for _, next := range []string{"//evil.example", "https://evil.example", `/\evil.example`, `/city/\evil`, ""} {
		s.visitor().post("/login", "address", "ada@example.org", "password", goodPassword, "next", next).at("/cities")
	}
}

func TestANewPasswordEndsTheOtherSessions(t *testing.T) {
	s := newSite(t, nil)
	s.admin("ada@example.org", "berlin")
	thief := s.visitorAs("ada@example.org")
	v := s.visitor()
	v.get("/forgot").want(200)
	v.post("/forgot", "address", "ada@example.org")
	link := s.link()
	v.get(link).want(200, "Choose a new password")
	v.post(link, "password", "short").want(422, "at least 10")
	v.post(link, "password", "ein ganz neues Kennwort").at("/city/berlin").want(200, "new password is saved")
	thief.get("/city/berlin").at("/login?next=%2Fcity%2Fberlin")
	v.get(link).want(http.StatusGone)
	s.visitor().post("/login", "address", "ada@example.org", "password", goodPassword).want(422)
	s.visitor().post("/login", "address", "ada@example.org", "password", "ein ganz neues Kennwort").at("/city/berlin")
}

func TestASessionLastsThirtyIdleDays(t *testing.T) {
	s := newSite(t, nil)
	s.admin("ada@example.org", "berlin")
	v := s.visitorAs("ada@example.org")
	for range 3 {
		s.advance(29 * 24 * time.Hour)
		v.get("/city/berlin").at("/city/berlin").want(200)
	}
	s.advance(31 * 24 * time.Hour)
	v.get("/city/berlin").at("/login?next=%2Fcity%2Fberlin")
}

func TestLogoutEndsTheSessionOnTheServer(t *testing.T) {
	s := newSite(t, nil)
	s.admin("ada@example.org", "berlin")
	v := s.visitorAs("ada@example.org")
	var rows []db.Session
	check(t, s.DB.Find(&rows).Error)
	if len(rows) != 1 || rows[0].AdminID == 0 {
		t.Fatalf("sessions %+v", rows)
	}
	base, _ := http.NewRequest("GET", s.url, nil)
	for _, cookie := range v.http.Jar.Cookies(base.URL) {
		if cookie.Value == rows[0].Token {
			t.Error("the token is in the database in the clear")
		}
	}
	v.post("/logout").at("/")
	check(t, s.DB.Find(&rows).Error)
	if len(rows) != 0 {
		t.Errorf("%d sessions", len(rows))
	}
	v.get("/city/berlin").at("/login?next=%2Fcity%2Fberlin")
}

func TestAnInvitedPersonLooksAfterTheCity(t *testing.T) {
	s := newSite(t, nil)
	s.admin("ada@example.org", "berlin")
	s.admin("cy@example.org", "ghent")
	ada := s.visitorAs("ada@example.org")
	ada.post("/city/berlin/invite", "address", "nonsense").want(422, `id="f-invite-error"`)
	ada.post("/city/berlin/invite", "address", "bo@example.org").want(200, "on its way to bo@example.org")
	bo := s.visitor()
	bo.get(s.link()).want(200, "Look after Berlin", `name="password"`)
	bo.post(s.link(), "password", "kurz").want(422)
	bo.post(s.link(), "password", "acht Stationen nach Norden").at("/city/berlin").want(200, "You look after Berlin now")
	s.visitor().get(s.link()).want(http.StatusGone)

	ada.post("/city/berlin/invite", "address", "cy@example.org").want(200)
	cy := s.visitorAs("cy@example.org")
	cy.get("/city/berlin").want(404)
	cy.get(s.link()).want(200).wantNot(`name="password"`)
	cy.post(s.link()).at("/city/berlin").want(200)
}

func TestPasswordHashes(t *testing.T) {
	p := newPasswords()
	hash, err := p.hash(t.Context(), "richtig")
	check(t, err)
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %s", hash)
	}
	for password, want := range map[string]bool{"richtig": true, "falsch": false} {
		if got, err := p.check(t.Context(), hash, password); err != nil || got != want {
			t.Errorf("%s: %v, %v", password, got, err)
		}
	}
	if got, err := p.check(t.Context(), "", "richtig"); err != nil || got {
		t.Errorf("no hash: %v, %v", got, err)
	}
	for _, bad := range []string{"x", "$argon2id$v=1$m=1,t=1,p=1$YQ$YQ", "$argon2id$v=19$m=19456,t=2,p=1$!$YQ", "$2a$10$x"} {
		if _, err := p.check(t.Context(), bad, "x"); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}
