package e2e

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/app"
	"linienfunk/commands"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// subscribers of the city that moves. Only the first one agrees to go along.
const (
	goesAlong = "goes-" + harness.ReaderAddress
	staysHere = "stays-" + harness.ReaderAddress
)

// loadCity has an owner load the file of a city, and returns the page that says what came along.
func loadCity(t *testing.T, admin *harness.Browser, base, city string, file []byte) string {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "city.zip")
	if err == nil {
		_, err = part.Write(file)
	}
	for _, name := range []string{"settings", "subscribers"} {
		_ = form.WriteField(name, "1")
	}
	if err != nil || form.Close() != nil {
		t.Fatal(err)
	}
	answer, err := admin.Client.Post(base+"/city/"+city+"/arrive", form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v: %s", answer.StatusCode, err, page)
	}
	return string(page)
}

func TestACityMovesToAnotherInstanceWithTheSubscriberWhoAgrees(t *testing.T) {
	t.Parallel()
	var clock testkit.Clock
	mails := harness.NewMailServer(t)
	old, now := harness.Config(t, mails), harness.Config(t, mails)
	harness.StartWithClock(t, old, clock.Now)
	harness.StartWithClock(t, now, clock.Now)
	newPage := now.BaseURL + "/c/zueri"

	from := harness.NewBrowser(t, old.BaseURL)
	from.Register(mails, "zuerich", "Zürich")
	from.SetLists("zuerich", "Zürich", "kontrolle", "wetter")
	from.SetNetwork("zuerich", "U8", "Bahnhof")
	for _, address := range []string{goesAlong, staysHere} {
		harness.NewBrowser(t, old.BaseURL).Subscribe(mails, "zuerich", address)
	}
	to := harness.NewBrowser(t, now.BaseURL)
	to.Register(mails, "zueri", "Zueri")

	if page := from.Post("/city/zuerich/end/moved", "url", newPage); !strings.Contains(page, newPage) {
		t.Fatalf("it has not moved:\n%s", page)
	}
	from.WaitForText("/c/zuerich", newPage)
	if feed := from.Get("/c/zuerich/feed.json"); !strings.Contains(feed, `"moved_to": "`+newPage+`"`) {
		t.Errorf("the feed does not say where the city is:\n%.500s", feed)
	}
	if mails := mails.MailsTo(goesAlong, newPage); len(mails) != 0 {
		t.Error("somebody was asked within the hour")
	}
	clock.Advance(commands.MoveGrace + time.Minute)
	link := mails.WaitForLink(t, goesAlong, "/email/move?t=")
	mails.WaitForMail(t, staysHere, newPage)
	path, token, _ := strings.Cut(link, "?t=")
	if page := from.Post(path, "t", token, "goes", "1"); !strings.Contains(page, newPage) {
		t.Fatalf("the consent is not noted:\n%s", page)
	}

	answer, err := from.Client.Get(old.BaseURL + "/city/zuerich/export.zip")
	if err != nil {
		t.Fatal(err)
	}
	file, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", answer.StatusCode, err)
	}
	page := loadCity(t, to, now.BaseURL, "zueri", file)
	if !strings.Contains(page, "One subscriber by mail who has agreed") || !strings.Contains(page, "One subscriber who has not agreed") || strings.Contains(page, "@") {
		t.Errorf("the page says\n%s", page)
	}
	path = filepath.Join(t.TempDir(), "city.zip")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if err := app.Main(t.Context(), []string{"city", "import", path, "--city", "zueri", "--data", now.Data}, nil, &said, io.Discard); err != nil || !strings.Contains(said.String(), "not:  One subscriber who has agreed and is here already") {
		t.Errorf("the file once more, on the command line: %v\n%s", err, said.String())
	}
	to.WaitForText("/city/zueri", "wetter")
	mails.WaitForMail(t, goesAlong, newPage+"/email/unsubscribe")

	if err := harness.TrySendMail(now.SMTP, "zueri", "kontrolle am Bahnhof"); err != nil {
		t.Fatal(err)
	}
	mails.WaitForMail(t, goesAlong, "kontrolle am Bahnhof")
	to.WaitForText("/c/zueri", "kontrolle am Bahnhof")
	if err := harness.TrySendMail(old.SMTP, "zuerich", "kontrolle noch hier"); err != nil {
		t.Errorf("the address of the city that has moved takes no mail: %v", err)
	}
	mails.WaitForMail(t, staysHere, "kontrolle noch hier")
	if got := mails.MailsTo(staysHere, now.BaseURL+"/c/zueri/email"); len(got) != 0 {
		t.Errorf("somebody who has not agreed gets %+v", got)
	}
	if welcomes, reports := mails.MailsTo(goesAlong, "hierher umgezogen"), mails.MailsTo(goesAlong, "moved here"); len(welcomes)+len(reports) != 1 {
		t.Errorf("told %d times", len(welcomes)+len(reports))
	}

	from.Post("/city/zuerich/end/delete", "name", "zuerich")
	clock.Advance(25 * time.Hour)
	testkit.Eventually(t, "the address says where the city went", func() bool {
		err := harness.TrySendMail(old.SMTP, "zuerich", "kontrolle")
		return err != nil && strings.Contains(err.Error(), "This city has moved to "+newPage)
	})
	gone, err := from.Client.Get(old.BaseURL + "/c/zuerich")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(gone.Body)
	gone.Body.Close()
	if err != nil || gone.StatusCode != http.StatusGone || !bytes.Contains(text, []byte(newPage)) {
		t.Errorf("the page answers %d, %v:\n%s", gone.StatusCode, err, text)
	}
}
