package telegram

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/telegram/telegramtest"
)

// Actions of a city's admins on the settings page.

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

// cityPage returns the bot's section of the city's page.
func cityPage(t testing.TB, w *bottest.World, city string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	return w.Serve(t, w.Bot.(bots.Public).Public(), "/c/"+city+"/telegram", city, "en", r)
}

// addGroup adds a group or channel with the bot of zuerich in it and confirms it. It returns the chat's id.
func addGroup(t testing.TB, w *bottest.World, fake *telegramtest.Server, kind, title string) int64 {
	t.Helper()
	chat := fake.AddChat(botOf("zuerich"), kind, title)
	receive(t, w, "zuerich")
	confirmAll(t, w, "zuerich")
	return chat
}

// confirmAll confirms all unconfirmed groups and channels.
func confirmAll(t testing.TB, w *bottest.World, city string) {
	t.Helper()
	rows, err := theBot(w).store.listGroups(t.Context(), city)
	must(t, err)
	for _, row := range rows {
		wantDone(t, w.Submit(t, city, fmt.Sprintf("/groups/%d/confirm", row.ID), nil))
	}
}
