package city_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"linienfunk/frontend/frontendtest"
	"linienfunk/internal/testkit"
	"linienfunk/settings"
	"linienfunk/transit"
)

const networkPath = "/city/berlin/network"

// withTown is the city berlin with the lines of TownLines.
func withTown(t *testing.T) (*frontendtest.World, *frontendtest.Visitor) {
	t.Helper()
	s, v, _ := frontendtest.Berlin(t)
	v.Submit(v.ImportFeed("berlin", testkit.Feed(t, testkit.TownLines()...)), networkPath+"/save#choice").At(networkPath).Want(200, "Saved.")
	return s, v
}

// names of the lines that are in force.
func linesOf(s *frontendtest.World, city string) string {
	s.T.Helper()
	hash := s.Present(city).Network
	if hash == "" {
		return ""
	}
	n, err := s.Site.Networks.Load(s.T.Context(), hash)
	frontendtest.Check(s.T, err)
	var names []string
	for _, line := range n.Lines {
		names = append(names, line.Name)
	}
	return strings.Join(names, " ")
}

func TestAFeedIsUploadedLookedAtAndSaved(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	v.Get(networkPath).Want(200, "Upload a timetable", "Or enter lists").WantNot("Your city’s network", "Remove lines and stops")
	page := v.ImportFeed("berlin", testkit.Feed(t, testkit.TownLines()...))
	page.Want(200, "feed.zip: what belongs to your city?", "<strong>2</strong> lines", "<strong>6</strong> stops", "Underground", "Trams", "Metro", "City Transit",
		"Old Castle – Observatory", `fill="#14518c"`)
	if got := linesOf(s, "berlin"); got != "" {
		t.Fatalf("in force before it is saved: %s", got)
	}
	v.Submit(page, networkPath+"/save#choice").At(networkPath).Want(200, "Saved.", "Your city’s network", "How riders call the stops", "Remove lines and stops").
		WantNot("what belongs to your city?")
	if got := linesOf(s, "berlin"); got != "U2 1" {
		t.Errorf("in force: %s", got)
	}
	v.Get("/city/berlin/history").Want(200, "Lines and stops", "2 lines, 6 stops")
}

func TestTheFirstNetworkReplacesTheStartListUnlessItWasChanged(t *testing.T) {
	t.Parallel()
	s, _ := withTown(t)
	if got, want := s.Present("berlin").Triggers, settings.StartTriggers("en", true); !slices.Equal(got, want) {
		t.Errorf("in force: %q", got)
	}
	own := append(settings.StartTriggers("en", false), "my own word")
	s, v, _ := frontendtest.Berlin(t, map[string]any{"triggers": own})
	v.Submit(v.Get(networkPath), networkPath+"/lists#lists", "lines", "41").At(networkPath).Want(200, "Saved.")
	if got := s.Present("berlin").Triggers; !slices.Equal(got, own) {
		t.Errorf("in force: %q", got)
	}
}

func TestACityWhoseTriggersIgnoreLinesIsToldSo(t *testing.T) {
	t.Parallel()
	s, v := withTown(t)
	s.Save("berlin", 0, map[string]any{"triggers": []string{"inspectors"}})
	v.Get(networkPath).Want(200, "add @line and @stop")
	s.Save("berlin", 0, map[string]any{"triggers": []string{"inspectors", "@line"}})
	v.Get(networkPath).Want(200).WantNot("add @line and @stop")
}

func TestAPartOfAFeedIsChosen(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	page := v.ImportFeed("berlin", testkit.Feed(t, testkit.TownLines()...))
	choose := func(pairs ...string) frontendtest.Answer {
		form := page.Form(networkPath + "/save#choice")
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
			if pairs[i+1] == "" {
				form.Del(pairs[i])
			}
		}
		return v.Send("POST", networkPath+"/choose", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
	}
	for what, c := range map[string]struct {
		pairs []string
		says  []string
		not   string
	}{
		"a kind":            {[]string{"kind", "tram"}, []string{"This would be saved", "<strong>1</strong> line", "<strong>3</strong> stops"}, "Old Castle"},
		"a company":         {[]string{"agency", "Metro"}, []string{"<strong>1</strong> line", "<strong>4</strong> stops"}, "Mill Lane"},
		"around a stop":     {[]string{"center", "harbour", "radius", "1,5"}, []string{"<strong>2</strong> lines", "<strong>5</strong> stops"}, "is no stop"},
		"around a place":    {[]string{"center", "50.0, 10.07", "radius", "2"}, []string{"<strong>1</strong> line", "Underground"}, "Mill Lane"},
		"a text is tried":   {[]string{"try", "inspectors at the harbour, towards mill lane"}, []string{"inspectors", "<dd><strong>Harbour</strong>", "<dd><strong>Mill Lane</strong>"}, "Neither"},
		"what was kept on":  {[]string{"kind", "tram", "radius", "7", "center", "Harbour"}, []string{`value="tram" checked`, `value="subway"`, `value="7"`}, `value="subway" checked`},
		"an unknown centre": {[]string{"center", "Nowhere", "radius", "3"}, []string{"There is no stop of this name"}, "This would be saved"},
		"no radius":         {[]string{"center", "Harbour"}, []string{"A number from 1 to 500"}, "This would be saved"},
		"nothing chosen":    {[]string{"kind", ""}, []string{"Choose at least one"}, "This would be saved"},
		"nothing left":      {[]string{"center", "0, 0", "radius", "3"}, []string{"Nothing is left"}, "This would be saved"},
	} {
		got := choose(c.pairs...)
		for _, text := range c.says {
			if !strings.Contains(got.Text, text) {
				t.Errorf("%s: does not say %q\n%s", what, text, got.Text)
			}
		}
		got.WantNot(c.not)
	}
	if got := linesOf(s, "berlin"); got != "" {
		t.Fatalf("a preview was saved: %s", got)
	}
	v.Submit(choose("kind", "tram"), networkPath+"/save#choice").At(networkPath).Want(200, "Saved.", "Choose another part of feed.zip")
	if got := linesOf(s, "berlin"); got != "1" {
		t.Errorf("in force: %s", got)
	}
	v.Submit(v.Get(networkPath), networkPath+"/save#choice").At(networkPath).Want(200, "Saved.")
	if got := linesOf(s, "berlin"); got != "U2 1" {
		t.Errorf("the whole feed, without another upload: %s", got)
	}
}

func TestACityDoesNotGetTheNetworkOfACountry(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	var lines []testkit.FeedLine
	for i := range transit.MaxCityStops / 100 {
		lines = append(lines, testkit.FeedLine{Name: fmt.Sprint(i), Type: 3})
		for at := range 101 {
			lines[i].Stops = append(lines[i].Stops, fmt.Sprintf("Stop %d-%d", i, at))
		}
	}
	v.ImportFeed("berlin", testkit.Feed(t, lines...)).Want(200, "<strong>400</strong> lines")
	last, _, err := s.Site.Imports.Status(t.Context(), "berlin")
	frontendtest.Check(t, err)
	s.Save("berlin", 0, map[string]any{"network": last.Hash}) // as by a file
	v.Get(networkPath).Want(200, "too large for a city")
	s.Save("berlin", 0, map[string]any{"network": nil})
	page := v.Submit(v.Get(networkPath), networkPath+"/save#choice").Want(422, "This part has 40400 stops. A city has at most 40000")
	v.Submit(page, networkPath+"/save#choice", "center", "Stop 0-0", "radius", "20").At(networkPath).Want(200, "Saved.")
	if got := linesOf(s, "berlin"); got == "" || len(strings.Fields(got)) == len(lines) {
		t.Errorf("in force: %s", got)
	}
}

func TestAFeedWithMistakesIsRefusedAndTheOldNetworkStays(t *testing.T) {
	t.Parallel()
	s, v := withTown(t)
	hash := s.Present("berlin").Network
	files := func(change func(map[string]string)) []byte {
		all := testkit.FeedFiles(testkit.TownLines()...)
		change(all)
		return testkit.Zip(t, all)
	}
	s.Site.Imports.MaxUnpacked = 4 << 20
	for what, c := range map[string]struct {
		feed []byte
		says []string
	}{
		"no zip":        {[]byte("hello"), []string{"This is not a zip file"}},
		"half a zip":    {testkit.Feed(t, testkit.TownLines()...)[:700], []string{"or only a part of one"}},
		"no stop_times": {files(func(f map[string]string) { delete(f, "stop_times.txt") }), []string{"There is no file stop_times.txt in it"}},
		"a zip bomb": {files(func(f map[string]string) {
			f["stop_times.txt"] += strings.Repeat("t0-0,08:00:00,08:00:00,s0,1\n", 100_000)
		}), []string{"There is more in it than a timetable can have"}},
		"too much of it": {files(func(f map[string]string) {
			f["stop_times.txt"] += strings.Repeat("t9,08:00:00,08:00:00,s9,1\n", 250_000)
		}), []string{"There is more in it"}},
		"a wrong number": {files(func(f map[string]string) { f["routes.txt"] = strings.Replace(f["routes.txt"], ",0,", ",tram,", 1) }),
			[]string{"In routes.txt, line 2, column route_type: “tram” cannot be right here", `"tram" is not the number of a kind of route`}},
		"an unknown stop": {files(func(f map[string]string) {
			f["stop_times.txt"] = strings.Replace(f["stop_times.txt"], ",s1,", ",sX,", 1)
		}),
			[]string{"“sX” is not in the feed"}},
		"a missing column": {files(func(f map[string]string) { f["stops.txt"] = strings.Replace(f["stops.txt"], "stop_id", "id", 1) }), []string{"column stop_id: A column is missing"}},
	} {
		page := v.ImportFeed("berlin", c.feed)
		for _, text := range append(c.says, "feed.zip was not read.", "Your city’s network") {
			if !strings.Contains(page.Text, text) {
				t.Errorf("%s: does not say %q\n%s", what, text, page.Text)
			}
		}
	}
	page := v.Get(networkPath)
	page.Want(200)
	v.Submit(page, networkPath+"/cancel").At(networkPath).WantNot("was not read")
	if s.Present("berlin").Network != hash {
		t.Error("the network has changed")
	}
	v.Get(networkPath + "?lang=de").Want(200)
	v.ImportFeed("berlin", []byte("hello")).Want(200, "feed.zip wurde nicht gelesen", "keine Zip-Datei")
}

func TestAFormWithoutAFeedSaysSo(t *testing.T) {
	t.Parallel()
	_, v, _ := frontendtest.Berlin(t)
	v.Send("POST", networkPath+"/feed", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n--x--\r\n",
		"Content-Type", "multipart/form-data; boundary=x", "Sec-Fetch-Site", "same-origin").Want(422, "Please choose a file")
	v.Post(networkPath+"/feed", "file", "x").Want(http.StatusBadRequest)
	v.UploadFeed("berlin", strings.NewReader("x"), "center", "Harbour", "radius", "900").Want(422, "There is no stop of this name", "A number from 1 to 500", `value="Harbour"`)
}

func TestAFeedMayBeLargerThanOtherForms(t *testing.T) {
	t.Parallel()
	_, v, _ := frontendtest.Berlin(t)
	noise := make([]byte, 3<<20)
	for i := range noise {
		noise[i] = byte(i * i >> 3)
	}
	v.UploadFeed("berlin", bytes.NewReader(noise)).At(networkPath).Want(200)
	v.Upload("/city/berlin/import", string(noise)).Want(http.StatusRequestEntityTooLarge)
}

func TestOnlyTheAreaOfALargeFeedIsRead(t *testing.T) {
	t.Parallel()
	_, v, _ := frontendtest.Berlin(t)
	v.ImportFeed("berlin", testkit.Feed(t, testkit.TownLines()...), "center", "50.0 10.07", "radius", "2").Want(200, "<strong>1</strong> line", "Observatory").WantNot("Mill Lane")
}

func TestACityWithoutAFeedEntersLists(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	page := v.Submit(v.Get(networkPath), networkPath+"/lists#lists", "lines", "U8: Mill\r\n: X, Y", "stops", "Market =").Want(422,
		"Line 1: at least two stops must follow the colon", "Line 2: the name is missing", "Line 1: other names must follow the =", "U8: Mill", "Market =")
	page = v.Submit(page, networkPath+"/lists#lists", "lines", "U8: Mill, Market, Harbour\n41", "stops", "Market = Squary").At(networkPath).Want(200, "Saved.", "Harbour – Mill")
	if got := linesOf(s, "berlin"); got != "41 U8" {
		t.Errorf("in force: %s", got)
	}
	form := page.Form(networkPath + "/lists#lists")
	if form.Get("lines") != "41\nU8: Mill, Market, Harbour" || form.Get("stops") != "Market = Squary" {
		t.Errorf("the lists to edit: %q", form)
	}
	v.Submit(v.Get(networkPath), networkPath+"/lists#lists", "lines", " ", "stops", "").Want(422, "Enter at least one line or stop")
}

func TestOtherNamesOfStopsAreTriedAndSaved(t *testing.T) {
	t.Parallel()
	s, v := withTown(t)
	page := v.Get(networkPath)
	tried := func(names, text string) frontendtest.Answer {
		form := page.Form(networkPath + "/names#names")
		form.Set("stop_names", names)
		form.Set("try", text)
		return v.Send("POST", networkPath+"/try", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
	}
	tried("", "2 inspectors U2 at squary").Want(200, "<strong>U2</strong>", `<mark class="for-line">U2</mark>`).WantNot("<strong>Market Square</strong>")
	tried("Market Square = Squary\nNowhere = No", "2 inspectors U2 at squary").Want(200, "<strong>Market Square</strong>", "There is no stop of this name in the network:", "<li>Nowhere</li>",
		"Market Square = Squary")
	tried("", "what a lovely day").Want(200, "Neither a line nor a stop was recognised")
	tried("= x", "hello").Want(422, "Line 1: the name is missing", "= x")
	if got := s.Present("berlin").StopNames; len(got) != 0 {
		t.Fatalf("trying has saved %q", got)
	}
	v.Submit(page, networkPath+"/names#names", "stop_names", "Market Square =").Want(422, "Line 1: other names must follow the =")
	v.Submit(page, networkPath+"/names#names", "stop_names", "Market Square = Squary\r\n").At(networkPath).Want(200, "Saved.", "Market Square = Squary")
	if got := s.Present("berlin").StopNames; len(got) != 1 || got[0] != "Market Square = Squary" {
		t.Errorf("in force: %q", got)
	}
	v.Submit(v.Get(networkPath), networkPath+"/names#names", "stop_names", "").At(networkPath).Want(200, "Saved.")
	if got := s.Present("berlin"); got.StopNames != nil || strings.Contains(string(got.Document), "stop_names") {
		t.Errorf("in force: %s", got.Document)
	}
}

func TestANetworkIsRemovedAndTheRemovalUndone(t *testing.T) {
	t.Parallel()
	s, v := withTown(t)
	v.Submit(v.Get(networkPath), networkPath+"/remove").At(networkPath).Want(200, "Saved.").WantNot("Your city’s network")
	if got := s.Present("berlin"); got.Network != "" || strings.Contains(string(got.Document), "network") {
		t.Errorf("in force: %s", got.Document)
	}
	page := v.Get("/city/berlin/history")
	v.Submit(v.Submit(page, "/city/berlin/undo"), "/city/berlin/undo/apply").Want(200)
	v.Get(networkPath).Want(200, "Your city’s network", "Old Castle")
}

func TestTwoAdminsWhoChangeTheNetworkAtOnceSeeBothVersions(t *testing.T) {
	t.Parallel()
	s, v := withTown(t)
	page := v.Get(networkPath)
	s.Save("berlin", 0, map[string]any{"stop_names": []string{"Harbour = Docks"}})
	v.Submit(page, networkPath+"/names#names", "stop_names", "Harbour = Port").Want(http.StatusConflict, "Other names of stops", "Harbour = Docks", "Harbour = Port")
}

func TestSettingsThatNameANetworkOfAnotherServerSaySo(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	page := v.Upload("/city/berlin/import", s.Exported("berlin", map[string]any{"network": strings.Repeat("ab", 32)})).Want(200, "not on this server (abababab)")
	v.Submit(page, "/city/berlin/import/apply").Want(200, "Saved.")
	v.Get(networkPath).Want(200, "are not on this server", "Upload a timetable", "Remove lines and stops")
}

func TestAPageThatShowsProgressLoadsAgainWithoutScripts(t *testing.T) {
	t.Parallel()
	s, v := withTown(t)
	frontendtest.Check(t, s.Site.DB.Exec("UPDATE transit_imports SET state = 'reading', done = 30, total = 90").Error)
	v.Get(networkPath).Want(200, "Reading feed.zip", `<noscript><meta http-equiv="refresh" content="3"></noscript>`, `<progress aria-labelledby="reading-title" max="100" value="33">`, "Your city’s network").
		WantNot("Upload another timetable", "How riders call")
	v.UploadFeed("berlin", strings.NewReader("x")).Want(422, "is being read already")
	v.Submit(v.Get(networkPath), networkPath+"/cancel").At(networkPath).Want(200, "Upload another timetable")
}
