package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"linienfunk/commands"
	"linienfunk/test/harness"
)

// TestAProgramSeesTheGroupsOfTheCitysBotWithItsRights reads the resource of the API, while the bot is added to groups, a group is confirmed on the page, and the bot is disconnected.
func TestAProgramSeesTheGroupsOfTheCitysBotWithItsRights(t *testing.T) {
	t.Parallel()
	w := newWaysIn(t)
	get := func(query, tag string) (*http.Response, commands.PlaceList) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.program.URL()+"/api/v1/cities/zuerich/networks/telegram/places"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Api-Key", w.key)
		request.Header.Set("If-None-Match", tag)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		var list commands.PlaceList
		if answer.StatusCode == http.StatusOK {
			if err := json.Unmarshal(body, &list); err != nil {
				t.Fatal(err)
			}
		}
		return answer, list
	}
	group := w.fake.AddChat("ZueriBot", "supergroup", "Linie <4>")
	w.admin.WaitForText("/city/zuerich", "Linie <4>")
	answer, list := get("", "")
	if answer.StatusCode != http.StatusOK || len(list.Places) != 1 || list.Places[0].ID != strconv.FormatInt(group, 10) || list.Places[0].Name != "Linie <4>" || list.Places[0].Chosen ||
		strings.Join(list.Places[0].Rights, " ") != "write" || !strings.Contains(list.Places[0].Note, "only commands and mentions") || list.Why != "" {
		t.Fatalf("%d %+v", answer.StatusCode, list)
	}
	tag := answer.Header.Get("ETag")
	if again, _ := get("?refresh=false", tag); again.StatusCode != http.StatusNotModified || again.Header.Get("ETag") != tag {
		t.Errorf("the same list: %d", again.StatusCode)
	}
	page := w.admin.Get("/city/zuerich")
	if !strings.Contains(page, "only commands and mentions") {
		t.Error("the page does not say what hinders")
	}
	_, path, _ := strings.Cut(page, `action="/city/zuerich/bot/telegram/groups/`)
	path, _, _ = strings.Cut(path, `"`)
	w.admin.Post("/city/zuerich/bot/telegram/groups/" + path)
	if answer, list := get("", tag); answer.StatusCode != http.StatusOK || !list.Places[0].Chosen {
		t.Errorf("the group is confirmed: %d %+v", answer.StatusCode, list)
	}
	database := harness.Database(t, w.config)
	if n := harness.Count(t, database, "command_", "places"); n != 1 {
		t.Errorf("%d lists", n)
	}
	w.admin.Post("/city/zuerich/bot/telegram/disconnect")
	if n := harness.Count(t, database, "command_", "places"); n != 0 {
		t.Error("the list of a disconnected bot is kept")
	}
	if answer, _ := get("?refresh=true", ""); answer.StatusCode != http.StatusConflict {
		t.Errorf("disconnected: %d", answer.StatusCode)
	}
}
