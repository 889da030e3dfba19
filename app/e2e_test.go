package app

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit"
)

// stage is a running program with two cities. zuerich is connected to an instance and has a subscriber.
type stage struct {
	t        *testing.T
	program  *Program
	box      *mailbox
	instance *mastodontest.Server
	admin    *browser // of zuerich
	visitor  *browser
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, box: newMailbox(t), instance: mastodontest.New(t)}
	s.instance.FilterPrivate = false // or private mentions would wait for the next poll
	s.program, _ = start(t, testConfig(t, s.box))
	s.admin, s.visitor = newBrowser(t, s.program.URL()), newBrowser(t, s.program.URL())
	newBrowser(t, s.program.URL()).register(s.box, "ghent", "Ghent")
	s.admin.register(s.box, "zuerich", "Zürich")
	s.admin.setLists("zuerich", "Zürich", "kontrolle\nkontrollen", "idiot")
	s.admin.connect(s.instance, "zuerich")
	s.visitor.subscribe(s.box, "zuerich", readerAddress)
	return s
}

// connect connects a city to an instance as its admin would, and returns when the bot is reading there.
func (b *browser) connect(instance *mastodontest.Server, city string) {
	b.t.Helper()
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := b.http.PostForm(b.base+"/city/"+city+"/bot/mastodon/connect", map[string][]string{"instance": {instance.URL}, "way": {"redirect"}})
	if err != nil {
		b.t.Fatal(err)
	}
	answer.Body.Close()
	b.http.CheckRedirect = nil
	back, err := instance.Approve(answer.Header.Get("Location"), city)
	if err != nil {
		b.t.Fatal(err)
	}
	if page := b.get(strings.TrimPrefix(back, b.base)); !strings.Contains(page, "@"+city) {
		b.t.Fatalf("not connected:\n%s", page)
	}
	testkit.Eventually(b.t, "the bot reads the instance's stream", func() bool { return instance.Streams() > 0 })
}

// posts are the texts that zuerich's account has posted, without boosts.
func (s *stage) posts() []string {
	var texts []string
	for _, status := range s.instance.Timeline("zuerich") {
		if status.Boosts == "" {
			texts = append(texts, status.Text)
		}
	}
	return texts
}

// everywhere waits until a report from a mail is in every network of zuerich.
func (s *stage) everywhere(text string) {
	s.t.Helper()
	testkit.Eventually(s.t, text+" is on the instance", func() bool { return slices.Contains(s.posts(), text) })
	testkit.Eventually(s.t, text+" is in the subscriber's mailbox", func() bool { return len(s.box.to(readerAddress, text)) > 0 })
	s.visitor.sees("/c/zuerich", text)
	for _, feed := range []string{"feed.atom", "feed.rss", "feed.json"} {
		s.visitor.sees("/c/zuerich/"+feed, text)
	}
	s.admin.sees("/city/zuerich/ledger", text)
}

func TestAMailedReportReachesEveryNetworkOnce(t *testing.T) {
	s := newStage(t)
	writeMail(t, s.program, "zuerich", "kontrolle u8 hermannplatz")
	s.everywhere("kontrolle u8 hermannplatz")
	writeMail(t, s.program, "zuerich", "kontrolle u8 hermannplatz") // the rider's server was not sure and repeats it
	writeMail(t, s.program, "zuerich", "kontrolle u9 osloer straße")
	s.everywhere("kontrolle u9 osloer straße")
	if got := s.posts(); len(got) != 2 {
		t.Errorf("posts: %q", got)
	}
	if got := s.box.to(readerAddress, "hermannplatz"); len(got) != 1 {
		t.Errorf("%d mails", len(got))
	}
	if n := strings.Count(s.visitor.get("/c/zuerich"), "kontrolle u8 hermannplatz"); n != 1 {
		t.Errorf("it stands %d times on the page", n)
	}
	if page := s.visitor.get("/c/ghent"); strings.Contains(page, "hermannplatz") {
		t.Error("another city shows it")
	}
}

func TestWhatTheCensorHoldsIsInTheLedgerWithItsRuleAndNowhereElse(t *testing.T) {
	s := newStage(t)
	writeMail(t, s.program, "zuerich", "schönes wetter heute")
	writeMail(t, s.program, "zuerich", "kontrolle, du idiot")
	writeMail(t, s.program, "zuerich", "kontrolle am ende")
	s.everywhere("kontrolle am ende") // the reports of a city keep their order
	page := s.admin.get("/city/zuerich/ledger")
	for _, want := range []string{"schönes wetter heute", "kontrolle, du idiot", "<code>idiot</code>", "<code>kontrolle</code>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the ledger does not show %s", want)
		}
	}
	for _, held := range []string{"wetter", "idiot"} {
		if slices.ContainsFunc(s.posts(), func(text string) bool { return strings.Contains(text, held) }) {
			t.Errorf("%s was posted", held)
		}
		if len(s.box.to(readerAddress, held)) > 0 {
			t.Errorf("%s was mailed", held)
		}
		for _, path := range []string{"/c/zuerich", "/c/zuerich/feed.atom"} {
			if strings.Contains(s.visitor.get(path), held) {
				t.Errorf("%s is on %s", held, path)
			}
		}
	}
}

func TestAMentionIsBoostedAndReachesTheSubscribers(t *testing.T) {
	s := newStage(t)
	id := s.instance.Mention("marta@elsewhere.example", "@zuerich kontrolle tram 4", "public")
	testkit.Eventually(t, "the mention is boosted", func() bool { return slices.Contains(s.instance.Boosts("zuerich"), id) })
	testkit.Eventually(t, "it is mailed", func() bool { return len(s.box.to(readerAddress, "kontrolle tram 4")) == 1 })
	s.visitor.sees("/c/zuerich", "kontrolle tram 4")
	if page := s.admin.get("/city/zuerich/ledger"); strings.Contains(page, "marta") {
		t.Error("the ledger names the author")
	}
}

func TestAPrivateMentionIsCopiedWithoutItsAuthor(t *testing.T) {
	s := newStage(t)
	s.instance.Mention("marta@elsewhere.example", "@zuerich kontrolle tram 5", "direct")
	testkit.Eventually(t, "the copy is posted", func() bool { return slices.Contains(s.posts(), "kontrolle tram 5") })
	if boosts := s.instance.Boosts("zuerich"); len(boosts) != 0 {
		t.Errorf("boosted: %v", boosts)
	}
	if got := testkitWait(t, s.box, "kontrolle tram 5"); strings.Contains(got.text, "marta") {
		t.Errorf("the mail names the author:\n%s", got.text)
	}
}

func testkitWait(t *testing.T, box *mailbox, text string) letter {
	t.Helper()
	testkit.Eventually(t, text+" is mailed", func() bool { return len(box.to(readerAddress, text)) > 0 })
	return box.to(readerAddress, text)[0]
}

func TestAReportFromTheWebFormReachesEveryNetwork(t *testing.T) {
	s := newStage(t)
	page := s.visitor.get("/c/zuerich")
	form := formOf(page, "/c/zuerich/web/report")
	form = append(form, "text", "kontrolle aus dem formular")
	s.visitor.post("/c/zuerich/web/report", form...)
	s.everywhere("kontrolle aus dem formular")
}

func TestACityWhoseNetworkHangsHoldsUpNobodyElse(t *testing.T) {
	s := newStage(t)
	s.instance.Fail(bottest.Hang)
	writeMail(t, s.program, "zuerich", "kontrolle hängt")
	s.visitor.sees("/c/zuerich", "kontrolle hängt")
	testkit.Eventually(t, "it is mailed", func() bool { return len(s.box.to(readerAddress, "kontrolle hängt")) == 1 })
	writeMail(t, s.program, "ghent", "kontrolle in gent")
	admin := newBrowser(t, s.program.URL())
	admin.post("/login", "address", "admin-ghent@example.net", "password", adminPassword)
	admin.setLists("ghent", "Ghent", "*", "")
	writeMail(t, s.program, "ghent", "inspectors on tram 1")
	s.visitor.sees("/c/ghent", "inspectors on tram 1")
	if got := s.posts(); len(got) != 0 {
		t.Errorf("the instance did not hang: %q", got)
	}
	s.instance.Heal()
	testkit.Eventually(t, "it is posted at last", func() bool { return slices.Contains(s.posts(), "kontrolle hängt") })
}

func TestARevokedTokenStopsTheAccountAndTellsTheAdmins(t *testing.T) {
	s := newStage(t)
	s.instance.RevokeTokens("zuerich")
	writeMail(t, s.program, "zuerich", "kontrolle u8")
	testkit.Eventually(t, "the admins are told by mail", func() bool { return len(s.box.to("admin-zuerich@example.net", "/city/zuerich#mastodon")) > 0 })
	s.visitor.sees("/c/zuerich", "kontrolle u8")
	s.admin.connect(s.instance, "zuerich")
	writeMail(t, s.program, "zuerich", "kontrolle u9")
	testkit.Eventually(t, "the account works with its new token", func() bool { return slices.Contains(s.posts(), "kontrolle u9") })
}
