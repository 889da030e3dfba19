package account_test

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"linienfunk/commands"
	"linienfunk/frontend/frontendtest"
)

// app is one that shows codes.
type app struct {
	s      *frontendtest.World
	secret string
}

func (a app) code(later time.Duration) string {
	a.s.T.Helper()
	code, err := totp.GenerateCode(a.secret, a.s.Now().Add(later))
	frontendtest.Check(a.s.T, err)
	return code
}

// withApp switches codes on for ada@example.org, and returns her app and her recovery codes.
func withApp(s *frontendtest.World, v *frontendtest.Visitor) (a app, recovery []string) {
	s.T.Helper()
	v.Post("/account/totp", "totp_password", "wrong").Want(422, "not your present password")
	page := v.Post("/account/totp", "totp_password", frontendtest.Password).Want(200, "<svg", "Switch on")
	a = app{s, strings.ReplaceAll(regexp.MustCompile(`<code>([A-Z2-7 ]+)</code>`).FindStringSubmatch(page.Raw)[1], " ", "")}
	v.Post("/account/totp/confirm", "code", "000000").Want(422, "This code is wrong", "<svg")
	codes := v.Post("/account/totp/confirm", "code", a.code(0)).Want(200, "Your recovery codes")
	for _, found := range regexp.MustCompile(`<code>([A-Z2-7]{5}-[A-Z2-7]{5})</code>`).FindAllStringSubmatch(codes.Raw, -1) {
		recovery = append(recovery, found[1])
	}
	if len(recovery) != 10 || codes.Header.Get("Cache-Control") != "no-store" {
		s.T.Fatalf("%d recovery codes\n%s", len(recovery), codes.Text)
	}
	return a, recovery
}

// secondStep logs in with the password, and returns the page that asks for a code.
func secondStep(s *frontendtest.World, v *frontendtest.Visitor) frontendtest.Answer {
	s.T.Helper()
	page := v.Post("/login", "address", "ada@example.org", "password", frontendtest.Password, "next", "/city/berlin/ledger").Want(200, "Type the code")
	wantLoggedOut(v)
	return page
}

func TestALoginTakesACodeOfTheAppOnce(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	a, _ := withApp(s, s.VisitorAs("ada@example.org"))
	v := s.Visitor()
	page := secondStep(s, v)
	v.Post(page.Path, "code", a.code(0)).Want(422, "was used already") // to switch it on
	for _, off := range []time.Duration{-90 * time.Second, 90 * time.Second} {
		v.Post(page.Path, "code", a.code(off)).Want(422)
	}
	s.Advance(time.Minute)
	code := a.code(30 * time.Second) // of an app that is ahead
	v.Post(page.Path, "code", code).At("/city/berlin/ledger").Want(200)
	v.Post(page.Path, "code", code).Want(http.StatusGone)
	other := s.Visitor()
	again := secondStep(s, other)
	other.Post(again.Path, "code", code).Want(422)
	other.Post(again.Path, "code", a.code(0)).Want(422) // older than one that was used
	s.Advance(time.Minute)
	late := a.code(-30 * time.Second)
	other.Post(again.Path, "code", late).Want(422) // the one before is that which was used
	other.Post(again.Path, "code", a.code(0)).At("/city/berlin/ledger")
}

func TestARecoveryCodeWorksOnce(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	owner := s.VisitorAs("ada@example.org")
	_, recovery := withApp(s, owner)
	v := s.Visitor()
	page := secondStep(s, v)
	v.Post(page.Path, "code", strings.ToLower(recovery[3])).At("/city/berlin/ledger")
	v.Get("/account").Want(200, "You have 9 recovery codes left.")
	page = secondStep(s, s.Visitor())
	s.Visitor().Post(page.Path, "code", recovery[3]).Want(422)
	owner.Post("/account/recovery", "recovery_password", frontendtest.Password).Want(200, "Your recovery codes")
	s.Visitor().Post(page.Path, "code", recovery[4]).Want(422) // replaced
}

func TestTheSameCodeAtTheSameTimeLogsInOnce(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	a, _ := withApp(s, s.VisitorAs("ada@example.org"))
	s.Advance(time.Minute)
	code := a.code(0)
	var mu sync.Mutex
	in := 0
	var all sync.WaitGroup
	for range 4 {
		v := s.Visitor()
		page := secondStep(s, v)
		all.Go(func() {
			if got := v.Post(page.Path, "code", code); strings.HasPrefix(got.Path, "/city/") {
				mu.Lock()
				in++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if in != 1 {
		t.Errorf("%d logins with one code", in)
	}
}

func TestCodesCannotBeGuessed(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	withApp(s, s.VisitorAs("ada@example.org"))
	v := s.Visitor()
	page := secondStep(s, v)
	status := 0
	for range 12 {
		status = v.Post(page.Path, "code", "000001").Status
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("the answer to the last guess is %d", status)
	}
	s.Advance(11 * time.Minute)
	v.Post(page.Path, "code", "000001").Want(http.StatusGone)
}

func TestAnOperatorEndsTheCodesOfAnAdminWhoHasLostThem(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	withApp(s, s.VisitorAs("ada@example.org"))
	secondStep(s, s.Visitor())
	regain := func(address string) error {
		_, err := s.Site.Commands.Run(t.Context(), commands.Call{Name: "account recover", Actor: commands.Actor{ID: commands.OperatorID, Level: commands.Operator, Lang: "en"}, Args: map[string]any{"address": address}})
		return err
	}
	frontendtest.Check(t, regain("Ada@example.org"))
	if mails := s.Mails.All(); !strings.Contains(mails[len(mails)-1].Text, "The password alone is enough") {
		t.Errorf("the last mail: %+v", mails[len(mails)-1])
	}
	for _, refused := range []string{"ada@example.org", "nobody@example.org"} {
		if err := regain(refused); !errors.As(err, new(*commands.Refusal)) {
			t.Errorf("%s: %v", refused, err)
		}
	}
	v := s.VisitorAs("ada@example.org")
	v.Get("/account").Want(200, "Set up an app")
	withApp(s, v) // with new recovery codes
}

func TestANewPasswordByMailStillTakesACode(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	owner := s.VisitorAs("ada@example.org")
	a, _ := withApp(s, owner)
	v := s.Visitor()
	v.Post("/forgot", "address", "ada@example.org")
	page := v.Post(s.Link(), "password", newPassword).Want(200, "Type the code")
	wantLoggedOut(v)
	s.Advance(time.Minute)
	v.Post(page.Path, "code", a.code(0)).At("/city/berlin")
	v.Post("/account/totp/end", "totp_off_password", newPassword).At("/account").Want(200, "A login takes the password only.")
	s.Visitor().Post("/login", "address", "ada@example.org", "password", newPassword).At("/city/berlin")
}
