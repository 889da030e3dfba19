package email_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/ending"
)

// there is a city's page on another instance.
const there = "https://other.example/c/zuerich"

func (v visitor) mover() ending.Mover { return v.w.Bot.(ending.Mover) }

// moves has the city say that it is there, and asks until all are asked. It returns how many were.
func (v visitor) moves() (asked int) {
	v.t.Helper()
	v.w.SetMoved(v.city, there)
	for {
		n, err := v.mover().AskToMove(v.t.Context(), v.city, there)
		if err != nil {
			v.t.Fatal(err)
		}
		if asked += n; n == 0 {
			return asked
		}
	}
}

// consents lists who goes along, and where to.
func (v visitor) consents() map[string]string {
	v.t.Helper()
	list, _, err := v.w.Bot.(ending.Roster).Subscribers(v.t.Context(), v.city, "")
	if err != nil {
		v.t.Fatal(err)
	}
	all := map[string]string{}
	for _, one := range list {
		if one.Consent != nil {
			all[one.Address] = one.Consent.To
		}
	}
	return all
}

func (v visitor) mailsTo(address string) (n int) {
	for _, one := range v.w.Mails.All() {
		if one.To == address {
			n++
		}
	}
	return n
}

func TestASubscriberIsAskedOnceWhetherTheyGoAlong(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("goes@example.org")
	v.subscribe("stays@example.org")
	v.ask("unconfirmed@example.org")
	before := v.mailsTo("unconfirmed@example.org")
	if n := v.moves(); n != 2 {
		t.Errorf("%d were asked", n)
	}
	if n := v.moves(); n != 0 {
		t.Errorf("%d were asked again", n)
	}
	if v.mailsTo("unconfirmed@example.org") != before {
		t.Error("somebody was asked who has not confirmed")
	}
	if len(v.consents()) != 0 {
		t.Error("somebody goes along who has not said so")
	}
	link := v.link("goes@example.org", "move")
	want(t, v.get(link), 200, "", there)
	if len(v.consents()) != 0 {
		t.Error("viewing the link is no consent")
	}
	fields := url.Values{"t": {token(t, link)}, "goes": {"1"}}
	want(t, v.post("/c/zuerich/email/move", fields), 303, "X-Message", there)
	if got := v.consents(); len(got) != 1 || got["goes@example.org"] != there {
		t.Errorf("consents: %v", got)
	}
	want(t, v.get(link), 200, "", "take that back")
	fields.Set("goes", "0")
	want(t, v.post("/c/zuerich/email/move", fields), 303, "X-Message", "does not go along")
	if got := v.consents(); len(got) != 0 {
		t.Errorf("consents: %v", got)
	}
}

func TestACrashAfterTheMailsAreQueuedAsksNobodyTwice(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("rider@example.org")
	v.moves()
	mails := v.mailsTo("rider@example.org")
	if err := v.w.Core.DB.Exec("UPDATE email_subscribers SET move_asked = ''").Error; err != nil { // what the crash lost
		t.Fatal(err)
	}
	v.w.Restart(t)
	v.moves()
	if got := v.mailsTo("rider@example.org"); got != mails {
		t.Errorf("%d mails instead of %d", got, mails)
	}
}

func TestAConsentIsForTheAddressThatTheMailHasNamed(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("rider@example.org")
	v.moves()
	link := v.link("rider@example.org", "move")
	v.w.SetMoved("zuerich", "https://elsewhere.example")
	want(t, v.get(link), 404, "", "")
	want(t, v.post("/c/zuerich/email/move", url.Values{"t": {token(t, link)}, "goes": {"1"}}), 404, "", "")
	v.w.SetMoved("zuerich", "")
	want(t, v.get(link), 410, "", "")
	forged := strings.Replace(link, token(t, link), strings.Repeat("0", 32)+"-"+strings.Repeat("0", 32), 1)
	v.w.SetMoved("zuerich", there)
	want(t, v.get(forged), 404, "", "")
	if len(v.consents()) != 0 {
		t.Error("somebody goes along")
	}
	want(t, v.post("/c/zuerich/email/move", url.Values{"t": {token(t, link)}, "goes": {"1"}}), 303, "X-Message", there)
	if err := v.mover().ForgetMove(t.Context(), "zuerich"); err != nil || len(v.consents()) != 0 {
		t.Errorf("somebody goes along although the city stays: %v", err)
	}
}

// takeIn takes in addresses.
func (v visitor) takeIn(wants string, addresses ...string) ending.TakenIn {
	v.t.Helper()
	var list []ending.Arriving
	for _, address := range addresses {
		list = append(list, ending.Arriving{Address: address, Wants: json.RawMessage(wants), At: v.w.Core.Now()})
	}
	r, err := v.mover().TakeIn(v.t.Context(), v.city, list)
	if err != nil {
		v.t.Fatal(err)
	}
	return r
}

func (v visitor) welcome() (told int) {
	v.t.Helper()
	for {
		n, err := v.mover().Welcome(v.t.Context(), v.city)
		if err != nil {
			v.t.Fatal(err)
		}
		if told += n; n == 0 {
			return told
		}
	}
}

func TestWhoComesFromAnotherInstanceIsToldOnceAndCanUnsubscribe(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("here@example.org")
	got := v.takeIn(`{"lines":["U8"]}`, "rider@example.org", "here@example.org", "no address", "loop@linienfunk.example")
	if got != (ending.TakenIn{New: 1, Known: 1, Invalid: 2}) {
		t.Errorf("taken in: %+v", got)
	}
	if n := v.welcome() + v.welcome(); n != 1 || v.mailsTo("rider@example.org") != 1 {
		t.Errorf("%d were told", n)
	}
	want(t, v.get(v.link("rider@example.org", "choose")), 200, "", `name="lines" value="U8"`)
	unsubscribe := v.link("rider@example.org", "unsubscribe")
	if got := v.broadcast(v.about("1", "Kontrolle U8")); len(got) != 2 {
		t.Errorf("%d mails", len(got))
	}
	want(t, v.submit(unsubscribe), 303, "X-Message", "deleted")
	if got := v.takeIn(`{}`, "rider@example.org"); got != (ending.TakenIn{Known: 1}) {
		t.Errorf("somebody who has unsubscribed comes again: %+v", got)
	}
	if n := v.welcome(); n != 0 {
		t.Errorf("%d were told again", n)
	}
	if got := v.broadcast(v.about("2", "Kontrolle M10")); len(got) != 1 || got[0].To != "here@example.org" {
		t.Errorf("mails: %+v", got)
	}
}

func TestWishesFromAnotherInstanceAreNotTrusted(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	for _, wants := range []string{`[]`, `{"lines":"U8"}`, `{"lines":["a\nb"]}`, `{"hours":[{"from":-1,"to":3}]}`, `{"days":[9]}`, `{"stops":["` + strings.Repeat("x", 1000) + `"]}`} {
		if got := v.takeIn(wants, "rider@example.org"); got != (ending.TakenIn{Invalid: 1}) {
			t.Errorf("%.40s: %+v", wants, got)
		}
	}
	if got := v.takeIn(``, "rider@example.org"); got.New != 1 {
		t.Errorf("no wishes: %+v", got)
	}
}

func TestWhoHasComeIsForgottenAfterTheirConsentDoesNotCountAnyMore(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.takeIn(``, "rider@example.org")
	v.w.Advance(ending.ConsentLife + 48*time.Hour)
	v.takeIn(``, "other@example.org")
	var rows int64
	if err := v.w.Core.DB.Table("email_taken_in").Count(&rows).Error; err != nil || rows != 1 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func TestMailToACityThatMovedAndWasDeletedIsToldWhere(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.w.SetEnded("basel", there)
	c := s.hello()
	c.Say("MAIL FROM:<"+marta+">", "250")
	c.Say("RCPT TO:<basel@linienfunk.example>", "550 5.1.6 This city has moved to "+there)
}
