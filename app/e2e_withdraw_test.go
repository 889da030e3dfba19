package app

import (
	"strings"
	"testing"

	"linienfunk/internal/testkit"
)

func TestAMentionThatItsAuthorDeletesIsTakenBackFromEveryPage(t *testing.T) {
	s := newStage(t)
	id := s.instance.Mention("marta@elsewhere.example", "@zuerich kontrolle tram 4", "direct")
	s.everywhere("kontrolle tram 4")
	s.instance.Delete(id)
	testkit.Eventually(t, "the copy is deleted on the instance", func() bool { return len(s.posts()) == 0 })
	for _, path := range []string{"/c/zuerich", "/c/zuerich/feed.atom", "/city/zuerich/ledger"} {
		testkit.Eventually(t, "it is gone from "+path, func() bool { return !strings.Contains(s.admin.get(path), "kontrolle tram 4") })
	}
	s.admin.sees("/city/zuerich/ledger", "deleted where it was written")
}

func TestAReportThatAnAdminTakesBackVanishesFromTheNetworks(t *testing.T) {
	s := newStage(t)
	writeMail(t, s.program, "zuerich", "kontrolle u8 hermannplatz")
	s.everywhere("kontrolle u8 hermannplatz")
	page := s.admin.get("/city/zuerich/ledger")
	at := strings.Index(page, "/city/zuerich/ledger/")
	action, _, _ := strings.Cut(page[at:], `"`)
	s.admin.post(action)
	testkit.Eventually(t, "the post is deleted on the instance", func() bool { return len(s.posts()) == 0 })
	testkit.Eventually(t, "it is gone from the page", func() bool { return !strings.Contains(s.visitor.get("/c/zuerich"), "hermannplatz") })
	s.admin.sees("/city/zuerich/ledger", "taken back by an admin")
}
