package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/bots/twitter/twittertest"
	"linienfunk/bus"
	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// gone is the name of the city that is deleted: nothing else has it in it.
const gone = "xqville"

// twoCities are a city that is deleted, and one that stays, with everything in them.
type twoCities struct {
	t        *testing.T
	clock    testkit.Clock
	config   config.Config
	mails    *harness.MailServer
	instance *mastodontest.Server
	chats    *telegramtest.Server
	x        *twittertest.Server
	admin    *harness.Browser
	tables   *db.DB // opened by inTables
	key      string // of the API of the one that is deleted
}

func newTwoCities(t *testing.T) *twoCities {
	t.Helper()
	w := &twoCities{t: t, mails: harness.NewMailServer(t), instance: mastodontest.New(t), chats: telegramtest.New(t), x: twittertest.New(t)}
	w.instance.FilterPrivate = false
	w.config = harness.Config(t, w.mails)
	w.config.Networks = []config.Key{
		{Network: "telegram", Name: "api", Value: w.chats.URL}, {Network: "twitter", Name: "api", Value: w.x.URL}, {Network: "twitter", Name: "poll", Value: "3s"},
		{Network: "twitter", Name: "consumer_key", Value: twittertest.ConsumerKey}, {Network: "twitter", Name: "consumer_secret", Value: twittertest.ConsumerSecret},
	}
	w.x.Callback = w.config.BaseURL + "/bots/twitter/callback"
	if w.config.NATS.URL == "" {
		w.config.NATS.Listen = harness.FreePort(t)
	}
	program, _ := harness.StartWithClock(t, w.config, w.clock.Now)
	w.admin = harness.NewBrowser(t, program.URL())
	w.admin.Register(w.mails, "zuerich", "Zürich")
	w.admin.Post("/cities", "city", gone, "title", "Xqville")
	for _, city := range []string{gone, "zuerich"} {
		w.admin.SetLists(city, strings.ToUpper(city[:1])+city[1:], "kontrolle", "")
		w.admin.ConnectMastodon(w.instance, city)
		w.admin.Post("/city/"+city+"/bot/telegram/connect", "token", w.chats.AddBot(city+"Bot"))
		harness.NewBrowser(t, program.URL()).Subscribe(w.mails, city, city+"-"+harness.ReaderAddress)
		w.chats.Say(city+"Bot", "jan", "/start")
		w.chats.Say(city+"Bot", "ada", linkCode(t, w.admin, city))
		w.admin.Post("/city/"+city+"/people/invite", "address", "guest@"+city+".example", "role", "moderator")
		w.admin.Post("/city/"+city+"/api/webhooks", "url", "http://127.0.0.1:9/"+city, "kind", "report.relayed")
		key := apiKey(t, w.admin, program.URL(), city)
		if city == gone {
			w.key = key
		}
		w.admin.SetNetwork(city, "U8", "Bahnhof")
		harness.SendMail(t, program, city, "kontrolle in der U8 in "+city)
		w.chats.Say(city+"Bot", "jan", "wetter in "+city) // held
		w.admin.WaitForText("/c/"+city, "kontrolle in der U8 in "+city)
		testkit.Eventually(t, "the subscriber gets the report", func() bool {
			return len(w.mails.MailsTo(city+"-"+harness.ReaderAddress, "kontrolle in der U8")) == 1
		})
		testkit.Eventually(t, "the report is on Mastodon", func() bool { return len(w.instance.Timeline(city)) > 0 })
		w.admin.WaitForText("/city/"+city+"/ledger", "wetter in "+city)
	}
	return w
}

// run runs a command by the API.
func (w *twoCities) run(command string, values map[string]any) (status int, body string) {
	w.t.Helper()
	values["city"] = gone
	text, _ := json.Marshal(values)
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.config.BaseURL+"/api/v1/"+command, bytes.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("X-Api-Key", w.key)
	request.Header.Set("Client", "e2e")
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, string(read)
}

// inTables returns the tables in which a row has the text, but for the one that keeps the name.
func (w *twoCities) inTables(text string) (found []string) {
	w.t.Helper()
	if w.tables == nil {
		w.tables = harness.Database(w.t, w.config)
	}
	d := w.tables
	others, err := d.OtherTables(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	ofCities, err := d.TablesOfCities(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, table := range append(others, ofCities...) {
		if table == "ended_cities" {
			continue
		}
		rows, err := d.Raw(`SELECT * FROM "` + table + `"`).Rows()
		if err != nil {
			w.t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				w.t.Fatal(err)
			}
			if strings.Contains(strings.ToLower(fmt.Sprintf("%s", values)), text) {
				found = append(found, table)
			}
		}
		if err := rows.Close(); err != nil {
			w.t.Fatal(err)
		}
	}
	return found
}

// inStreams counts the messages of both streams that have the text. With the embedded broker, the files of the data directory have them.
func (w *twoCities) inStreams(text string) (count int) {
	w.t.Helper()
	if w.config.NATS.URL == "" {
		return 0
	}
	b, err := bus.Open(w.t.Context(), bus.Config{URL: w.config.NATS.URL, Prefix: w.config.NATS.Prefix, Shards: w.config.NATS.Shards, Replicas: w.config.NATS.Replicas, Log: testkit.Log(w.t)})
	if err != nil {
		w.t.Fatal(err)
	}
	defer b.Close()
	for _, k := range []bus.Kept{bus.KeptReports, bus.KeptUpdates} {
		_, _, err := b.ReadStored(context.Background(), k, 1, func(m bus.Stored) error {
			if strings.Contains(m.Subject+string(m.Data), text) {
				count++
			}
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return count
}

func (w *twoCities) status(path string) int {
	w.t.Helper()
	answer, err := http.Get(w.config.BaseURL + path)
	if err != nil {
		w.t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func TestADeletedCityLeavesNotOneRowFileOrMessage(t *testing.T) {
	t.Parallel()
	w := newTwoCities(t)
	if len(w.inTables(gone)) < 15 {
		t.Fatalf("the test looks in the wrong places: %q", w.inTables(gone))
	}
	if status, body := w.run("city/delete", map[string]any{"name": "zuerich"}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "short name") {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := w.run("city/delete", map[string]any{"name": gone}); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	w.mails.WaitForMail(t, "admin-zuerich@example.net", "wants to delete it")
	w.admin.WaitForText("/city/"+gone, "will be deleted on")
	if status, body := w.run("resume", map[string]any{}); status != http.StatusConflict || !strings.Contains(body, "The city is to be deleted") {
		t.Errorf("it is resumed: %d %s", status, body)
	}

	w.clock.Advance(24*time.Hour - time.Minute)
	if page := w.admin.Post("/city/" + gone + "/end/restore"); !strings.Contains(page, "The city stays, and is running") {
		t.Fatalf("it is not restored:\n%s", page)
	}
	if page := w.admin.Post("/city/"+gone+"/end/delete", "name", gone); !strings.Contains(page, "everything of it is deleted on") {
		t.Fatalf("it is not deleted:\n%s", page)
	}
	w.clock.Advance(24 * time.Hour)
	w.mails.WaitForMail(t, gone+"-"+harness.ReaderAddress, "den Dienst auf Linienfunk beendet")
	testkit.Eventually(t, "no row is left", func() bool { return len(w.inTables(gone)) == 0 && w.inStreams(gone) == 0 })
	if w.config.NATS.URL == "" {
		var found []string
		testkit.Eventually(t, "no byte is left", func() bool {
			found = findInFiles(t, w.config.Data, []string{`city":"` + gone, "wetter in " + gone, "guest@" + gone, "@" + gone})
			return len(found) == 0
		})
	}

	told := 0
	for _, one := range w.chats.Sent() {
		if strings.Contains(one.Text, "den Dienst auf Linienfunk beendet") {
			told++
		}
	}
	if mails := len(w.mails.MailsTo(gone+"-"+harness.ReaderAddress, "den Dienst auf Linienfunk beendet")); told != 1 || mails != 1 {
		t.Errorf("the subscribers were told %d times on Telegram and %d times by mail", told, mails)
	}
	if w.instance.Tokens(gone) != 0 || w.instance.Tokens("zuerich") == 0 {
		t.Errorf("%d tokens of the deleted city are left at Mastodon, and %d of the other", w.instance.Tokens(gone), w.instance.Tokens("zuerich"))
	}
	if status := w.status("/c/" + gone); status != http.StatusGone {
		t.Errorf("the page answers %d", status)
	}
	if err := harness.TrySendMail(w.config.SMTP, gone, "kontrolle"); err == nil || !strings.Contains(err.Error(), "5.1.1 This city has ended") {
		t.Errorf("mail is answered with %v", err)
	}
	answer, err := w.admin.Client.PostForm(w.config.BaseURL+"/cities", url.Values{"city": {gone}, "title": {"Xqville"}})
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || answer.StatusCode != http.StatusUnprocessableEntity || !bytes.Contains(page, []byte("deleted less than 30 days ago")) {
		t.Errorf("the name is given away: %v, %d\n%s", err, answer.StatusCode, page)
	}

	if err := harness.TrySendMail(w.config.SMTP, "zuerich", "kontrolle noch einmal"); err != nil {
		t.Error(err)
	}
	w.admin.WaitForText("/c/zuerich", "kontrolle noch einmal")

	w.clock.Advance(31 * 24 * time.Hour)
	testkit.Eventually(t, "the name is free", func() bool { return w.status("/c/"+gone) == http.StatusNotFound })
}

// files returns what is in a zip that an address answers with.
func (w *twoCities) files(client *http.Client, address, key string) map[string]string {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if key != "" {
		request.Header.Set("X-Api-Key", key)
	}
	request.Header.Set("Client", "e2e")
	answer, err := client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		w.t.Fatalf("%s answers %d, %v: %.500s", address, answer.StatusCode, err, text)
	}
	archive, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		w.t.Fatal(err)
	}
	files := map[string]string{}
	for _, one := range archive.File {
		file, err := one.Open()
		if err != nil {
			w.t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		if err != nil || !json.Valid(content) {
			w.t.Fatalf("%s: %v\n%s", one.Name, err, content)
		}
		files[one.Name] = string(content)
	}
	return files
}

func TestAnOwnerTakesAllOfTheCityAlongAsAFile(t *testing.T) {
	t.Parallel()
	w := newTwoCities(t)
	token := w.chats.AddBot("OtherBot")
	w.admin.Post("/city/"+gone+"/bot/telegram/connect", "token", token)
	page := w.files(w.admin.Client, w.config.BaseURL+"/city/"+gone+"/export.zip", "")
	for file, wants := range map[string]string{
		"about.json": "linienfunk city 1", "settings.json": "Xqville", "history.json": "kontrolle", "people.json": "admin-zuerich@example.net", "network.json": "Bahnhof",
		"reports.json": "kontrolle in der U8 in " + gone, "numbers.json": "[", "subscribers.json": gone + "-" + harness.ReaderAddress, "log.json": "settings change",
	} {
		if !strings.Contains(page[file], wants) {
			t.Errorf("%s has no %s:\n%.2000s", file, wants, page[file])
		}
	}
	all := fmt.Sprint(page)
	for _, secret := range []string{token, harness.AdminPassword, w.key, "zuerich-" + harness.ReaderAddress, "U8 in zuerich"} {
		if strings.Contains(all, secret) {
			t.Errorf("%s is in the file", secret)
		}
	}
	if fromAPI := w.files(http.DefaultClient, w.config.BaseURL+"/api/v1/cities/"+gone+"/export", w.key); len(fromAPI) != len(page) {
		t.Errorf("the file of the API has %d files", len(fromAPI))
	}

	without := w.files(http.DefaultClient, w.config.BaseURL+"/api/v1/cities/"+gone+"/export", apiKey(t, w.admin, w.config.BaseURL, gone, commands.ScopeAddresses))
	if without["people.json"]+without["subscribers.json"] != "" || !strings.Contains(without["about.json"], "subscribers.json") || len(without) != len(page)-2 {
		t.Errorf("a key without the scope for addresses gets %d files: %s", len(without), without["about.json"])
	}

	link := regexp.MustCompile(`/export/[a-z]+/[0-9]+/[0-9a-f]{32}`).FindString(w.admin.Post("/city/" + gone + "/commands/city-export"))
	if fromLink := w.files(http.DefaultClient, w.config.BaseURL+link, ""); len(fromLink) != len(page) {
		t.Errorf("the file of the link has %d files", len(fromLink))
	}
	stranger := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, wrong := range []string{strings.Replace(link, gone, "zuerich", 1), link[:len(link)-1] + "x", "/city/" + gone + "/export.zip"} {
		answer, err := stranger.Get(w.config.BaseURL + wrong)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			t.Errorf("%s answers %d", wrong, answer.StatusCode)
		}
	}
	w.clock.Advance(16 * time.Minute)
	if status := w.status(link); status != http.StatusNotFound {
		t.Errorf("a quarter of an hour later the link answers %d", status)
	}
}
