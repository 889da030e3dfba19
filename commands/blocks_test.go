package commands_test

import (
	"strings"
	"testing"
	"time"

	"linienfunk/commands"
)

func TestABlockedAddressIsBlockedInEachSpellingAndStoredAsADigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.must(operator, "instance block", "kind", "address", "whom", "Spammer+1@Example.org", "remark", "Sends adverts").(commands.InstanceBlock)
	if one.Whom != "" || one.Kind != "address" || one.Remark != "Sends adverts" || !one.Until.IsZero() {
		t.Errorf("entry: %+v", one)
	}
	for address, want := range map[string]bool{"spammer@example.org": true, "SPAMMER+2@example.org": true, "ada@example.org": false, "spammer@a.example.org": false, "": false} {
		if w.AddressBlocked(address) != want || w.SenderBlocked("post", address) != want || w.SenderBlocked("net", address) {
			t.Errorf("%q: %t", address, w.AddressBlocked(address))
		}
	}
	var stored string
	w.check(w.Tables.Raw("SELECT target || reason FROM command_blocks").Scan(&stored).Error)
	log := w.must(operator, "instance log").(commands.InstanceLog).Acts
	if strings.Contains(strings.ToLower(stored), "spammer") || len(log) != 1 || log[0].Values["whom"] != "#1" || log[0].Values["remark"] != "Sends adverts" {
		t.Errorf("stored: %s, log: %+v", stored, log)
	}
	if all := w.must(operator, "instance blocks", "whom", "spammer@example.org").(commands.InstanceBlocks).Blocks; len(all) != 1 || all[0].Entry != one.Entry {
		t.Errorf("found: %+v", all)
	}
	if all := w.must(operator, "instance blocks", "whom", "ada@example.org").(commands.InstanceBlocks).Blocks; len(all) != 0 {
		t.Errorf("found: %+v", all)
	}
	w.must(operator, "instance unblock", "entry", one.Entry)
	if w.AddressBlocked("spammer@example.org") {
		t.Error("still blocked")
	}
	if got := w.refused(operator, "instance unblock", "entry", one.Entry); !strings.HasPrefix(got, "not-found") {
		t.Error(got)
	}
}

func TestADomainIsBlockedWithItsSubdomainsForMailOrForServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(operator, "instance block", "kind", "address", "whom", "@Spam.example")
	w.must(operator, "instance block", "kind", "instance", "whom", "https://Bücher.example/about")
	for host, want := range map[string]bool{"xn--bcher-kva.example": true, "social.bücher.example:8443": true, "b.example": false, "example": false, "spam.example": false} {
		if w.ServerBlocked(host) != want || w.SenderBlocked("net", "ada@"+host) != want {
			t.Errorf("%s: %t", host, w.ServerBlocked(host))
		}
	}
	for address, want := range map[string]bool{"a@spam.example": true, "a@mail.spam.example": true, "a@nospam.example": false, "a@bücher.example": false} {
		if w.AddressBlocked(address) != want {
			t.Errorf("%s: %t", address, !want)
		}
	}
	if got := w.must(operator, "instance blocks").(commands.InstanceBlocks).Blocks; len(got) != 2 || got[0].Whom != "xn--bcher-kva.example" || got[1].Whom != "spam.example" || got[1].Kind != "domain" {
		t.Errorf("list: %+v", got)
	}
}

func TestABlockEndsByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(operator, "instance block", "kind", "account", "whom", "net:@Rider@social.example", "term", 1)
	if !w.SenderBlocked("net", "rider@social.example") || w.SenderBlocked("post", "rider@social.example") || w.SenderBlocked("net", "other@social.example") {
		t.Error("the wrong ones are blocked")
	}
	w.must(operator, "instance block", "kind", "account", "whom", "net:rider@social.example", "term", 2) // again: another end
	w.Advance(25 * time.Hour)
	if !w.SenderBlocked("net", "rider@social.example") {
		t.Error("the second end does not count")
	}
	w.Advance(24 * time.Hour)
	if w.SenderBlocked("net", "rider@social.example") {
		t.Error("still blocked")
	}
	w.check(w.Prune(t.Context()))
	var left int64
	if w.check(w.Tables.Model(&commands.Block{}).Count(&left).Error); left != 0 {
		t.Errorf("%d entries are left", left)
	}
}

func TestWhatCannotBeBlockedIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, one := range []struct{ kind, whom string }{
		{"address", "nobody"}, {"address", "@org"}, {"address", "@linienfunk.example"}, {"instance", "example"}, {"instance", "linienfunk.example"}, {"instance", "a b.example"}, {"account", "rider"},
		{"account", "other:rider"}, {"account", "net:"},
	} {
		if got := w.refused(operator, "instance block", "kind", one.kind, "whom", one.whom); got != "invalid whom" {
			t.Errorf("%+v: %s", one, got)
		}
	}
	if got := w.refused(w.owner(), "instance block", "kind", "address", "whom", "a@b.example"); got != "forbidden" {
		t.Error(got)
	}
}

func TestABlockedPersonInAChatCanOnlyUnsubscribe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	person := commands.Actor{Network: "net", Person: "77", Lang: "en"}
	w.must(person, "subscribe")
	w.must(operator, "instance block", "kind", "account", "whom", "net:77")
	if got := w.refused(person, "help"); got != "forbidden" {
		t.Error(got)
	}
	w.must(person, "unsubscribe")
}
