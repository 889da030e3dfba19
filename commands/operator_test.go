package commands_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/mail"
)

func TestASuspendedCityRelaysNothingWhateverItsOwnersSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(operator, "city suspend", "why", "It names riders")
	if got := w.received("1", "kontrolle am bahnhof"); len(got.Deliveries) != 0 {
		t.Errorf("deliveries: %+v", got.Deliveries)
	}
	w.must(w.owner(), "resume")
	if got := w.received("2", "kontrolle an der post"); len(got.Deliveries) != 0 {
		t.Errorf("deliveries: %+v", got.Deliveries)
	}
	if s := w.must(w.owner(), "status").(commands.CityStatus); s.Active || s.Stopped != "suspended" || s.Reason != "It names riders" {
		t.Errorf("status: %+v", s)
	}
	if got := w.refused(w.owner(), "city reinstate"); got != "forbidden" {
		t.Error(got)
	}
	w.must(operator, "city reinstate")
	if got := w.received("3", "kontrolle im tram 4"); len(got.Deliveries) != 1 {
		t.Errorf("deliveries: %+v", got.Deliveries)
	}
}

func TestWhatAnOperatorDoesIsInTwoLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	named := operator
	named.Admin = w.admin.ID
	w.must(named, "city suspend", "why", "It names riders")
	w.must(operator, "city reinstate")
	w.must(w.owner(), "pause")
	acts := w.must(operator, "instance log").(commands.InstanceLog).Acts
	if len(acts) != 2 || acts[0].By != "" || acts[1].By != "ada@example.org" || acts[1].City != "bern" || acts[1].Values["why"] != "It names riders" {
		t.Errorf("the instance's log: %+v", acts)
	}
	own := w.must(w.owner(), "log").(commands.Log).Acts
	if len(own) != 3 || own[2].Command != "city suspend" || own[2].By != "" || own[2].Via != "operator" || own[2].Values["why"] != "It names riders" {
		t.Errorf("the city's log: %+v", own)
	}
	command, _ := w.Find("log")
	for lang, want := range map[string]string{"en": " the operator of this server: city suspend why=It names riders\n", "de": " Betrieb dieses Servers: city suspend why=It names riders\n"} {
		if text := w.Answer(lang, time.UTC, command, commands.Log{Acts: own}).Text + "\n"; !strings.Contains(text, want) {
			t.Errorf("the log says %q, and not %q", text, want)
		}
	}
	command, _ = w.Find("city search")
	for _, waiting := range []bool{true, false} {
		found := w.must(operator, "city search", "part", "basel", "waiting", waiting)
		if text, want := w.Answer("en", nil, command, found).Text, map[bool]string{true: "No city waits.", false: "There is no such city."}[waiting]; text != want {
			t.Errorf("the answer is %q, and not %q", text, want)
		}
	}
	if next := w.must(operator, "instance log", "limit", 1).(commands.InstanceLog).Next; next == 0 {
		t.Error("there is no next page")
	}
}

func TestAReportThatIsHeldWhileACityIsSuspendedIsReleasedAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := w.received("1", "schönes wetter")
	w.must(operator, "city suspend", "why", "It names riders")
	if got := w.refused(w.owner(), "release", "report", fmt.Sprint(held.ID)); got != "conflict" {
		t.Error(got)
	}
	w.must(operator, "city reinstate")
	w.must(w.owner(), "release", "report", fmt.Sprint(held.ID))
	w.becomes(held, "released", func(e db.Entry) bool { return e.Passed && len(e.Deliveries) == 1 })
}

func TestTheOperatorSeesNumbersOfACityAndNoTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.received("1", "kontrolle am bahnhof")
	w.received("2", "schönes wetter")
	result := w.must(operator, "city search", "part", "BER")
	list := result.(commands.OperatedCities)
	if len(list.Cities) != 1 || list.Next != "" {
		t.Fatalf("found: %+v", list)
	}
	if c := list.Cities[0]; c.Day != 2 || c.Rows != 2 || c.Last.IsZero() || len(c.Owners) != 1 || c.Owners[0] != "ada@example.org" || len(c.Failing) != 0 || !c.Active || c.Suspended {
		t.Errorf("found: %+v", c)
	}
	command, _ := w.Find("city search")
	if text := w.Answer("en", time.UTC, command, result).Text; !strings.Contains(text, "2 reports today") || strings.Contains(text, "bahnhof") {
		t.Errorf("answer: %s", text)
	}
	if list := w.must(operator, "city search", "after", "bern").(commands.OperatedCities); len(list.Cities) != 0 {
		t.Errorf("found: %+v", list)
	}
}

func TestACityThatTheOperatorRemovesCanBeKeptByTheOperatorAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.refused(operator, "city remove", "name", "basel", "why", "It names riders"); got != "invalid name" {
		t.Error(got)
	}
	if got := w.refused(w.owner(), "city remove", "name", "bern", "why", "It names riders"); got != "forbidden" {
		t.Error(got)
	}
	end := w.must(operator, "city remove", "name", "bern", "why", "It names riders").(commands.CityEnding)
	if left := end.Ends.Sub(w.Now()); left < commands.EndGrace-time.Minute || left > commands.EndGrace {
		t.Errorf("ends in %s", left)
	}
	mails := w.mails.All()
	if len(mails) != 1 || mails[0].To != "ada@example.org" || !strings.Contains(mails[0].Text, "It names riders") || !strings.Contains(mails[0].Text, "Only the operator can stop") {
		t.Errorf("mails: %+v", mails)
	}
	if when := end.Ends.Local().Format("2 Jan 2006, 15:04 MST"); !strings.Contains(mails[0].Text, "deleted on "+when) {
		t.Errorf("the mail does not say %q: %s", when, mails[0].Text)
	}
	command, _ := w.Find("city remove")
	if text, when := w.Answer("de", nil, command, end).Text, end.Ends.Local().Format("2.1.2006, 15:04 Uhr "); !strings.Contains(text, "am "+when) {
		t.Errorf("the answer does not say %q: %s", when, text)
	}
	if found := w.must(operator, "city search").(commands.OperatedCities).Cities; len(found) != 1 || !found[0].Ends.Equal(end.Ends) {
		t.Errorf("found: %+v", found)
	}
	for _, command := range []string{"city restore", "resume"} {
		if got := w.refused(w.owner(), command); got != "forbidden" && got != "conflict" {
			t.Errorf("%s: %s", command, got)
		}
	}
	w.must(operator, "city restore")
	if found := w.must(operator, "city search").(commands.OperatedCities).Cities; !found[0].Ends.IsZero() || !found[0].Active {
		t.Errorf("found: %+v", found)
	}
}

func TestTheMailCheckSaysWhatIsToBeDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.CheckMail = func(context.Context) ([]mail.Finding, error) {
		return []mail.Finding{{Name: "MX", State: mail.Right, Say: "mail comes here"}, {Name: "SPF", State: mail.Missing, Say: "there is none", Record: "TXT v=spf1"}}, nil
	}
	result := w.must(operator, "instance mailcheck").(commands.MailCheck)
	if result.Right || len(result.Findings) != 2 || result.Findings[1].Record != "TXT v=spf1" || result.Domain != "linienfunk.example" {
		t.Errorf("%+v", result)
	}
	if acts := w.must(operator, "instance log").(commands.InstanceLog).Acts; len(acts) != 0 {
		t.Errorf("a check is no act: %+v", acts)
	}
}
