package kit_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

func account(city, name string) Account {
	return Account{Base: kit.Base{City: city}, Name: name}
}

func TestAnAccountIsStoredWithSealedCredentials(t *testing.T) {
	t.Parallel()
	w, n := newWorld(t)
	if _, _, err := n.Rows.Load(t.Context(), "zuerich"); !errors.Is(err, kit.ErrNoAccount) {
		t.Errorf("before: %v", err)
	}
	if err := n.Rows.Connect(t.Context(), account("zuerich", "zh"), "a secret"); err != nil {
		t.Fatal(err)
	}
	row, credentials, err := n.Rows.Find(t.Context(), "name", "zh")
	if err != nil || credentials != "a secret" || row.City != "zuerich" || len(row.Token) < 20 {
		t.Errorf("%+v, %q, %v", row, credentials, err)
	}
	if a := w.Account(t, "zuerich"); a.Label != "@zh" || a.Revision == "" {
		t.Errorf("%+v", a)
	}
	if err := w.Core.DB.Model(&Account{}).Where("city = ?", "zuerich").Update("city", "ghent").Error; err != nil {
		t.Fatal(err)
	}
	if _, _, err := n.Rows.Load(t.Context(), "ghent"); err == nil {
		t.Error("credentials open in the row of another city")
	}
}

func TestALoginOfTheSameAccountKeepsWhatItInherits(t *testing.T) {
	t.Parallel()
	w, n := newWorld(t)
	connect := func(name string) Account {
		t.Helper()
		if err := n.Rows.Connect(t.Context(), account("zuerich", name), "token"); err != nil {
			t.Fatal(err)
		}
		row, _, err := n.Rows.Load(t.Context(), "zuerich")
		if err != nil {
			t.Fatal(err)
		}
		return row
	}
	first := connect("zh")
	if err := n.Rows.Update(t.Context(), first, map[string]any{"position": 7}); err != nil {
		t.Fatal(err)
	}
	again := connect("zh")
	if again.Position != 7 || again.Revision == first.Revision || !again.CreatedAt.Equal(first.CreatedAt) {
		t.Errorf("the same account: %+v, before %+v", again, first)
	}
	other := connect("other")
	if other.Position != 0 || !other.CreatedAt.Equal(first.CreatedAt) {
		t.Errorf("another account: %+v", other)
	}
	var followers int64
	if err := w.Core.DB.Model(&Follower{}).Count(&followers).Error; err != nil || followers != 2 {
		t.Errorf("OnConnect made %d rows, %v", followers, err)
	}
}

func TestAnAccountBelongsToOneCity(t *testing.T) {
	t.Parallel()
	_, n := newWorld(t)
	if err := n.Rows.Connect(t.Context(), account("zuerich", "shared"), "token"); err != nil {
		t.Fatal(err)
	}
	if err := n.Rows.Connect(t.Context(), account("ghent", "shared"), "token"); !errors.Is(err, kit.ErrTaken) {
		t.Errorf("connected a second time: %v", err)
	}
}

func TestAnUpdateIsForTheAccountThatWasRead(t *testing.T) {
	t.Parallel()
	_, n := newWorld(t)
	if err := n.Rows.Connect(t.Context(), account("zuerich", "zh"), "token"); err != nil {
		t.Fatal(err)
	}
	row, _, _ := n.Rows.Load(t.Context(), "zuerich")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.Rows.Update(ended, row, map[string]any{"position": 1}); err != nil {
		t.Errorf("after the end of its context: %v", err)
	}
	if err := n.Rows.Update(t.Context(), account("zuerich", "before"), map[string]any{"position": 2}); err != nil {
		t.Error(err)
	}
	updated, _, _ := n.Rows.Load(t.Context(), "zuerich")
	if updated.Position != 1 || updated.Revision != row.Revision {
		t.Errorf("updated: %+v", updated)
	}
	if err := n.Rows.Renew(t.Context(), row, map[string]any{"name": "renamed"}); err != nil {
		t.Error(err)
	}
	if renewed, _, _ := n.Rows.Load(t.Context(), "zuerich"); renewed.Name != "renamed" || renewed.Revision == row.Revision {
		t.Errorf("renewed: %+v", renewed)
	}
}

func TestAccountsRunInActiveCitiesThatEnabledThem(t *testing.T) {
	t.Parallel()
	w, n := newWorld(t)
	for _, city := range []string{"ghent", "zuerich", "gone"} {
		if err := n.Rows.Connect(t.Context(), account(city, city), "token"); err != nil {
			t.Fatal(err)
		}
	}
	running := func(want ...string) {
		t.Helper()
		got, err := n.Accounts(t.Context())
		if err != nil || len(got) != len(want) {
			t.Fatalf("%v, %v, want %v", got, err, want)
		}
		for i, a := range got {
			if a.City != want[i] {
				t.Errorf("%v, want %v", got, want)
			}
		}
	}
	running("ghent", "zuerich")
	w.SetOption(t, "ghent", kit.Enabled, false)
	running("zuerich")
	w.SetActive("zuerich", false)
	running()
	n.Rows.Chats = func(context.Context) (map[string]bool, error) {
		return map[string]bool{"zuerich": true, "ghent": true}, nil
	}
	running("zuerich") // somebody runs it from a chat
	if got, _ := n.Accounts(t.Context()); !got[0].Paused {
		t.Errorf("%+v", got)
	}
}

func TestAccountsAreListedAsTheyAreThoughOnlyRevisionsAreRead(t *testing.T) {
	t.Parallel()
	w, n := newWorld(t)
	want := func(want ...string) {
		t.Helper()
		got, err := n.Accounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var labels []string
		for _, a := range got {
			if a.Revision == "" {
				t.Errorf("no revision: %+v", a)
			}
			labels = append(labels, a.City+" "+a.Label)
		}
		if !slices.Equal(labels, want) {
			t.Errorf("%q, want %q", labels, want)
		}
	}
	elsewhere := func(city string, columns map[string]any) { // on another node
		t.Helper()
		if err := w.Core.DB.Model(&Account{}).Where("city = ?", city).Updates(columns).Error; err != nil {
			t.Fatal(err)
		}
	}
	want()
	for _, city := range []string{"zuerich", "ghent"} {
		if err := n.Rows.Connect(t.Context(), account(city, city), "token"); err != nil {
			t.Fatal(err)
		}
	}
	want("ghent @ghent", "zuerich @zuerich")
	elsewhere("ghent", map[string]any{"position": 3})
	want("ghent @ghent", "zuerich @zuerich")
	elsewhere("ghent", map[string]any{"name": "gent", "revision": "new"})
	want("ghent @gent", "zuerich @zuerich")
	row, _, err := n.Rows.Load(t.Context(), "zuerich")
	if err := errors.Join(err, n.Rows.Renew(t.Context(), row, map[string]any{"name": "zueri"})); err != nil {
		t.Fatal(err)
	}
	want("ghent @gent", "zuerich @zueri")
	if err := w.Core.DB.Where("city = ?", "ghent").Delete(&Account{}).Error; err != nil {
		t.Fatal(err)
	}
	want("zuerich @zueri")
}

func TestDisconnectingDeletesTheAccountAndWhatBelongsToIt(t *testing.T) {
	t.Parallel()
	w, n := newWorld(t)
	for _, city := range []string{"ghent", "zuerich"} {
		if err := n.Rows.Connect(t.Context(), account(city, city), "token"); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Rows.Disconnect(t.Context(), "ghent"); err != nil {
		t.Fatal(err)
	}
	rows, err := n.Rows.List(t.Context())
	if err != nil || len(rows) != 1 || rows[0].City != "zuerich" {
		t.Errorf("%v, %v", rows, err)
	}
	var followers []Follower
	if err := w.Core.DB.Find(&followers).Error; err != nil || len(followers) != 1 {
		t.Errorf("%v, %v", followers, err)
	}
}

func TestAnAccountIsRememberedUntilItChanges(t *testing.T) {
	t.Parallel()
	w, n := newWorld(t)
	ctx := t.Context()
	connect := func(credentials string) bots.Account {
		t.Helper()
		if err := n.Rows.Connect(ctx, account("zuerich", "zh"), credentials); err != nil {
			t.Fatal(err)
		}
		return w.Account(t, "zuerich")
	}
	load := func(a bots.Account, want string, position int) {
		t.Helper()
		row, credentials, err := n.Rows.LoadRevision(ctx, a)
		if err != nil || credentials != want || row.Position != position {
			t.Errorf("position %d, %q, %v; want %d, %q", row.Position, credentials, err, position, want)
		}
	}
	setAside := func(position int) { // as another node does
		t.Helper()
		if err := w.Core.DB.Model(&Account{}).Where("city = ?", "zuerich").Update("position", position).Error; err != nil {
			t.Fatal(err)
		}
	}
	first := connect("first")
	load(first, "first", 0)
	setAside(5)
	load(first, "first", 0) // from memory
	row, _, err := n.Rows.Load(ctx, "zuerich")
	if err := errors.Join(err, n.Rows.Update(ctx, row, map[string]any{"position": 7})); err != nil {
		t.Fatal(err)
	}
	load(first, "first", 7)
	second := connect("second")
	load(first, "second", 7) // the old worker, before it stops
	load(second, "second", 7)
	if err := n.Rows.Disconnect(ctx, "zuerich"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := n.Rows.LoadRevision(ctx, second); !errors.Is(err, kit.ErrNoAccount) {
		t.Errorf("after disconnecting: %v", err)
	}
}
