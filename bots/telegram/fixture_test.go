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

// hurried is the plugin without Telegram's limits, for tests in real time.
func hurried() bots.Plugin {
	return changed(func(l *limits) {
		l.interval, l.chatInterval, l.startDelay = 0, 0, 0
		l.groupMessages, l.drain, l.checkInterval = 1000, 50*time.Millisecond, 20*time.Millisecond
	})
}

func changed(change func(*limits)) bots.Plugin {
	plugin := Plugin()
	build := plugin.New
	plugin.New = func(core bots.Core) (bots.Bot, error) {
		made, err := build(core)
		if err == nil && change != nil {
			change(&made.(*Bot).limits)
		}
		return made, err
	}
	return plugin
}

// world is a program and a Telegram on loopback.
func world(t testing.TB) (*bottest.World, *telegramtest.Server) {
	t.Helper()
	w := bottest.NewWorld(t, "telegram", hurried())
	fake := telegramtest.New(t)
	use(t, w, fake)
	return w, fake
}

// use points the bot at the fake.
func use(t testing.TB, w *bottest.World, fake *telegramtest.Server) {
	t.Helper()
	w.Core.Config["api"], w.Core.Config["webhook"] = fake.URL, "off"
	w.Restart(t)
}

func theBot(w *bottest.World) *Bot { return w.Bot.(*Bot) }

// botOf is the user name of a city's bot.
func botOf(city string) string { return city + "_Bot" }

// submit posts a form of a city's settings.
func submit(t testing.TB, w *bottest.World, city, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return visit(t, w, w.Bot.WebUI(), city, r)
}

// section is the city's section of the settings page.
func section(t testing.TB, w *bottest.World, city string) string {
	t.Helper()
	return visit(t, w, w.Bot.WebUI(), city, httptest.NewRequest(http.MethodGet, "/", nil)).Body.String()
}

func visit(t testing.TB, w *bottest.World, h http.Handler, city string, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	mount := bots.Mount{Path: "/bots/telegram", Lang: "en"}
	if city != "" {
		found, _, err := w.Core.Cities.City(t.Context(), city)
		if err != nil {
			t.Fatal(err)
		}
		mount = bots.Mount{City: found, Path: "/city/" + city + "/bot/telegram", Lang: "en", Admin: true}
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, bots.WithMount(r, mount))
	return answer
}

// connect gives the city a bot, as its admin would.
func connect(t testing.TB, w *bottest.World, fake *telegramtest.Server, city string) bots.Account {
	t.Helper()
	answer := submit(t, w, city, "/connect", url.Values{"token": {fake.AddBot(botOf(city))}})
	if answer.Header().Get("X-Message") == "" {
		t.Fatalf("connecting: %d %s", answer.Code, answer.Header().Get("X-Failed"))
	}
	accounts, err := w.Bot.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts {
		if a.City == city {
			return a
		}
	}
	t.Fatal("there is no account")
	return bots.Account{}
}

// receive takes all updates that wait, as Recv would, sends the answers, and returns the reports.
func receive(t testing.TB, w *bottest.World, city string) []report.Report {
	t.Helper()
	b := theBot(w)
	row, c, err := b.account(t.Context(), city)
	must(t, err)
	var got []report.Report
	out := func(_ context.Context, r report.Report) error {
		got = append(got, r)
		return nil
	}
	for next := nextOffset(row, b.core.Now()); ; {
		found, err := c.getUpdates(t.Context(), next, maxUpdates, 0)
		must(t, err)
		if len(found) == 0 {
			break
		}
		for _, raw := range found {
			id, err := b.handleRaw(t.Context(), row, raw, out)
			must(t, err)
			must(t, b.store.setLastUpdate(t.Context(), row, id))
			next = id + 1
		}
	}
	must(t, b.drainReplies(t.Context(), row, c))
	return got
}

// texts are those of reports.
func texts(reports []report.Report) string {
	var out []string
	for _, r := range reports {
		out = append(out, r.Text)
	}
	return strings.Join(out, "|")
}

// send brings a report to all subscribers, as the core would, and counts them.
func send(t testing.TB, w *bottest.World, a bots.Account, r report.Report) int {
	t.Helper()
	total := 0
	for at := ""; ; {
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

// confirmAll confirms the groups and channels that wait.
func confirmAll(t testing.TB, w *bottest.World, city string) {
	t.Helper()
	rows, err := theBot(w).store.listGroups(t.Context(), city)
	must(t, err)
	for _, row := range rows {
		answer := submit(t, w, city, fmt.Sprintf("/groups/%d/confirm", row.ID), nil)
		if answer.Header().Get("X-Message") == "" {
			t.Fatalf("confirming: %d %s", answer.Code, answer.Header().Get("X-Failed"))
		}
	}
}
