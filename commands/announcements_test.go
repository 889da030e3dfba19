package commands_test

import (
	"strings"
	"testing"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
)

func TestAnAnnouncementIsShownFromItsStartToItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := w.Now().Add(2 * time.Hour).Truncate(time.Minute)
	made := w.must(operator, "announce", "english", "Maintenance at 3", "german", "Wartung um 3", "from", start.Local().Format("2006-01-02T15:04"), "hours", 2, "public", true).(commands.AnnouncementShown)
	if !made.From.Equal(start) || !made.Until.Equal(start.Add(2*time.Hour)) || !made.Public || made.Mails {
		t.Errorf("made: %+v", made)
	}
	if now := w.Announced(); len(now) != 0 {
		t.Errorf("shown before its start: %+v", now)
	}
	w.Advance(2*time.Hour + time.Minute)
	now := w.Announced()
	if len(now) != 1 {
		t.Fatalf("shown: %+v", now)
	}
	for lang, want := range map[string]string{"de": "Wartung um 3", "en": "Maintenance at 3"} {
		if text, in := now[0].Text(lang); text != want || in != lang {
			t.Errorf("%s: %q in %s", lang, text, in)
		}
	}
	w.Advance(2 * time.Hour)
	if now := w.Announced(); len(now) != 0 {
		t.Errorf("shown after its end: %+v", now)
	}
	if list := w.must(operator, "announcements").(commands.Announcements).Announcements; len(list) != 0 {
		t.Errorf("listed: %+v", list)
	}
}

func TestAnAnnouncementInOneLanguageIsShownToAllAndEndedByItsNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.must(operator, "announce", "german", "Umzug im Mai").(commands.AnnouncementShown)
	if text, in := w.Announced()[0].Text("en"); text != "Umzug im Mai" || in != "de" {
		t.Errorf("%q in %s", text, in)
	}
	w.must(operator, "announcements end", "announcement", made.Announcement)
	if now := w.Announced(); len(now) != 0 {
		t.Errorf("shown: %+v", now)
	}
	if got := w.refused(operator, "announcements end", "announcement", made.Announcement); got != "not-found announcement" {
		t.Error(got)
	}
	for _, one := range []struct {
		param string
		args  []any
	}{{"english", nil}, {"from", []any{"english", "x", "from", "tomorrow"}}, {"from", []any{"english", "x", "from", "2001-01-01 03:00"}}} {
		if got := w.refused(operator, "announce", one.args...); got != "invalid "+one.param {
			t.Errorf("%v: %s", one.args, got)
		}
	}
}

func TestAnAnnouncementIsMailedToEachOwnerOnceAlsoAfterACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	german := w.newAdmin("bo@example.org")
	w.check(w.db.Model(&german).Update("lang", "de").Error)
	w.check(w.db.Create(&db.CityAdmin{City: "bern", AdminID: german.ID, Role: db.RoleOwner}).Error)
	moderator := w.newAdmin("mo@example.org")
	w.check(w.db.Create(&db.CityAdmin{City: "bern", AdminID: moderator.ID, Role: db.RoleModerator}).Error)
	made := w.must(operator, "announce", "english", "We move in May", "german", "Wir ziehen im Mai um", "mail", true).(commands.AnnouncementShown)
	w.check(w.MailAnnouncements(t.Context()))
	w.check(w.MailAnnouncements(t.Context()))
	mails := w.mails.All()
	if len(mails) != 2 || mails[0].To != "ada@example.org" || !strings.Contains(mails[0].Text, "We move in May") || mails[1].To != "bo@example.org" || !strings.Contains(mails[1].Text, "Wir ziehen im Mai um") {
		t.Fatalf("mails: %+v", mails)
	}
	// As if the program had been killed before it noted that: the queue knows the keys.
	w.check(w.Tables.Model(&commands.Announcement{}).Where("id = ?", made.Announcement).Updates(map[string]any{"mailed_at": nil, "mailed_to": 0}).Error)
	w.check(w.MailAnnouncements(t.Context()))
	keys := map[string]bool{}
	for _, one := range w.mails.All() {
		keys[one.Key] = true
	}
	if len(keys) != 2 {
		t.Errorf("keys: %v", keys)
	}
	w.Advance(60 * 24 * time.Hour)
	w.check(w.Prune(t.Context()))
	var left int64
	if w.check(w.Tables.Model(&commands.Announcement{}).Count(&left).Error); left != 0 {
		t.Errorf("%d announcements are left", left)
	}
}
