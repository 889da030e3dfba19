package telegram

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/report"
)

// unlimited is the plugin without Telegram's rate limits, for tests in real time.
func unlimited() bots.Plugin {
	plugin := Plugin()
	build := plugin.New
	plugin.New = func(core bots.Core) (bots.Bot, error) {
		made, err := build(core)
		if err != nil {
			return nil, err
		}
		l := &made.(*Bot).limits
		l.interval, l.chatInterval, l.startDelay = 0, 0, 0
		l.groupMessages, l.drain, l.checkInterval = 1000, 50*time.Millisecond, 20*time.Millisecond
		return made, nil
	}
	return plugin
}

// world is a program and a Telegram on loopback.
func world(t testing.TB) (*bottest.World, *telegramtest.Server) {
	t.Helper()
	w := bottest.NewWorld(t, "telegram", unlimited())
	fake := telegramtest.New(t)
	use(t, w, fake)
	return w, fake
}

// use points the bot at the fake, without webhooks.
func use(t testing.TB, w *bottest.World, fake *telegramtest.Server) {
	t.Helper()
	w.Core.Config["api"], w.Core.Config["webhook"] = fake.URL, "off"
	w.Restart(t)
}

func theBot(w *bottest.World) *Bot { return w.Bot.(*Bot) }

// botOf is the user name of a city's bot.
func botOf(city string) string { return city + "_Bot" }

// connect gives the city a bot, as its admin would.
func connect(t testing.TB, w *bottest.World, fake *telegramtest.Server, city string) bots.Account {
	t.Helper()
	wantDone(t, w.Submit(t, city, "/connect", url.Values{"token": {fake.AddBot(botOf(city))}}))
	return w.Account(t, city)
}

// wantDone fails the test unless a form's action succeeded.
func wantDone(t testing.TB, response *httptest.ResponseRecorder) {
	t.Helper()
	if response.Header().Get("X-Message") == "" {
		t.Fatalf("the action failed: %d %s", response.Code, response.Header().Get("X-Failed"))
	}
}

// cityPage is the bot's section of the city's page.
func cityPage(t testing.TB, w *bottest.World, city string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	return w.Serve(t, w.Bot.(bots.Public).Public(), "/c/"+city+"/telegram", city, "en", r)
}

// receive handles all updates that wait, as Recv would, sends the replies, and returns the reports.
func receive(t testing.TB, w *bottest.World, city string) []report.Report {
	t.Helper()
	b := theBot(w)
	row, c := account(t, w, city)
	var got []report.Report
	out := func(_ context.Context, r report.Report) error {
		got = append(got, r)
		return nil
	}
	for next := nextOffset(row, b.core.Now()); ; {
		updates, err := c.getUpdates(t.Context(), next, maxUpdates, 0)
		must(t, err)
		if len(updates) == 0 {
			break
		}
		for _, raw := range updates {
			id, err := b.handleRaw(t.Context(), row, raw, out)
			must(t, err)
			must(t, b.store.setLastUpdate(t.Context(), row, id))
			next = id + 1
		}
	}
	must(t, b.drainReplies(t.Context(), row, c))
	return got
}

// startRecv runs Recv until the test ends or stop is called, which waits for it. A nil out accepts all reports.
func startRecv(t testing.TB, w *bottest.World, a bots.Account, out bots.Out) (stop func()) {
	t.Helper()
	if out == nil {
		out = func(context.Context, report.Report) error { return nil }
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	b := theBot(w)
	go func() { defer close(ended); b.Recv(ctx, a, out) }()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return stop
}

// account is a city's account, with a client for it.
func account(t testing.TB, w *bottest.World, city string) (Account, *client) {
	t.Helper()
	row, c, err := theBot(w).account(t.Context(), city)
	must(t, err)
	return row, c
}

// texts joins the texts of reports.
func texts(reports []report.Report) string {
	var out []string
	for _, r := range reports {
		out = append(out, r.Text)
	}
	return strings.Join(out, "|")
}

// send broadcasts a report to all subscribers, as the core would, and counts them.
func send(t testing.TB, w *bottest.World, a bots.Account, r report.Report) int {
	t.Helper()
	return sendFrom(t, w, a, r, "")
}

// sendFrom is send from a cursor on.
func sendFrom(t testing.TB, w *bottest.World, a bots.Account, r report.Report, at string) (total int) {
	t.Helper()
	for {
		next, served, err := theBot(w).SendPage(t.Context(), a, r, at)
		must(t, err)
		total += served
		if next == "" {
			return total
		}
		at = next
	}
}

// elsewhere is a report of another network.
func elsewhere(w *bottest.World, id, text string) report.Report {
	return report.Report{City: "zuerich", Bot: "elsewhere", ID: id, Text: text, At: w.Core.Now()}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// subscribe makes people subscribers of zuerich.
func subscribe(t testing.TB, w *bottest.World, fake *telegramtest.Server, people ...string) {
	t.Helper()
	for _, who := range people {
		fake.Say(botOf("zuerich"), who, "/start")
	}
	receive(t, w, "zuerich")
}

// addGroup adds a group or channel with the bot of zuerich in it and confirms it. It returns the chat's id.
func addGroup(t testing.TB, w *bottest.World, fake *telegramtest.Server, kind, title string) int64 {
	t.Helper()
	chat := fake.AddChat(botOf("zuerich"), kind, title)
	receive(t, w, "zuerich")
	confirmAll(t, w, "zuerich")
	return chat
}

// confirmAll confirms the groups and channels that wait for it.
func confirmAll(t testing.TB, w *bottest.World, city string) {
	t.Helper()
	rows, err := theBot(w).store.listGroups(t.Context(), city)
	must(t, err)
	for _, row := range rows {
		wantDone(t, w.Submit(t, city, fmt.Sprintf("/groups/%d/confirm", row.ID), nil))
	}
}
