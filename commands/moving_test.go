package commands_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots/ending"
	"linienfunk/commands"
	"linienfunk/settings"
	networks "linienfunk/transit/network"
)

// mover is a network whose subscribers can go along. It knows the steps of others by heart.
type mover struct {
	mu       sync.Mutex
	asked    []string // addresses about which somebody was asked
	forgot   int
	came     []string
	welcomed int
}

func (m *mover) AskToMove(_ context.Context, _, url string) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, one := range m.asked {
		if one == url {
			return 0, nil
		}
	}
	m.asked = append(m.asked, url)
	return 1, nil
}

func (m *mover) ForgetMove(context.Context, string) error { m.forgot++; return nil }

func (m *mover) TakeIn(_ context.Context, _ string, list []ending.Arriving) (r ending.TakenIn, err error) {
	for _, one := range list {
		m.came = append(m.came, one.Address)
	}
	return ending.TakenIn{New: len(list)}, nil
}

func (m *mover) Welcome(context.Context, string) (int, error) {
	if m.welcomed == len(m.came) {
		return 0, nil
	}
	m.welcomed++
	return 1, nil
}

func newMovingWorld(t *testing.T) (*world, *mover) {
	w, m := newWorld(t), &mover{}
	w.Movers = map[string]ending.Mover{"net": m}
	return w, m
}

func (w *world) moved() string {
	w.t.Helper()
	city, _, err := w.node.Get(w.t.Context(), "bern")
	w.check(err)
	return city.Moved
}

func TestACityThatMovedSaysSoAtOnceAndAsksItsSubscribersAfterAnHour(t *testing.T) {
	t.Parallel()
	w, m := newMovingWorld(t)
	w.must(w.owner(), "city moved", "url", " https://Other.Example.org/c/bern/ ")
	if got := w.moved(); got != "https://other.example.org/c/bern" {
		t.Errorf("moved to %q", got)
	}
	if s := w.must(w.owner(), "status").(commands.CityStatus); s.MovedTo != w.moved() || !s.Active {
		t.Errorf("status: %+v", s)
	}
	w.must(w.owner(), "city moved", "url", "https://other.example.org/c/bern") // once more
	if got := w.refused(w.owner(), "city moved", "url", "https://third.example.org"); got != "conflict" {
		t.Error(got)
	}
	w.Advance(commands.MoveGrace - time.Minute)
	w.check(w.MoveCities(t.Context()))
	if len(m.asked) != 0 {
		t.Error("subscribers were asked within the hour")
	}
	w.Advance(time.Minute)
	w.check(w.MoveCities(t.Context()))
	w.check(w.MoveCities(t.Context()))
	if len(m.asked) != 1 || m.asked[0] != w.moved() {
		t.Errorf("asked: %q", m.asked)
	}
	if got := w.must(w.owner(), "city stays").(commands.CityMove); !got.Told || w.moved() != "" || m.forgot != 1 {
		t.Errorf("stays: %+v, %q, forgot %d", got, w.moved(), m.forgot)
	}
	if got := w.must(w.owner(), "city stays").(commands.CityMove); got.Told {
		t.Error(got)
	}
}

func TestAMoveThatIsTakenBackWithinTheHourReachesNobody(t *testing.T) {
	t.Parallel()
	w, m := newMovingWorld(t)
	w.must(w.owner(), "city moved", "url", "https://other.example.org/c/bern")
	if got := w.must(w.owner(), "city stays").(commands.CityMove); got.Told {
		t.Errorf("%+v", got)
	}
	w.Advance(2 * commands.MoveGrace)
	w.check(w.MoveCities(t.Context()))
	if len(m.asked) != 0 {
		t.Errorf("asked: %q", m.asked)
	}
}

func TestASuspendedCityAsksAndTellsNobody(t *testing.T) {
	t.Parallel()
	w, m := newMovingWorld(t)
	w.must(w.owner(), "city moved", "url", "https://other.example.org/c/bern")
	_, err := w.arrive(map[string]string{"about.json": aboutBasel, "settings.json": settingsBasel(nil),
		"subscribers.json": fmt.Sprintf(`[{"network": "net", "address": "a", "consent": {"to": "https://linienfunk.example/c/bern", "at": %q}}]`, w.Now().UTC().Format(time.RFC3339))})
	w.check(err)
	w.must(operator, "city suspend", "why", "It names riders")
	w.Advance(2 * commands.MoveGrace)
	w.check(w.MoveCities(t.Context()))
	if len(m.asked)+m.welcomed != 0 {
		t.Errorf("asked %q, told %d", m.asked, m.welcomed)
	}
	w.must(operator, "city reinstate")
	w.check(w.MoveCities(t.Context()))
	if len(m.asked) != 1 || m.welcomed != 1 {
		t.Errorf("asked %q, told %d", m.asked, m.welcomed)
	}
}

func TestACityMovesToAPublicPageOnly(t *testing.T) {
	t.Parallel()
	w, _ := newMovingWorld(t)
	for _, address := range []string{"", "other.example.org", "http://other.example.org/c/bern", "javascript:alert(1)", "https://user:secret@example.org", "https://localhost/c/bern", "https://10.0.0.1/c/bern",
		"https://[::1]/c/bern", "https://2130706433/", "https://printer.local", "https://" + strings.Repeat("x", 300) + ".org", "https://example.org/" + strings.Repeat("x", 300), "https://linienfunk.example/c/bern",
		"https://a b.org", "https:///c/bern", "mailto:a@example.org"} {
		if got := w.refused(w.owner(), "city moved", "url", address); got != "invalid url" {
			t.Errorf("%s: %s", address, got)
		}
	}
	w.PrivateHosts = true
	w.must(w.owner(), "city moved", "url", "http://127.0.0.1:8080/c/bern?x=1#y")
	if got := w.moved(); got != "http://127.0.0.1:8080/c/bern" {
		t.Error(got)
	}
}

func TestOnlyOwnersMoveACity(t *testing.T) {
	t.Parallel()
	w, _ := newMovingWorld(t)
	moderator := w.owner()
	moderator.Level = commands.Moderator
	for _, command := range []string{"city moved", "city stays"} {
		if got := w.refused(moderator, command, "url", "https://other.example.org"); got != "forbidden" {
			t.Error(command, got)
		}
	}
	if _, err := w.Arrive(t.Context(), commands.Call{City: "bern", Actor: moderator}, &commands.Arrival{}, commands.Parts{Settings: true}); commands.AsRefusals(err) == nil {
		t.Errorf("a moderator takes in a city: %v", err)
	}
}

// cityFile makes the zip of a city.
func cityFile(t testing.TB, files map[string]string) *bytes.Reader {
	t.Helper()
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for name, text := range files {
		one, err := w.Create(name)
		if err == nil {
			_, err = one.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(packed.Bytes())
}

const aboutBasel = `{"format": "linienfunk city 1", "city": "basel", "title": "Basel", "at": "2026-01-02T03:04:05Z"}`

func settingsBasel(fields map[string]any) string {
	document := map[string]any{"title": "Basel", "lang": "de", "about": "Hallo", "active": false, "listed": true, "triggers": []string{"kontrolle"}, "blocked": []string{"wetter"},
		"freshness_minutes": 20, "retention_hours": 5, "time_zone": "", "bots": map[string]any{}}
	for name, value := range fields {
		document[name] = value
	}
	text, _ := json.Marshal(map[string]any{"format": "linienfunk settings 1", "city": "basel", "version": "x", "document": document})
	return string(text)
}

func (w *world) arrive(files map[string]string) (commands.CityArrival, error) {
	w.t.Helper()
	file := cityFile(w.t, files)
	return w.ArriveFile(w.t.Context(), commands.Call{City: "bern", Actor: w.owner()}, file, file.Size(), commands.Parts{Settings: true, Subscribers: true})
}

func TestACityComesFromAnotherInstanceWithThoseWhoHaveAgreed(t *testing.T) {
	t.Parallel()
	w, m := newMovingWorld(t)
	now := w.Now().UTC()
	person := func(network, address, to string, at time.Time) string {
		return fmt.Sprintf(`{"network": %q, "address": %q, "wants": {}, "consent": {"to": %q, "at": %q}}`, network, address, to, at.Format(time.RFC3339))
	}
	here := "https://linienfunk.example/c/bern"
	got, err := w.arrive(map[string]string{
		"about.json": aboutBasel, "history.json": "not read", "settings.json": settingsBasel(map[string]any{"future": 1, "bots": map[string]any{"pigeon": map[string]any{"loft": true}}, "network": strings.Repeat("a", 64)}),
		"network.json": `{"hash": "x", "lines": [{"id": "1", "name": "8", "kind": "tram", "variants": [{"stops": [0, 1]}]}], "stops": [{"id": "a", "name": "Bahnhof"}, {"id": "b", "name": "Markt"}]}`,
		"subscribers.json": "[" + strings.Join([]string{
			person("net", "agreed", here, now), person("net", "slash", "HTTPS://Linienfunk.example/c/bern/", now), person("net", "elsewhere", "https://linienfunk.example/c/basel", now),
			person("net", "late", here, now.Add(-ending.ConsentLife-time.Hour)), person("net", "future", here, now.Add(48*time.Hour)), person("other", "chat", here, now),
			`{"network": "net", "address": "silent", "wants": {}}`,
		}, ",") + "]",
	})
	w.check(err)
	if strings.Join(m.came, " ") != "agreed slash" || got.Subscribers != 2 || got.NotAgreed != 1 || got.Elsewhere != 1 || got.Late != 2 || got.OtherNetwork != 1 {
		t.Errorf("%q came: %+v", m.came, got)
	}
	city, _, err := w.node.Get(t.Context(), "bern")
	w.check(err)
	if city.Title != "Basel" || !city.Active || city.FreshnessMinutes != 20 || strings.Join(city.Blocked, "") != "wetter" || city.Network == "" || city.Network == strings.Repeat("a", 64) {
		t.Errorf("settings: %+v", city.Settings)
	}
	n, err := w.networks.Load(t.Context(), city.Network)
	if err != nil || len(n.Stops) != 2 || n.Lines[0].Name != "8" {
		t.Errorf("network: %+v, %v", n, err)
	}
	if strings.Join(got.Dropped, " ") != "bots.pigeon.loft future" && strings.Join(got.Dropped, " ") != "future bots.pigeon.loft" {
		t.Errorf("dropped: %q", got.Dropped)
	}
	came, not := w.ArrivalReport("en", got)
	if all := strings.Join(append(came, not...), "\n"); !strings.Contains(all, "2 subscribers") || !strings.Contains(all, "/c/basel") || strings.Contains(all, "arrived-") || strings.Contains(all, "no value") || len(not) < 9 {
		t.Errorf("report:\n%s", all)
	}
	for range 2 {
		w.check(w.MoveCities(t.Context()))
	}
	if m.welcomed != 2 {
		t.Errorf("%d were told", m.welcomed)
	}
	acts := w.must(w.owner(), "log").(commands.Log).Acts
	if len(acts) != 1 || acts[0].Command != "city import" {
		t.Errorf("log: %+v", acts)
	}
}

func TestWhatACityTakesAlongIsWhatAnotherOneReads(t *testing.T) {
	t.Parallel()
	w, _ := newMovingWorld(t)
	w.must(w.owner(), "transit lists", "lines", "U8: Bahnhof, Markt\n", "stops", "Bahnhof\nMarkt\n")
	w.must(w.owner(), "settings change", "changes", map[string]any{"about": "Hello", "triggers": []any{"control"}})
	var file bytes.Buffer
	w.check(w.Export(t.Context(), "bern", true, &file))
	a, err := commands.ReadArrival(bytes.NewReader(file.Bytes()), int64(file.Len()))
	w.check(err)
	before, _, _ := w.node.Get(t.Context(), "bern")
	if a.City != "bern" || a.Title != "Bern" || len(a.Network.Stops) != 2 || !bytes.Equal(a.Document, before.Document) || !a.WithPeople {
		t.Errorf("%+v", a)
	}
	w.must(w.owner(), "settings change", "changes", map[string]any{"about": "", "network": nil})
	if _, err := w.Arrive(t.Context(), commands.Call{City: "bern", Actor: w.owner()}, a, commands.Parts{Settings: true}); err != nil {
		t.Fatal(err)
	}
	if after, _, _ := w.node.Get(t.Context(), "bern"); after.Network != before.Network || after.About != "Hello" {
		t.Errorf("%+v instead of %+v", after.Settings, before.Settings)
	}
}

func TestAFileThatIsNoCityIsRefusedWithWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	w, m := newMovingWorld(t)
	before, _, _ := w.node.Get(t.Context(), "bern")
	good := func(name, text string) map[string]string {
		files := map[string]string{"about.json": aboutBasel, "settings.json": settingsBasel(nil), "subscribers.json": "[]", "network.json": "null"}
		files[name] = text
		return files
	}
	many := map[string]string{"about.json": aboutBasel, "settings.json": settingsBasel(nil)}
	for i := range 200 {
		many[fmt.Sprint(i)] = ""
	}
	for name, files := range map[string]map[string]string{
		"another format":           good("about.json", `{"format": "linienfunk city 99"}`),
		"no JSON":                  good("settings.json", "{"),
		"a document of null":       good("settings.json", `{"format": "linienfunk settings 1", "document": null}`),
		"a bomb":                   good("about.json", strings.Repeat(" ", 10<<20)),
		"a stop that is not there": good("network.json", `{"lines": [{"name": "8", "variants": [{"stops": [7]}]}], "stops": [{"name": "a"}]}`),
		"a colour with CSS":        good("network.json", `{"lines": [{"name": "8", "color": "red;x:y", "variants": []}], "stops": [{"name": "a"}]}`),
		"subscribers of one":       good("subscribers.json", `{"address": "a"}`),
		"subscribers cut off":      good("subscribers.json", `[{"address": "a"},`),
		"a wrong list":             good("settings.json", settingsBasel(map[string]any{"triggers": []string{"/(/"}})),
		"without settings":         {"about.json": aboutBasel},
		"two cities":               {"a/about.json": aboutBasel, "b/about.json": aboutBasel, "settings.json": settingsBasel(nil)},
		"many files":               many,
	} {
		_, err := w.arrive(files)
		refusals := commands.AsRefusals(err)
		if refusals == nil || refusals[0].Param != "file" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if text := w.Say("en", refusals[0]); strings.Contains(text, refusals[0].Say) || strings.Contains(text, "no value") {
			t.Errorf("%s is refused with %q", name, text)
		}
	}
	if _, err := commands.ReadArrival(strings.NewReader("no zip"), 6); commands.AsRefusals(err) == nil {
		t.Errorf("no zip: %v", err)
	}
	if after, _, _ := w.node.Get(t.Context(), "bern"); after.Hash != before.Hash || len(m.came) != 0 {
		t.Error("something has changed")
	}
}

func TestAnOwnerCannotHaveThousandsComeAlong(t *testing.T) {
	t.Parallel()
	w, m := newMovingWorld(t)
	var people []string
	for i := range 2001 {
		people = append(people, fmt.Sprintf(`{"network": "net", "address": "a%d", "consent": {"to": "https://linienfunk.example/c/bern", "at": %q}}`, i, w.Now().UTC().Format(time.RFC3339)))
	}
	files := map[string]string{"about.json": aboutBasel, "settings.json": settingsBasel(nil), "subscribers.json": "[" + strings.Join(people, ",") + "]"}
	if _, err := w.arrive(files); commands.AsRefusals(err) == nil || len(m.came) != 0 {
		t.Errorf("%d came: %v", len(m.came), err)
	}
	file := cityFile(t, files)
	if got, err := w.ArriveFile(t.Context(), commands.Call{City: "bern", Actor: operator}, file, file.Size(), commands.Parts{Subscribers: true}); err != nil || got.Subscribers != 2001 || got.Settings {
		t.Errorf("the operator: %+v, %v", got, err)
	}
}

// FuzzReadArrival: whatever is in a file, it is refused or something that settings and a network can be made of.
func FuzzReadArrival(f *testing.F) {
	f.Add([]byte(aboutBasel), []byte(settingsBasel(nil)), []byte(`{"lines": [{"name": "8", "variants": [{"stops": [0]}]}], "stops": [{"name": "a", "lat": 1e3}]}`), []byte(`[{"network": "net", "consent": {"to": "x", "at": "2026-01-02T03:04:05Z"}}]`), false)
	f.Add([]byte("PK\x05\x06"), []byte("{}"), []byte("null"), []byte("[[[["), true)
	f.Fuzz(func(t *testing.T, about, document, lines, people []byte, raw bool) {
		file := bytes.NewReader(about)
		if !raw {
			file = cityFile(t, map[string]string{"about.json": aboutBasel, "settings.json": string(document), "network.json": string(lines), "subscribers.json": string(people), "x": string(about)})
		}
		a, err := commands.ReadArrival(file, file.Size())
		if err != nil {
			if commands.AsRefusals(err) == nil {
				t.Errorf("not refused: %v", err)
			}
			return
		}
		if _, err := settings.Fields(a.Document); err != nil {
			t.Errorf("a document %s: %v", a.Document, err)
		}
		if a.Network != nil {
			var packed bytes.Buffer
			if err := a.Network.Encode(&packed); err != nil {
				t.Fatal(err)
			}
			if _, err := networks.Decode(&packed); err != nil {
				t.Error(err)
			}
		}
	})
}
