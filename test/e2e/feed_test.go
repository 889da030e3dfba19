package e2e

import (
	"bytes"
	"mime/multipart"
	"net/url"
	"slices"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// uploadFeed uploads a feed to a city.
func uploadFeed(t *testing.T, b *harness.Browser, base, city string, feed []byte) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "town.zip")
	if err == nil {
		_, err = part.Write(feed)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.Client.Post(base+"/city/"+city+"/network/feed", form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 {
		t.Fatalf("status %d", answer.StatusCode)
	}
}

func TestACitysTimetableDecidesWhichReportsPassAlsoAfterARestart(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	program, stop := harness.Start(t, c)
	admin := harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "@stop", "")
	harness.SendMail(t, program, "zuerich", "they are at the observatory")
	admin.WaitForText("/city/zuerich/ledger", "no trigger word")

	const page, save = "/city/zuerich/network", "/city/zuerich/network/save#choice"
	uploadFeed(t, admin, program.URL(), "zuerich", testkit.Feed(t, testkit.TownLines()...))
	admin.WaitForText(page, "what belongs to your city?")
	form := url.Values{"kind": {"tram", "subway"}, "agency": {"City Transit", "Metro"}}
	for hidden := range slices.Chunk(harness.FormFields(admin.Get(page), save), 2) {
		form.Set(hidden[0], hidden[1])
	}
	answer, err := admin.Client.PostForm(program.URL()+"/city/zuerich/network/save", form)
	if err != nil || answer.StatusCode != 200 {
		t.Fatal(answer, err)
	}
	answer.Body.Close()
	harness.SendMail(t, program, "zuerich", "two of them at the observatory")
	admin.WaitForText("/city/zuerich/ledger", "<code>@stop</code>")

	stop()
	program, _ = harness.Start(t, c)
	admin = admin.On(program.URL())
	admin.SetLists("zuerich", "Zürich", "@line + @stop", "")
	harness.SendMail(t, program, "zuerich", "three of them on the U2 at the observatory") // read with the network from the database
	admin.WaitForText("/city/zuerich/ledger", "<code>@line + @stop</code>")
}
