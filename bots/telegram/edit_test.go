package telegram

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/report"
)

// textsIn returns what a chat shows.
func textsIn(fake *telegramtest.Server, chat int64) string {
	var out []string
	for _, sent := range fake.Sent() {
		if sent.Chat == chat {
			out = append(out, sent.Text)
		}
	}
	return strings.Join(out, "|")
}

func calls(fake *telegramtest.Server, method string) (count int) {
	for _, call := range fake.Calls() {
		if call == method {
			count++
		}
	}
	return count
}

func TestAReportIsEditedInGroupsAndChannelsAndStaysInPrivateChats(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	subscribe(t, w, fake, "marta")
	said := textsIn(fake, fake.Person("marta"))
	first, second := addGroup(t, w, fake, supergroup, "Linie 8"), addGroup(t, w, fake, channel, "Meldungen")
	r, before := other(w, "1", "kontrolle u8 @marta"), other(w, "0", "kontrolle u9")
	send(t, w, a, before)
	send(t, w, a, r)
	edit := func(want string) {
		t.Helper()
		must(t, theBot(w).Edit(t.Context(), a, r, report.Receipt{}))
		for _, chat := range []int64{first, second} {
			if got := textsIn(fake, chat); got != "kontrolle u9|kontrolle u8 @"+wordJoiner+"marta"+want {
				t.Errorf("it shows %q", got)
			}
		}
	}
	edit("")
	if n := calls(fake, "editMessageText"); n != 0 {
		t.Errorf("%d edits that change nothing", n)
	}
	r.People = 3
	edit("\n\n3 Leute haben das gemeldet.")
	edit("\n\n3 Leute haben das gemeldet.")
	if n := calls(fake, "editMessageText"); n != 2 {
		t.Errorf("%d edits of two messages", n)
	}
	fake.DeleteMessages(first)
	r.People = 4
	for range 2 {
		must(t, theBot(w).Edit(t.Context(), a, r, report.Receipt{}))
	}
	if n := calls(fake, "editMessageText"); n != 4 {
		t.Errorf("%d edits: a message that an admin has deleted is tried again", n)
	}
	if got := textsIn(fake, fake.Person("marta")); got != said+"|kontrolle u9|kontrolle u8 @marta" {
		t.Errorf("the subscriber has %q", got)
	}
}

func TestAReportThatMorePeopleSawBeforeItIsSentSaysSo(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	subscribe(t, w, fake, "marta")
	r := other(w, "1", "kontrolle "+strings.Repeat("🚨", 3000))
	r.People = 3
	send(t, w, a, r)
	sent := fake.Sent()
	if last := sent[len(sent)-1].Text; !strings.HasSuffix(last, "\n\n3 Leute haben das gemeldet.") || utf16Length(last) > maxText {
		t.Errorf("sent %d units, which end with %q", utf16Length(last), last[len(last)-40:])
	}
}

func TestAnEditWaitsForAGroupInSlowModeAndForNoOther(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	slow, quick := addGroup(t, w, fake, supergroup, "langsam"), addGroup(t, w, fake, channel, "schnell")
	r := other(w, "1", "kontrolle u8")
	send(t, w, a, r)
	r.People = 3
	fake.Hold(slow, 60)
	for range 2 { // the second call asks Telegram nothing
		err := theBot(w).Edit(t.Context(), a, r, report.Receipt{})
		if e := bots.AsError(err); e.Kind != bots.KindRetryAfter || e.After > time.Minute {
			t.Errorf("%v after %v", err, e.After)
		}
	}
	if got := textsIn(fake, quick); !strings.Contains(got, "3 ") || strings.Contains(textsIn(fake, slow), "3 ") || calls(fake, "editMessageText") != 2 {
		t.Errorf("the other group shows %q after %d calls", got, calls(fake, "editMessageText"))
	}
	fake.Hold(slow, 0)
	w.Advance(61 * time.Second)
	must(t, theBot(w).Edit(t.Context(), a, r, report.Receipt{}))
	if got := textsIn(fake, slow); !strings.Contains(got, "3 ") {
		t.Errorf("the slow group shows %q", got)
	}
}

func TestAReportThatWaitsForItsGroupLeavesWithTheNewestState(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	chat := addGroup(t, w, fake, supergroup, "Linie 8")
	row, c := account(t, w, "zuerich")
	fake.Hold(chat, 60)
	r := other(w, "1", "kontrolle u8")
	send(t, w, a, r)
	r.People = 3
	must(t, theBot(w).Edit(t.Context(), a, r, report.Receipt{}))
	fake.Hold(chat, 0)
	w.Advance(61 * time.Second)
	_, err := theBot(w).drainQueue(t.Context(), row, c)
	must(t, err)
	if got := textsIn(fake, chat); got != "kontrolle u8\n\n3 Leute haben das gemeldet." {
		t.Errorf("it shows %q", got)
	}
	r.People = 4
	must(t, theBot(w).Edit(t.Context(), a, r, report.Receipt{}))
	if got := textsIn(fake, chat); !strings.Contains(got, "4 ") {
		t.Errorf("later it shows %q", got)
	}
}

func TestEditsLeaveHalfOfAGroupsLimitToReports(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, 10*time.Millisecond, func(t *testing.T, c largeCity) {
		group := c.addGroup("Linie 8")
		r := other(c.w, "1", "kontrolle u8")
		send(t, c.w, c.a, r)
		edited := 0
		for n := 2; n < 40; n++ {
			time.Sleep(1200 * time.Millisecond)
			r.People = n
			if theBot(c.w).Edit(t.Context(), c.a, r, report.Receipt{}) == nil {
				edited++
			}
		}
		if limit := theBot(c.w).limits.groupMessages; edited < limit/2-1 || edited > limit/2 || c.fake.Limits.Exceeded != 0 {
			t.Errorf("%d edits within 47 seconds, %d requests over the limit", edited, c.fake.Limits.Exceeded)
		}
		for i := range 5 {
			time.Sleep(1200 * time.Millisecond)
			send(t, c.w, c.a, other(c.w, fmt.Sprint("later", i), fmt.Sprint("kontrolle ", i)))
		}
		if got := textsIn(c.fake, group); !strings.HasSuffix(got, "kontrolle 0|kontrolle 1|kontrolle 2|kontrolle 3|kontrolle 4") {
			t.Errorf("the group shows %q", got)
		}
	})
}

func TestAnEditThatTelegramHasMadeBeforeACrashIsNotLostForLaterOnes(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	chat := addGroup(t, w, fake, supergroup, "Linie 8")
	r := other(w, "1", "kontrolle u8")
	send(t, w, a, r)
	r.People = 3
	must(t, theBot(w).Edit(t.Context(), a, r, report.Receipt{}))
	must(t, w.Core.DB.Model(&SentMessage{}).Where("1 = 1").Update("shown", "before").Error)
	must(t, theBot(w).Edit(t.Context(), a, r, report.Receipt{}))
	r.People = 4
	must(t, theBot(w).Edit(t.Context(), a, r, report.Receipt{}))
	if got := textsIn(fake, chat); !strings.Contains(got, "4 ") {
		t.Errorf("it shows %q", got)
	}
}

func TestIdsOfMessagesAreDeletedAfterTheRetentionAndWithTheAccount(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	addGroup(t, w, fake, supergroup, "Linie 8")
	count := func() (n int64) {
		must(t, w.Core.DB.Model(&SentMessage{}).Count(&n).Error)
		return n
	}
	send(t, w, a, other(w, "1", "kontrolle u8"))
	must(t, theBot(w).Prune(t.Context(), "zuerich", w.Core.Now().Add(-time.Hour)))
	if count() != 1 {
		t.Error("too early")
	}
	must(t, theBot(w).Prune(t.Context(), "zuerich", w.Core.Now().Add(time.Hour)))
	if count() != 0 {
		t.Error("it is there after the retention")
	}
	send(t, w, a, other(w, "2", "kontrolle u8"))
	wantDone(t, w.Submit(t, "zuerich", "/disconnect", nil))
	if count() != 0 {
		t.Error("it is there after the account has gone")
	}
}
