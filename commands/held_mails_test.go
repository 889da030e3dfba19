package commands_test

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/mail"
)

// notices does what the program does each minute.
func (w *world) notices() {
	w.t.Helper()
	w.NoticeHeld(w.t.Context(), w.HeldCities(w.t.Context()))
}

// mailsTo are the mails to an address.
func (w *world) mailsTo(address string) (all []mail.Message) {
	for _, one := range w.mails.All() {
		if one.To == address {
			all = append(all, one)
		}
	}
	return all
}

func TestWhoHearsOfItNowhereElseIsMailedThatSomethingWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.joins("mo@example.org", db.RoleModerator)
	w.linked("ada")
	w.check(w.db.Create(&db.CityAdmin{City: "bern", AdminID: w.newAdmin("new@example.org").ID, Role: db.RoleModerator}).Error)
	w.check(w.db.Model(&db.Admin{}).Where("address = 'new@example.org'").Update("confirmed", false).Error)
	w.received("1", "wetter mit namen")
	w.received("2", "kontrolle u8")
	w.notices()
	sent := w.mails.All()
	if len(sent) != 1 || sent[0].To != "mo@example.org" || sent[0].Subject != "Bern: a report waits for you" || !strings.Contains(sent[0].Text, "Hello,\n\na report waits for a moderator of Bern:") || !strings.Contains(sent[0].Text, "https://linienfunk.example/city/bern/ledger?held=1") {
		t.Fatalf("%+v", sent)
	}
	if strings.Contains(sent[0].Text, "wetter") {
		t.Error("the text of a report leaves by mail")
	}
}

func TestAnAddressOfTheInfoChannelIsNotMailedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.owner(), "info add", "through", "net", "address", "ada@example.org")
	code := regexp.MustCompile(`[A-Z0-9]{10}`).FindString(w.net.toldTo("ada@example.org")[0].Text)
	w.writes("ada@example.org", "/info confirm "+code)
	w.received("1", "schönes wetter")
	w.notices()
	if sent := w.mails.All(); len(sent) != 0 {
		t.Errorf("%+v", sent)
	}
}

func TestMailsAboutWhatWaitsAreBundled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.received("1", "erstes wetter")
	for range 3 {
		w.notices()
	}
	w.received("2", "zweites wetter")
	third := w.received("3", "drittes wetter")
	w.Advance(14 * time.Minute) // reports are fresh for 30 minutes
	w.notices()
	if sent := w.mailsTo("ada@example.org"); len(sent) != 1 {
		t.Fatalf("%d mails within the pause", len(sent))
	}
	w.Advance(time.Minute)
	w.notices()
	w.notices()
	sent := w.mailsTo("ada@example.org")
	if len(sent) != 2 || sent[1].Subject != "Bern: 3 reports wait for you" || !strings.Contains(sent[1].Text, "in 15 minutes") {
		t.Fatalf("%+v", sent)
	}
	w.Advance(10 * time.Minute)
	w.received("4", "viertes wetter")
	w.must(w.owner(), "refuse", "report", strconv.Itoa(int(third.ID)))
	w.becomes(third, "refused", func(e db.Entry) bool { return e.Ruling != "" })
	w.Advance(10 * time.Minute) // the first three are not fresh any more
	w.notices()
	if sent := w.mailsTo("ada@example.org"); len(sent) != 3 || sent[2].Subject != "Bern: a report waits for you" {
		t.Fatalf("%+v", sent)
	}
	w.Advance(20 * time.Minute)
	w.notices()
	if sent := w.mailsTo("ada@example.org"); len(sent) != 3 {
		t.Errorf("%d mails, though nothing waits", len(sent))
	}
}

func TestWhatRidersObjectToIsMailedThoughLaterReportsWere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := w.received("1", "kontrolle u8")
	w.received("2", "schönes wetter")
	w.notices()
	w.Advance(15 * time.Minute)
	w.notices()
	if sent := w.mails.All(); len(sent) != 1 {
		t.Fatalf("%+v", sent)
	}
	for i := range 3 {
		w.must(commands.Actor{Visitor: fmt.Sprint(i), Lang: "en"}, "flag", "report", strconv.Itoa(int(out.ID)))
	}
	w.becomes(out, "held", db.Entry.IsFlagged)
	w.notices()
	w.notices()
	if sent := w.mails.All(); len(sent) != 2 || sent[1].Subject != "Bern: 2 reports wait for you" {
		t.Errorf("%+v", sent)
	}
}

// Nodes look at the same time, and one may have been killed between its note and the mail.
func TestAMailAboutWhatWaitsIsStoredOnceByAllNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.received("1", "schönes wetter")
	var all sync.WaitGroup
	for range 8 {
		all.Go(w.notices)
	}
	all.Wait()
	if sent := w.mails.All(); len(sent) != 1 {
		t.Fatalf("%d mails", len(sent))
	}
	w.Advance(15 * time.Minute)
	w.received("2", "schlechtes wetter")
	w.mails.Err = errors.New("the program is killed")
	w.notices()
	w.mails.Err = nil
	w.received("3", "anderes wetter")
	for range 2 {
		w.notices()
	}
	if sent := w.mails.All(); len(sent) != 2 || sent[1].Subject != "Bern: 3 reports wait for you" {
		t.Fatalf("%+v", sent)
	}
	w.Advance(15 * time.Minute)
	w.notices() // the mail's note did not have the third one
	if sent := w.mails.All(); len(sent) != 3 {
		t.Errorf("%d mails", len(sent))
	}
}

func TestMailsAboutWhatWaitsAreStoppedByThePersonAndByTheLinkInThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mo := w.joins("mo@example.org", db.RoleModerator)
	w.received("1", "schönes wetter")
	w.notices()
	sent := w.mailsTo("mo@example.org")
	if len(sent) != 1 || sent[0].Header["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" {
		t.Fatalf("%+v", sent)
	}
	link := strings.Split(strings.Trim(sent[0].Header["List-Unsubscribe"], "<>"), "/")
	seal := link[len(link)-1]
	if !w.MailsStoppable("bern", mo.ID, seal) || w.MailsStoppable("bern", w.admin.ID, seal) || w.MailsStoppable("ghent", mo.ID, seal) || w.MailsStoppable("bern", mo.ID, "") {
		t.Error("the link stops the mails of others, or not its own")
	}
	for range 2 {
		w.check(w.StopMails(t.Context(), "bern", mo.ID))
	}
	w.must(w.actor(w.admin), "people mails", "on", false)
	for _, one := range w.must(w.owner(), "people").(commands.People).People {
		if one.Mails {
			t.Errorf("%+v", one)
		}
	}
	w.Advance(15 * time.Minute)
	w.received("2", "schlechtes wetter")
	w.notices()
	if sent := w.mails.All(); len(sent) != 2 {
		t.Fatalf("%+v", sent)
	}
	w.must(w.actor(w.admin), "people mails", "on", true)
	w.notices()
	if sent := w.mails.All(); len(sent) != 3 || sent[2].To != "ada@example.org" {
		t.Errorf("%+v", sent)
	}
}

func TestNothingIsLeftOfTheMailsOfWhoDoesNotRunTheCityAnyMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mo := w.joins("mo@example.org", db.RoleModerator)
	w.must(w.actor(mo), "people mails", "on", false)
	w.must(w.owner(), "people remove", "who", "mo@example.org")
	w.check(w.StopMails(t.Context(), "bern", mo.ID))
	var rows int64
	tables, err := w.db.Prefixed("command_")
	w.check(err)
	w.check(tables.WithContext(t.Context()).Model(&commands.HeldMail{}).Where("admin_id = ?", mo.ID).Count(&rows).Error)
	if rows != 0 {
		t.Errorf("%d rows", rows)
	}
}
