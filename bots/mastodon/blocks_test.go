package mastodon

import (
	"net/url"
	"strings"
	"testing"

	"linienfunk/bots/mastodon/mastodontest"
)

func TestACityCannotConnectToAnInstanceThatTheOperatorHasBlocked(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	authorize, cookies := begin(t, w, fake)
	w.Blocks.Servers.Store(true)
	wantFailed(t, w, w.Submit(t, "zuerich", "/connect", url.Values{"instance": {fake.URL}, "way": {"redirect"}}), "instance-blocked")
	wantFailed(t, w, w.Callback(t, approve(t, fake, authorize, "zuerich"), cookies), "instance-blocked")
}

func TestAnAccountOnAnInstanceThatTheOperatorBlocksRestsAndItsAdminsSeeWhy(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	authorize, cookies := begin(t, w, fake)
	w.Callback(t, approve(t, fake, authorize, "zuerich"), cookies)
	if a := w.Account(t, "zuerich"); a.Label != "@zuerich@"+mastodontest.Domain {
		t.Fatalf("label %s", a.Label)
	}
	w.Blocks.Servers.Store(true)
	if all, err := w.Bot.Accounts(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("running: %+v, %v", all, err)
	}
	if got := w.Settings(t, "zuerich", "en"); !strings.Contains(got, "has blocked this instance") {
		t.Errorf("settings: %s", got)
	}
	w.Blocks.Servers.Store(false)
	if all, err := w.Bot.Accounts(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("running: %+v, %v", all, err)
	}
	if got := w.Settings(t, "zuerich", "en"); strings.Contains(got, "has blocked this instance") {
		t.Errorf("settings: %s", got)
	}
}
