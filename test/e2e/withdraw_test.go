package e2e

import (
	"regexp"
	"strings"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// waitForDeletion waits until the city's account on the instance has no post.
func waitForDeletion(t *testing.T, s *fixture) {
	t.Helper()
	testkit.Eventually(t, "the post is deleted on the instance", func() bool { return len(s.posts()) == 0 })
}

func TestAMentionThatItsAuthorDeletesIsWithdrawnEverywhere(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	id := s.instance.Mention("marta@elsewhere.example", "@zuerich kontrolle tram 4", "direct")
	s.waitEverywhere("kontrolle tram 4")
	s.instance.Delete(id)
	waitForDeletion(t, s)
	for _, path := range []string{"/c/zuerich", "/c/zuerich/feed.atom", "/city/zuerich/ledger"} {
		testkit.Eventually(t, "it is gone from "+path, func() bool { return !strings.Contains(s.admin.Get(path), "kontrolle tram 4") })
	}
	s.admin.WaitForText("/city/zuerich/ledger", "deleted by its author")
}

func TestAReportThatAnAdminWithdrawsVanishesFromTheNetworks(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	harness.SendMail(t, s.program, "zuerich", "kontrolle u8 hermannplatz")
	s.waitEverywhere("kontrolle u8 hermannplatz")
	action := regexp.MustCompile(`/city/zuerich/ledger/[0-9]+/withdraw`).FindString(s.admin.Get("/city/zuerich/ledger"))
	s.admin.Post(action)
	waitForDeletion(t, s)
	testkit.Eventually(t, "it is gone from the page", func() bool { return !strings.Contains(s.visitor.Get("/c/zuerich"), "hermannplatz") })
	s.admin.WaitForText("/city/zuerich/ledger", "retracted by an admin")
}
