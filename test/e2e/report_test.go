// Package e2e tests the whole program from outside: through its pages, its SMTP server and fakes of the networks.
package e2e

import (
	"slices"
	"strings"
	"testing"

	"linienfunk/app"
	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// fixture is a running program with two cities, zuerich and ghent. zuerich is connected to a Mastodon instance and has a subscriber.
type fixture struct {
	t        *testing.T
	program  *app.Program
	stop     func() // ends the program
	mails    *harness.MailServer
	instance *mastodontest.Server
	admin    *harness.Browser // of zuerich
	visitor  *harness.Browser
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	mails := harness.NewMailServer(t)
	return newFixtureOf(t, mails, harness.Config(t, mails))
}

// newFixtureOf is newFixture with a configuration, whose smarthost is mails.
func newFixtureOf(t *testing.T, mails *harness.MailServer, c config.Config) *fixture {
	t.Helper()
	s := &fixture{t: t, mails: mails, instance: mastodontest.New(t)}
	s.instance.FilterPrivate = false // otherwise private mentions would be read only by the next poll
	s.program, s.stop = harness.Start(t, c)
	s.admin, s.visitor = harness.NewBrowser(t, s.program.URL()), harness.NewBrowser(t, s.program.URL())
	harness.NewBrowser(t, s.program.URL()).Register(s.mails, "ghent", "Ghent")
	s.admin.Register(s.mails, "zuerich", "Zürich")
	s.admin.SetLists("zuerich", "Zürich", "kontrolle\nkontrollen", "idiot")
	s.admin.ConnectMastodon(s.instance, "zuerich")
	s.admin.ChooseBoosts("zuerich")
	s.visitor.Subscribe(s.mails, "zuerich", harness.ReaderAddress)
	return s
}

// posts returns the texts that zuerich's account has posted, without boosts.
func (s *fixture) posts() []string {
	var texts []string
	for _, status := range s.instance.Timeline("zuerich") {
		if status.Boosts == "" {
			texts = append(texts, status.Text)
		}
	}
	return texts
}

// waitEverywhere waits until a report that was received by mail has reached every network of zuerich.
func (s *fixture) waitEverywhere(text string) {
	s.t.Helper()
	testkit.Eventually(s.t, text+" is on the instance", func() bool { return slices.Contains(s.posts(), text) })
	testkit.Eventually(s.t, text+" is mailed to the subscriber", func() bool { return len(s.mails.MailsTo(harness.ReaderAddress, text)) > 0 })
	s.visitor.WaitForText("/c/zuerich", text)
	for _, feed := range []string{"feed.atom", "feed.rss", "feed.json"} {
		s.visitor.WaitForText("/c/zuerich/"+feed, text)
	}
	s.admin.WaitForText("/city/zuerich/ledger", text)
}

func TestAMailedReportReachesEveryNetworkOnce(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	harness.SendMail(t, s.program, "zuerich", "kontrolle u8 hermannplatz")
	s.waitEverywhere("kontrolle u8 hermannplatz")
	harness.SendMail(t, s.program, "zuerich", "kontrolle u8 hermannplatz") // a repetition, as by a mail server that got no answer
	harness.SendMail(t, s.program, "zuerich", "kontrolle u9 osloer straße")
	s.waitEverywhere("kontrolle u9 osloer straße")
	if got := s.posts(); len(got) != 2 {
		t.Errorf("posts: %q", got)
	}
	if got := s.mails.MailsTo(harness.ReaderAddress, "hermannplatz"); len(got) != 1 {
		t.Errorf("%d mails", len(got))
	}
	if n := strings.Count(s.visitor.Get("/c/zuerich"), "kontrolle u8 hermannplatz"); n != 1 {
		t.Errorf("it is shown %d times on the page", n)
	}
	if page := s.visitor.Get("/c/ghent"); strings.Contains(page, "hermannplatz") {
		t.Error("another city shows it")
	}
}

func TestAHeldReportIsInTheLedgerWithTheRuleAndNowhereElse(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	harness.SendMail(t, s.program, "zuerich", "schönes wetter heute")
	harness.SendMail(t, s.program, "zuerich", "kontrolle, du idiot")
	harness.SendMail(t, s.program, "zuerich", "kontrolle am ende")
	s.waitEverywhere("kontrolle am ende") // a city's reports are sent in order
	page := s.admin.Get("/city/zuerich/ledger")
	for _, want := range []string{"schönes wetter heute", "kontrolle, du idiot", "<code>idiot</code>", "<code>kontrolle</code>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the ledger does not show %s", want)
		}
	}
	for _, held := range []string{"wetter", "idiot"} {
		if slices.ContainsFunc(s.posts(), func(text string) bool { return strings.Contains(text, held) }) {
			t.Errorf("%s was posted", held)
		}
		if len(s.mails.MailsTo(harness.ReaderAddress, held)) > 0 {
			t.Errorf("%s was mailed", held)
		}
		for _, path := range []string{"/c/zuerich", "/c/zuerich/feed.atom"} {
			if strings.Contains(s.visitor.Get(path), held) {
				t.Errorf("%s is on %s", held, path)
			}
		}
	}
}

func TestAMentionIsBoostedAndReachesTheSubscribers(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	id := s.instance.Mention("marta@elsewhere.example", "@zuerich kontrolle tram 4", "public")
	testkit.Eventually(t, "the mention is boosted", func() bool { return slices.Contains(s.instance.Boosts("zuerich"), id) })
	testkit.Eventually(t, "it is mailed", func() bool { return len(s.mails.MailsTo(harness.ReaderAddress, "kontrolle tram 4")) == 1 })
	s.visitor.WaitForText("/c/zuerich", "kontrolle tram 4")
	if page := s.admin.Get("/city/zuerich/ledger"); strings.Contains(page, "marta") {
		t.Error("the ledger names the author")
	}
}

func TestAPrivateMentionIsCopiedWithoutItsAuthor(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.instance.Mention("marta@elsewhere.example", "@zuerich kontrolle tram 5", "direct")
	testkit.Eventually(t, "the copy is posted", func() bool { return slices.Contains(s.posts(), "kontrolle tram 5") })
	if boosts := s.instance.Boosts("zuerich"); len(boosts) != 0 {
		t.Errorf("boosted: %v", boosts)
	}
	if got := s.mails.WaitForMail(t, harness.ReaderAddress, "kontrolle tram 5"); strings.Contains(got.Text, "marta") {
		t.Errorf("the mail names the author:\n%s", got.Text)
	}
}

func TestAReportFromTheWebFormReachesEveryNetwork(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	page := s.visitor.Get("/c/zuerich")
	form := harness.FormFields(page, "/c/zuerich/web/report")
	form = append(form, "text", "kontrolle aus dem formular")
	s.visitor.Post("/c/zuerich/web/report", form...)
	s.waitEverywhere("kontrolle aus dem formular")
}

func TestAHangingNetworkDelaysNoOtherCityAndNoOtherNetwork(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.instance.Fail(bottest.Hang)
	harness.SendMail(t, s.program, "zuerich", "kontrolle hängt")
	s.visitor.WaitForText("/c/zuerich", "kontrolle hängt")
	testkit.Eventually(t, "it is mailed", func() bool { return len(s.mails.MailsTo(harness.ReaderAddress, "kontrolle hängt")) == 1 })
	harness.SendMail(t, s.program, "ghent", "kontrolle in gent")
	admin := harness.NewBrowser(t, s.program.URL())
	admin.Post("/login", "address", "admin-ghent@example.net", "password", harness.AdminPassword)
	admin.SetLists("ghent", "Ghent", "*", "")
	harness.SendMail(t, s.program, "ghent", "inspectors on tram 1")
	s.visitor.WaitForText("/c/ghent", "inspectors on tram 1")
	if got := s.posts(); len(got) != 0 {
		t.Errorf("the instance did not hang: %q", got)
	}
	s.instance.Heal()
	testkit.Eventually(t, "it is posted after the hang", func() bool { return slices.Contains(s.posts(), "kontrolle hängt") })
}

func TestARevokedTokenStopsTheAccountAndNotifiesTheAdmins(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.instance.RevokeTokens("zuerich")
	harness.SendMail(t, s.program, "zuerich", "kontrolle u8")
	testkit.Eventually(t, "the admins get a mail", func() bool { return len(s.mails.MailsTo("admin-zuerich@example.net", "/city/zuerich#mastodon")) > 0 })
	s.visitor.WaitForText("/c/zuerich", "kontrolle u8")
	s.admin.ConnectMastodon(s.instance, "zuerich")
	harness.SendMail(t, s.program, "zuerich", "kontrolle u9")
	testkit.Eventually(t, "the account works with its new token", func() bool { return slices.Contains(s.posts(), "kontrolle u9") })
}
