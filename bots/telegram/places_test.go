package telegram

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/places"
)

// placesOf asks the network, and returns the places by their names.
func placesOf(t testing.TB, w *bottest.World) map[string]places.Place {
	t.Helper()
	found, err := theBot(w).Places(t.Context(), "zuerich")
	must(t, err)
	named := map[string]places.Place{}
	for _, p := range found {
		named[p.Name] = p
	}
	return named
}

func TestThePlacesOfABotHaveItsRights(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	silent := fake.AddChat(botOf("zuerich"), supergroup, "stumm")
	fake.Mute(silent, true)
	fake.AddChat(botOf("zuerich"), group, "Gruppe")
	fake.Promote(botOf("zuerich"), fake.AddChat(botOf("zuerich"), supergroup, "Admin"))
	fake.AddChat(botOf("zuerich"), channel, "Kanal")
	receive(t, w, "zuerich")
	for _, readsAll := range []bool{false, true} {
		if readsAll {
			fake.ReadAll(botOf("zuerich"))
		}
		want := map[string]string{"stumm": "group [] place-silent", "Gruppe": "group [write] place-mentions", "Admin": "group [read write delete] ", "Kanal": "channel [read write delete] "}
		if readsAll {
			want["stumm"], want["Gruppe"] = "group [read] place-silent", "group [read write] "
		}
		found := placesOf(t, w)
		for name, want := range want {
			if p := found[name]; fmt.Sprintf("%s %v %s", p.Kind, p.Rights, p.Note) != want {
				t.Errorf("%s: %+v, not %s", name, p, want)
			}
		}
		if len(found) != len(want) {
			t.Errorf("%+v", found)
		}
	}
}

// The fake has no restricted members, and no admins of channels who may not post.
func TestRightsOfRestrictedMembersAndOfAdmins(t *testing.T) {
	t.Parallel()
	group, channel := &models.ChatFullInfo{Type: models.ChatTypeSupergroup}, &models.ChatFullInfo{Type: models.ChatTypeChannel}
	for _, tt := range []struct {
		name string
		info *models.ChatFullInfo
		me   models.ChatMember
		want []places.Right
	}{
		{"restricted", group, models.ChatMember{Restricted: &models.ChatMemberRestricted{IsMember: true}}, nil},
		{"restricted to texts", group, models.ChatMember{Restricted: &models.ChatMemberRestricted{IsMember: true, CanSendMessages: true}}, []places.Right{places.Write}},
		{"a group that does not say what members may do", group, models.ChatMember{Member: &models.ChatMemberMember{}}, []places.Right{places.Write}},
		{"admin of a group", group, models.ChatMember{Administrator: &models.ChatMemberAdministrator{CanChangeInfo: true}}, []places.Right{places.Read, places.Write, places.Manage}},
		{"admin of a channel who may not post", channel, models.ChatMember{Administrator: &models.ChatMemberAdministrator{}}, []places.Right{places.Read}},
		{"subscriber of a channel", channel, models.ChatMember{Member: &models.ChatMemberMember{}}, nil},
	} {
		if got := rightsOf(Account{}, tt.info, &tt.me); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestANewTitleIsOnThePageOnceTheListIsRead(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	chat := addGroup(t, w, fake, supergroup, "Linie 4")
	fake.Retitle(chat, "Linie 5 <neu>")
	wantDone(t, w.Submit(t, "zuerich", "/places", nil))
	if page := w.Settings(t, "zuerich", "en"); !strings.Contains(page, "Linie 5 &lt;neu&gt;") || strings.Contains(page, "Linie 4") {
		t.Errorf("the page has the title from before:\n%s", page)
	}
}

func TestAGroupThatBecameASupergroupIsTheSamePlaceUnderItsNewID(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	before := addGroup(t, w, fake, group, "Linie 4")
	after := fake.UpgradeGroup(before, true)
	if p := placesOf(t, w)["Linie 4"]; p.ID != fmt.Sprint(after) {
		t.Errorf("%+v, not %d", p, after)
	}
	if chosen, err := theBot(w).Chosen(t.Context(), "zuerich"); err != nil || !slices.Equal(chosen, []string{fmt.Sprint(after)}) {
		t.Errorf("chosen are %q, %v", chosen, err)
	}
}

func TestUpdatesAboutTheBotsMembershipOutdateTheList(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	var chat int64
	for i, change := range []func(){
		func() { chat = addGroup(t, w, fake, group, "Linie 4") },
		func() { fake.Promote(botOf("zuerich"), chat) },
		func() { chat = fake.UpgradeGroup(chat, false) },
		func() { fake.Kick(botOf("zuerich"), chat) },
	} {
		before := w.Places.Outdatings()
		change()
		receive(t, w, "zuerich")
		if w.Places.Outdatings() == before {
			t.Errorf("change %d leaves the list as it is", i+1)
		}
	}
}

func TestABotThatHasToPauseIsNotAskedForPlaces(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	addGroup(t, w, fake, group, "Linie 4")
	row, _ := account(t, w, "zuerich")
	theBot(w).pause(t.Context(), row, 5*time.Minute)
	calls := len(fake.Calls())
	_, err := theBot(w).Places(t.Context(), "zuerich")
	if e := bots.AsError(err); e.Kind != bots.KindRetryAfter || e.After <= 0 || e.After > 5*time.Minute || e.Say != "later-too-many" {
		t.Errorf("%+v", e)
	}
	if len(fake.Calls()) != calls {
		t.Errorf("Telegram was asked: %q", fake.Calls()[calls:])
	}
}
