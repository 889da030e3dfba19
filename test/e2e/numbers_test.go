package e2e

import (
	"strings"
	"testing"
	"time"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

func TestFiveReportsOfALineAreANumberOnTheNextDay(t *testing.T) {
	t.Parallel()
	mails, clock := harness.NewMailServer(t), &testkit.Clock{}
	c := harness.Config(t, mails)
	program, _ := harness.StartWithClock(t, c, clock.Now)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "@line\n@stop", "")
	admin.SetNetwork("zuerich", "U8: Wittenau, Osloer Straße, Pankstraße, Hermannplatz, Boddinstraße\nM10: Hauptbahnhof, Warschauer Straße", "")
	for _, text := range []string{"u8 wittenau kontrolle", "u8 osloer str kontrolle", "u8 pankstr kontrolle", "u8 hermannplatz kontrolle", "u8 boddinstr kontrolle", "m10 kontrolle"} {
		harness.SendMail(t, program, "zuerich", text)
		admin.WaitForText("/c/zuerich", text)
	}
	clock.Advance(24 * time.Hour)
	page := visitor.Get("/c/zuerich/numbers")
	if !strings.Contains(page, ">U8</th>") || strings.Contains(page, "M10") || strings.Contains(page, "Hermannplatz") {
		t.Errorf("the page has not the line with five reports alone:\n%s", page)
	}
}
