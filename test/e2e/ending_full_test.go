package e2e

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// emptyOf are the tables of cities in which fill leaves no row, and why.
var emptyOf = map[string]string{
	"settings_documents":      "older releases",
	"imported_cities":         "linienfunk import",
	"command_held_mails":      "people without a chat, who are mailed that something waits",
	"command_moves":           "a city that says it has moved",
	"command_arrivals":        "a city that has come from another instance",
	"email_taken_in":          "a city that has come from another instance",
	"command_stops":           "operators",
	"email_mailboxes":         "a mailbox of the city's own, with a server",
	"email_submissions":       "a mailbox of the city's own, with a server",
	"transit_refreshes":       "a feed with an address",
	"mastodon_directs":        "direct messages that could not be sent yet",
	"mastodon_sent_reports":   "older releases",
	"mastodon_seen_mentions":  "linienfunk import",
	"telegram_deliveries":     "a report that is on its way to thousands",
	"revocations":             "accounts whose token a network has revoked",
	"telegram_queued_reports": "groups of which Telegram wants a pause",
}

// fill gives a city what newTwoCities does not: accounts on X and of a program, an info channel, objections, mutes, rulings, a feed that was uploaded, a subscriber's choices, mails
// that wait for somebody, a group and a file.
func (w *twoCities) fill(city string) {
	w.t.Helper()
	w.admin.Post("/city/"+city+"/commands/settings-change", "once", "fill "+city, "changes", `{"flags": 2, "about": "rund um `+city+`"}`)
	login := func(network string, form url.Values) (authorize string) {
		w.t.Helper()
		w.admin.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		answer, err := w.admin.Client.PostForm(w.config.BaseURL+"/city/"+city+"/bot/"+network+"/connect", form)
		if err != nil {
			w.t.Fatal(err)
		}
		answer.Body.Close()
		w.admin.Client.CheckRedirect = nil
		return answer.Header.Get("Location")
	}
	back, err := w.x.Approve(login("twitter", nil), city)
	if err != nil {
		w.t.Fatal(err)
	}
	link, err := url.Parse(back)
	if err != nil {
		w.t.Fatal(err)
	}
	w.admin.Get(link.RequestURI())
	login("twitter", nil) // and again, without an end
	login("mastodon", url.Values{"instance": {w.instance.URL}, "way": {"redirect"}})
	if w.config.NATS.URL == "" {
		w.admin.Post("/city/"+city+"/bot/external/connect", "name", "forum")
	}

	visitor := harness.NewBrowser(w.t, w.config.BaseURL)
	visitor.Subscribe(w.mails, city, "choosy@"+city+".example", "lines", "U8", "hours", "08:00-20:00")
	visitor.Post("/c/"+city+"/email/subscribe", "address", "undecided@"+city+".example") // and never confirms it
	w.admin.Post("/city/"+city+"/commands/info-add", "through", "email", "address", "team@"+city+".example")
	w.mails.WaitForMail(w.t, "team@"+city+".example", "bestätige")
	team := w.chats.AddChat(city+"Bot", "supergroup", "Team "+city)
	w.chats.SayIn(team, "ada", map[string]any{"text": "/info@" + city + "Bot here"})
	riders := w.chats.AddChat(city+"Bot", "supergroup", "Riders of "+city)
	w.admin.WaitForText("/city/"+city, "Riders of "+city)
	for _, confirm := range regexp.MustCompile(`/city/`+city+`/bot/telegram/groups/\d+/confirm`).FindAllString(w.admin.Get("/city/"+city), -1) {
		w.admin.Post(confirm)
	}
	w.admin.Post("/city/"+city+"/commands/places", "network", "telegram")
	uploadFeed(w.t, w.admin, w.config.BaseURL, city, testkit.Feed(w.t, testkit.TownLines()...))

	form := harness.FormFields(visitor.Get("/c/"+city), "/c/"+city+"/web/report")
	visitor.Post("/c/"+city+"/web/report", append(form, "text", "kontrolle am formular in "+city)...)
	w.instance.Mention("marta@elsewhere.example", "@"+city+" kontrolle gemeldet in "+city, "public")
	w.instance.Mention("marta@elsewhere.example", "@"+city+" heimlich in "+city, "direct") // held
	w.x.Write("marta", "@"+city+" kontrolle getippt in "+city)
	for _, text := range []string{"kontrolle am formular in ", "kontrolle gemeldet in ", "kontrolle getippt in "} {
		w.admin.WaitForText("/c/"+city, text+city)
	}
	w.admin.WaitForText("/city/"+city+"/ledger", "heimlich in "+city)
	testkit.Eventually(w.t, "the group gets the reports", func() bool {
		return slices.ContainsFunc(w.chats.Sent(), func(m telegramtest.Sent) bool { return m.Chat == riders && strings.Contains(m.Text, "getippt") })
	})
	for range 2 {
		flag := regexp.MustCompile(`/c/` + city + `/flag/[^"]+`).FindString(visitor.Get("/c/" + city))
		visitor.Post(flag, "reason", "name")
	}
	held := regexp.MustCompile(`/city/`+city+`/ledger/(\d+)/release`).FindAllStringSubmatch(w.admin.Get("/city/"+city+"/ledger"), -1)
	if len(held) < 2 {
		w.t.Fatalf("held reports: %q", held)
	}
	w.admin.Post("/city/"+city+"/commands/mute", "once", "mute "+city, "report", held[0][1], "days", "7")
	w.admin.Post("/city/" + city + "/ledger/" + held[len(held)-1][1] + "/release")
	if err := os.WriteFile(filepath.Join(w.config.Data, "settings-"+city+"-20260102T030405Z-1.json"), []byte(city), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// rowsOf are the rows of a city, by table: as texts, in an order of their own.
func (w *twoCities) rowsOf(d *db.DB, city string) map[string][]string {
	w.t.Helper()
	tables, err := d.TablesOfCities(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[string][]string{}
	for _, table := range tables {
		var rows []map[string]any
		if err := d.Raw(`SELECT * FROM "`+table+`" WHERE city = ?`, city).Scan(&rows).Error; err != nil {
			w.t.Fatal(err)
		}
		found[table] = []string{}
		for _, row := range rows {
			found[table] = append(found[table], fmt.Sprint(row)) // with sorted keys
		}
		slices.Sort(found[table])
	}
	return found
}

// inAnyStream lists the streams of the broker, whatever they are for, in which a message has one of the texts, in its subject, headers or data.
func (w *twoCities) inAnyStream(texts ...string) (found []string) {
	w.t.Helper()
	conn, err := nats.Connect(w.config.NATS.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		w.t.Fatal(err)
	}
	all := js.ListStreams(w.t.Context())
	for info := range all.Info() {
		if !strings.HasPrefix(info.Config.Name, w.config.NATS.Prefix) {
			continue
		}
		stream, err := js.Stream(w.t.Context(), info.Config.Name)
		if err != nil {
			w.t.Fatal(err)
		}
		for at := info.State.FirstSeq; at <= info.State.LastSeq; at++ {
			m, err := stream.GetMsg(w.t.Context(), at)
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				continue
			}
			if err != nil {
				w.t.Fatal(err)
			}
			whole := strings.ToLower(m.Subject + " " + fmt.Sprint(m.Header) + " " + string(m.Data))
			for _, text := range texts {
				if strings.Contains(whole, text) {
					found = append(found, info.Config.Name+" "+text)
				}
			}
		}
	}
	if err := all.Err(); err != nil {
		w.t.Fatal(err)
	}
	return found
}

// changing are the tables of a city that runs whose rows change by themselves, or get more: cursors, attempts, when something was looked at, and what somebody was told of what waits.
var changing = []string{"api_events", "api_webhooks", "command_info_places", "command_links", "command_places", "mastodon_accounts", "mastodon_posts", "telegram_accounts",
	"telegram_subscribers", "telegram_told_keys", "twitter_accounts", "twitter_spendings"}

func TestACityWithEverythingIsDeletedWithoutATraceAndAnotherOneStaysAsItWas(t *testing.T) {
	t.Parallel()
	w := newTwoCities(t)
	for _, city := range []string{"zuerich", gone} {
		w.fill(city)
	}
	d := harness.Database(t, w.config)
	for table, rows := range w.rowsOf(d, gone) {
		if len(rows) == 0 && emptyOf[table] == "" && (table != "external_accounts" || w.config.NATS.URL == "") {
			t.Errorf("the test has nothing of the city in %s", table)
		}
	}
	if found := w.inTables(gone); len(found) < 20 {
		t.Fatalf("the test looks in the wrong places: %q", found)
	}
	testkit.Eventually(t, "all that zuerich has is sent, but for a program that is away", func() bool {
		return harness.Count(t, d, "ledger_", "deliveries", "bot <> 'external' AND (status IN ? OR recall_until IS NOT NULL OR edit_until IS NOT NULL)", []db.Status{db.Queued, db.Retrying}) == 0
	})
	before := w.rowsOf(d, "zuerich")

	if status, body := w.run("city/delete", map[string]any{"name": gone}); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if err := d.Model(&db.EndedCity{}).Where("name = ?", gone).Update("ends_at", db.Time(time.Now().Add(-time.Second))).Error; err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "everything is erased", func() bool {
		row, err := d.Ended(t.Context(), gone)
		return err == nil && row.Erased
	})
	testkit.Eventually(t, "no row is left", func() bool { return len(w.inTables(gone)) == 0 })
	if w.config.NATS.URL != "" {
		testkit.Eventually(t, "no message is left", func() bool { return len(w.inAnyStream(gone)) == 0 })
	}
	if files, err := filepath.Glob(filepath.Join(w.config.Data, "settings-*")); err != nil || len(files) != 1 || !strings.Contains(files[0], "zuerich") {
		t.Errorf("files: %q %v", files, err)
	}
	after := w.rowsOf(d, "zuerich")
	for _, table := range slices.Sorted(maps.Keys(before)) {
		if same := slices.Equal(before[table], after[table]); !same && !slices.Contains(changing, table) || len(after[table]) < len(before[table]) {
			t.Errorf("the other city's rows in %s have changed:\n%q\n%q", table, before[table], after[table])
		}
	}

	// Once its name is free, not even that is left, anywhere.
	if err := d.Model(&db.EndedCity{}).Where("name = ?", gone).Update("free_at", db.Time(time.Now())).Error; err != nil {
		t.Fatal(err)
	}
	var left []string
	t.Cleanup(func() {
		if len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	})
	testkit.Eventually(t, "no byte is left in a file", func() bool {
		left = findInFiles(t, w.config.Data, []string{gone, "Xqville"})
		return len(left) == 0
	})
}
