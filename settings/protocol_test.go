package settings_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"linienfunk/bus"
	"linienfunk/internal/testkit"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// client is another program. It uses only docs/settings-protocol.md and a NATS client.
type client struct {
	t      *testing.T
	conn   *nats.Conn
	prefix string
}

func newClient(t *testing.T, w *cluster) client {
	url, prefix := w.broker.Address()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return client{t, conn, prefix}
}

func (s client) listen(subject string) *nats.Subscription {
	s.t.Helper()
	sub, err := s.conn.SubscribeSync(s.prefix + subject)
	if err == nil {
		err = s.conn.Flush()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return sub
}

func (s client) next(sub *nats.Subscription, into any) {
	s.t.Helper()
	msg, err := sub.NextMsgWithContext(s.t.Context())
	if err == nil {
		err = json.Unmarshal(msg.Data, into)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// submit publishes an update and waits for its outcome.
func (s client) submit(l chain.Link) (o settings.Outcome) {
	s.t.Helper()
	data, err := json.Marshal(l)
	if err != nil {
		s.t.Fatal(err)
	}
	answer := s.listen("elsewhere.reply")
	defer answer.Unsubscribe()
	msg := nats.NewMsg(s.prefix + "settings.update." + string(l.Base))
	msg.Data = data
	msg.Header.Set(bus.ReplyHeader, s.prefix+"elsewhere.reply")
	if err := s.conn.PublishMsg(msg); err != nil {
		s.t.Fatal(err)
	}
	s.next(answer, &o)
	return o
}

func TestAnotherProgramFollowsACityFromItsRoot(t *testing.T) {
	t.Parallel()
	w, _, n := started(t, "zuerich")
	s := newClient(t, w)

	// Subscribe to the root's hash, send a request, receive the patch from the root to the current version.
	document, root := chain.Root("zuerich")
	sub := s.listen("settings.update." + string(root))
	if err := s.conn.Publish(s.prefix+"settings.request", []byte(`{"city":"zuerich"}`)); err != nil {
		t.Fatal(err)
	}
	var jump chain.Jump
	s.next(sub, &jump)
	document, err := jump.Apply(document, root)
	if err != nil {
		t.Fatal(err)
	}
	// The next change arrives on the subject of that version.
	sub = s.listen("settings.update." + string(jump.Hash))
	now, err := n.Submit(t.Context(), edit(t, get(t, n, "zuerich"), "title", "Züri"))
	if err != nil {
		t.Fatal(err)
	}
	var update chain.Link
	s.next(sub, &update)
	document, err = chain.Apply(document, jump.Hash, update)
	if hash, _ := update.Hash(); err != nil || hash != now.Hash || string(document) != string(now.Document) {
		t.Errorf("%s, %v", document, err)
	}
}

func TestAnotherProgramChangesACity(t *testing.T) {
	t.Parallel()
	w, _, n := started(t, "zuerich")
	s := newClient(t, w)
	base := get(t, n, "zuerich")
	link := func(base settings.Snapshot, field string, value any) chain.Link {
		d := edit(t, base, field, value)
		l, err := chain.NewLink("zuerich", base.Hash, d.From, d.To)
		if err != nil {
			t.Fatal(err)
		}
		l.Author, l.Time = "importer", time.Now().UTC().Truncate(time.Microsecond)
		return l
	}
	first := s.submit(link(base, "title", "Züri"))
	testkit.Eventually(t, "the change is in force", func() bool { return get(t, n, "zuerich").Title == "Züri" })
	if now := get(t, n, "zuerich"); !first.Applied || first.Link != now.Hash || first.Current != now.Hash {
		t.Errorf("%+v", first)
	}
	late := s.submit(link(base, "title", "Turicum"))
	if late.Applied || late.Current != first.Link || late.Error == "" {
		t.Errorf("a patch against an old version: %+v", late)
	}
	bad := s.submit(link(get(t, n, "zuerich"), "triggers", []string{"ok", "/(/"}))
	if bad.Applied || bad.Field != "triggers" || bad.Line != 2 || bad.Current != first.Link {
		t.Errorf("a bad patch: %+v", bad)
	}
	unknown := link(base, "title", "Turicum")
	unknown.Base = chain.Hash(strings.Repeat("0", 64))
	if got := s.submit(unknown); got.Applied || got.Current != first.Link {
		t.Errorf("a patch against an unknown version: %+v", got)
	}
	elsewhere := link(base, "title", "Turicum")
	elsewhere.City = "nowhere"
	if got := s.submit(elsewhere); got.Applied || got.Error == "" {
		t.Errorf("a patch of a city that is not: %+v", got)
	}
}

func TestAnotherProgramListsAllCities(t *testing.T) {
	t.Parallel()
	w, _, n := started(t, "zuerich", "ghent")
	var list settings.CityList
	if err := w.broker.Connect(t).Request(t.Context(), "settings.request", settings.Request{}, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Cities) != 2 || list.Cities[0].City != "ghent" || list.Cities[1].Hash != get(t, n, "zuerich").Hash || list.More {
		t.Errorf("%+v", list)
	}
	if answer := ask(t, w, settings.Request{City: "nowhere"}); !answer.Gone {
		t.Errorf("%+v", answer)
	}
}

// The worked example is in docs/settings-protocol.md.
func TestTheWorkedExampleIsCorrect(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/settings-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	document, root := chain.Root("zuerich")
	link, err := chain.NewLink("zuerich", root, document, []byte(`{"title":"Zürich"}`))
	if err != nil {
		t.Fatal(err)
	}
	link.Author, link.Time, link.Note = "7", time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), "A city begins"
	hash, err := link.Hash()
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(link)
	canonical, _ := chain.Canonical(text)
	patch, _ := chain.Canonical(link.Patch)
	rootText := []byte(`{"city":"zuerich","document":{},"version":1}`)
	for _, want := range []string{
		string(rootText), string(root), hex.Dump(rootText),
		string(canonical), string(hash), hex.Dump(canonical),
		`{"title":"Zürich"}`, string(link.Result), string(patch), "settings.update." + string(root), "settings.update." + string(hash),
	} {
		for _, line := range strings.Split(strings.TrimSpace(want), "\n") {
			if !strings.Contains(string(page), line) {
				t.Errorf("the document lacks %s", line)
			}
		}
	}
}
