package settings_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/bus"
	"linienfunk/internal/testkit"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// linkTo returns another program's change of the title.
func linkTo(t *testing.T, base chain.Hash, document []byte, title string) (chain.Link, chain.Hash, []byte) {
	t.Helper()
	to, err := settings.With(document, map[string]any{"title": title})
	if err != nil {
		t.Fatal(err)
	}
	l, err := chain.NewLink("zuerich", base, document, to)
	if err != nil {
		t.Fatal(err)
	}
	l.Author, l.Time, l.Note = "x", time.Now().UTC().Truncate(time.Microsecond), title
	hash, err := l.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return l, hash, to
}

// written waits until a change is the last link of its city's chain.
func written(t *testing.T, s *settings.Storage, want settings.Snapshot) {
	t.Helper()
	testkit.Eventually(t, "the change "+want.Title+" is written", func() bool {
		history, err := s.History(t.Context(), want.City)
		return err == nil && history[len(history)-1].Hash == want.Hash
	})
}

func TestAHostileMessageDoesNotBlockLaterUpdates(t *testing.T) {
	t.Parallel()
	w, storage, n := started(t, "zuerich")
	s := newClient(t, w)
	base := get(t, n, "zuerich")
	link := func(patch string) string {
		return fmt.Sprintf(`{"author":"","base":%q,"city":"zuerich","note":"","patch":%s,"result":"","time":"2026-05-01T12:00:00Z"}`, base.Hash, patch)
	}
	many := map[string]any{}
	for i := range 20_000 {
		many[fmt.Sprint("k", i)] = i
	}
	unknown, err := json.Marshal([]any{map[string]any{"op": "add", "path": "/more", "value": many}})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ data, answer string }{
		"a patch that makes the library panic": {link(`[{"op":"test","path":""}]`), ""},
		"a document of null":                   {link(`[{"op":"replace","path":"","value":null},{"op":"add","path":"/a","value":1}]`), ""},
		"very many errors":                     {link(string(unknown)), ""},
		"nothing":                              {"", ""},
		"a very long reply subject":            {"{}", strings.Repeat("a", 5000)},
		"a wildcard as reply subject":          {"{}", ">"},
		"our own subject as reply subject":     {"{}", s.prefix + "report.in.zuerich.web"},
		"two cities":                           {strings.Replace(link("[]"), `"city":`, `"city":"ghent","CITY":`, 1), ""},
		"the same twice":                       {strings.Replace(link("[]"), `"city":`, `"city":"ghent","city":`, 1), ""},
	} {
		msg := nats.NewMsg(s.prefix + "settings.update." + string(base.Hash))
		msg.Data = []byte(test.data)
		answer := s.listen("elsewhere.reply")
		msg.Header.Set(bus.ReplyHeader, s.prefix+"elsewhere.reply")
		if test.answer != "" {
			msg.Header.Set(bus.ReplyHeader, test.answer)
		}
		if err := s.conn.PublishMsg(msg); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if test.answer == "" {
			var o settings.Outcome
			if s.next(answer, &o); o.Applied || o.Error == "" || len(o.Error) > 600 {
				t.Errorf("%s: %+v", name, o)
			}
		}
		answer.Unsubscribe()
	}
	now, err := n.Submit(t.Context(), edit(t, base, "title", "Züri"))
	if err != nil {
		t.Fatal(err)
	}
	written(t, storage, now)
}

func TestADuplicateOfALinkCountsAsApplied(t *testing.T) {
	t.Parallel()
	w, _, n := started(t, "zuerich")
	s := newClient(t, w)
	base := get(t, n, "zuerich")
	first, hash, document := linkTo(t, base.Hash, base.Document, "eins")
	second, _, _ := linkTo(t, hash, document, "zwei")
	for _, l := range []chain.Link{first, second, first} {
		if o := s.submit(l); !o.Applied {
			t.Errorf("%s: %+v", l.Note, o)
		}
	}
}

// A link that arrives before its base is refused, also by nodes that start when both are in the stream.
func TestALinkBeforeItsBaseIsRefused(t *testing.T) {
	t.Parallel()
	w := newCluster(t)
	storage, _ := w.storage()
	w.create(storage, "zuerich")
	history, err := storage.History(t.Context(), "zuerich")
	if err != nil {
		t.Fatal(err)
	}
	s := newClient(t, w)
	first, hash, document := linkTo(t, history[0].Hash, history[0].After, "eins")
	second, _, _ := linkTo(t, hash, document, "zwei")
	if o := s.submit(second); o.Applied {
		t.Errorf("%+v", o)
	}
	if o := s.submit(first); !o.Applied {
		t.Errorf("%+v", o)
	}
	n, _ := w.node()
	waitLoaded(t, n)
	now, err := n.Submit(t.Context(), edit(t, get(t, n, "zuerich"), "about", "drei"))
	if err != nil || now.Title != "eins" {
		t.Errorf("%q, %v", now.Title, err)
	}
	written(t, storage, now)
}

func TestNoChangeIsLostWhileTheDatabaseAndTheConnectionFail(t *testing.T) {
	t.Parallel()
	w, _, n := started(t, "zuerich", "ghent")
	w.stopStorage()
	proxy, far := w.broker.Proxy(t)
	log := &watch{seen: make(chan struct{}, 100), what: "cannot store a change"}
	storage := settings.NewStorage(w.db, far, schema, log.logger(t), time.Now)
	w.run(far, storage.Run)
	asking := w.broker.Connect(t)
	testkit.Eventually(t, "the storage answers", func() bool {
		var l settings.CityList
		return n.Compare(t.Context()) == nil && asking.Request(t.Context(), "settings.request", settings.Request{}, &l) == nil
	})
	rename := func(from, to string) {
		if err := w.db.Exec("ALTER TABLE " + from + " RENAME TO " + to).Error; err != nil {
			t.Fatal(err)
		}
	}
	rename("settings_links", "settings_links_away")
	first, err := n.Submit(t.Context(), edit(t, get(t, n, "zuerich"), "title", "A"))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Next(t, log.seen)
	proxy.Cut()
	testkit.Eventually(t, "the storage is cut off", func() bool { return !far.Healthy() })
	proxy.Restore()
	testkit.Eventually(t, "the storage is connected", far.Healthy)
	second, err := n.Submit(t.Context(), edit(t, get(t, n, "ghent"), "title", "B"))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Next(t, log.seen)
	rename("settings_links_away", "settings_links")
	written(t, storage, first)
	written(t, storage, second)
}

func TestTheStreamMayBeRecreated(t *testing.T) {
	t.Parallel()
	w, storage, n := started(t, "zuerich")
	now := get(t, n, "zuerich")
	for i := range 5 {
		var err error
		if now, err = n.Submit(t.Context(), edit(t, now, "freshness_minutes", 50+i)); err != nil {
			t.Fatal(err)
		}
	}
	written(t, storage, now)
	url, prefix := w.broker.Address()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	stream := "SETTINGS"
	if prefix != "" {
		stream = strings.TrimSuffix(prefix, ".") + "-SETTINGS"
	}
	if err := js.DeleteStream(t.Context(), stream); err != nil {
		t.Fatal(err)
	}
	w.broker.Connect(t) // another program starts and creates it
	testkit.Eventually(t, "changes work again", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		after, err := n.Submit(ctx, edit(t, get(t, n, "zuerich"), "title", fmt.Sprint(time.Now().UnixNano())))
		now = after
		return err == nil
	})
	written(t, storage, now)
	later, _ := w.node()
	waitLoaded(t, later)
	waitForVersion(t, now, later)
}

func TestUpdatesAreWrittenWhenTheDatabaseIsAheadOfTheStream(t *testing.T) {
	t.Parallel()
	w, storage, n := started(t, "zuerich")
	now, err := n.Submit(t.Context(), edit(t, get(t, n, "zuerich"), "title", "A"))
	if err != nil {
		t.Fatal(err)
	}
	written(t, storage, now)
	w.stopStorage()
	if err := w.db.Exec("UPDATE settings_progress SET sequence = 500").Error; err != nil {
		t.Fatal(err)
	}
	if now, err = n.Submit(t.Context(), edit(t, now, "title", "B")); err != nil {
		t.Fatal(err)
	}
	storage, _ = w.storage()
	written(t, storage, now)
	if now, err = n.Submit(t.Context(), edit(t, now, "title", "C")); err != nil {
		t.Fatal(err)
	}
	written(t, storage, now)
}

func TestACityWithABrokenChainIsInactiveAndDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	w := newCluster(t)
	storage, _ := w.storage()
	w.create(storage, "zuerich", "ghent")
	if err := w.db.Exec("UPDATE settings_links SET note = 'x' WHERE city = 'zuerich'").Error; err != nil {
		t.Fatal(err)
	}
	n, _ := w.node()
	waitLoaded(t, n)
	if city := get(t, n, "zuerich"); city.Active || city.Filter == nil {
		t.Errorf("it should be inactive: %+v", city)
	}
	now, err := n.Submit(t.Context(), edit(t, get(t, n, "ghent"), "title", "Gent"))
	if err != nil {
		t.Fatal(err)
	}
	written(t, storage, now)

	// Once the chain is repaired, the city is loaded.
	if err := w.db.Exec("UPDATE settings_links SET note = '' WHERE city = 'zuerich'").Error; err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the city is loaded", func() bool {
		n.Compare(t.Context())
		return get(t, n, "zuerich").Active
	})
}

func TestATamperedHeadIsDetectedAndDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	w, storage, n := started(t, "zuerich", "ghent")
	base := get(t, n, "zuerich")
	now, err := n.Submit(t.Context(), edit(t, base, "title", "A"))
	if err != nil {
		t.Fatal(err)
	}
	written(t, storage, now)
	if err := w.db.Exec("UPDATE settings_heads SET number = 1, hash = ?, document = ? WHERE city = 'zuerich'",
		string(base.Hash), string(base.Document)).Error; err != nil {
		t.Fatal(err)
	}
	other, _, _ := linkTo(t, base.Hash, base.Document, "eins")
	if o := newClient(t, w).submit(other); o.Applied || !strings.Contains(o.Error, "link 2") {
		t.Errorf("%+v", o)
	}
	if now, err = n.Submit(t.Context(), edit(t, get(t, n, "ghent"), "title", "G")); err != nil {
		t.Fatal(err)
	}
	written(t, storage, now)
}

func TestLegacySettingsAreImportedFieldByFieldAndOnce(t *testing.T) {
	t.Parallel()
	w := newCluster(t)
	d := settings.Default("zuerich", "de")
	d.Triggers, d.About = []string{"meine", "liste"}, strings.Repeat("x", settings.MaxAbout+1)
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.db.Exec("INSERT INTO settings_documents (city, settings, updated_by, updated_at) VALUES ('zuerich', ?, 1, ?)",
		string(text), time.Now().UTC()).Error; err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 3 { // programs that start at the same time
		b := w.broker.Connect(t)
		all.Go(func() {
			if err := settings.NewStorage(w.db, b, schema, testkit.Log(t), time.Now).ImportLegacy(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	storage, _ := w.storage()
	history, err := storage.History(t.Context(), "zuerich")
	if err != nil || len(history) != 1 {
		t.Fatalf("%+v, %v", history, err)
	}
	fields, err := settings.Fields(history[0].After)
	if err != nil || fmt.Sprint(fields["triggers"]) != "[meine liste]" || fields["about"] != "" || fields["lang"] != "de" {
		t.Errorf("%v, %v", fields, err)
	}
}
