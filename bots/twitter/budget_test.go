package twitter

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/twitter/twittertest"
)

// ledger returns the stored spending of zuerich this month.
func ledger(t testing.TB, w *bottest.World) Spending {
	t.Helper()
	row, err := w.Bot.(*bot).store.spent(t.Context(), "zuerich")
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// noon moves the clock to noon on the 10th of next month, so that neither the day nor the month ends during a test.
func noon(w *bottest.World) {
	now := w.Core.Now().UTC()
	w.Advance(time.Date(now.Year(), now.Month()+1, 10, 12, 0, 0, 0, time.UTC).Sub(now))
}

// bothConnectedAtNoon is bothConnected, with a login after noon.
func bothConnectedAtNoon(t *testing.T, test func(t *testing.T, w *bottest.World, fake *twittertest.Server)) {
	t.Helper()
	both(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		noon(w)
		connect(t, w, fake, "zuerich", "zuerich")
		test(t, w, fake)
	})
}

// newTestReaderAtNoon is newTestReader, for a login after noon.
func newTestReaderAtNoon(t testing.TB, w *bottest.World, fake *twittertest.Server) *testReader {
	t.Helper()
	noon(w)
	connect(t, w, fake, "zuerich", "zuerich")
	return newTestReader(t, w)
}

// newConnectedAtNoon is newConnected, with a login after noon.
func newConnectedAtNoon(t testing.TB) (*bottest.World, *twittertest.Server) {
	t.Helper()
	w, fake := newWorld(t, "2")
	noon(w)
	connect(t, w, fake, "zuerich", "zuerich")
	return w, fake
}

func TestTheSpendingIsWhatXCharges(t *testing.T) {
	t.Parallel()
	bothConnectedAtNoon(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		w.SetOption(t, "zuerich", "links", true)
		k := newTestReader(t, w)
		for i := range 25 {
			fake.Write(fmt.Sprintf("rider%d", i%3), fmt.Sprintf("@zuerich kontrolle %d", i))
			fake.Tell("marta", "zuerich", fmt.Sprintf("nachricht %d", i))
		}
		for range 3 {
			k.poll(t)
			fake.Write("rider1", "@zuerich noch eine, wirklich")
		}
		mustSend(t, w, other(w, "1", "kontrolle u8"))
		mustSend(t, w, other(w, "2", "siehe https://example.com"))
		mustSend(t, w, other(w, "3", "kontrolle u8")) // a duplicate
		mustSend(t, w, own(read(t, w)[0]))
		if got, charged := ledger(t, w), fake.Charged("zuerich"); int64(got.Cost) < charged {
			t.Errorf("X charges %v, the ledger has %v", amount(charged), got.Cost)
		}
		// After a restart the charges of today are unknown: messages that are read again are counted again.
		if got, charged := ledger(t, w), fake.Charged("zuerich"); int64(got.Cost)-charged > 25*priceOf(t, "price_message") {
			t.Errorf("X charges %v, the ledger has %v", amount(charged), got.Cost)
		}
	})
}

func priceOf(t testing.TB, key string) int64 {
	t.Helper()
	price, err := parseAmount(defaults()[key])
	if err != nil {
		t.Fatal(err)
	}
	return int64(price)
}

func TestTheSpendingIsExactWithoutARestart(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		k := newTestReaderAtNoon(t, w, fake)
		for i := range 12 {
			fake.Write(fmt.Sprintf("rider%d", i%3), fmt.Sprintf("@zuerich kontrolle %d", i))
			fake.Tell("marta", "zuerich", fmt.Sprintf("nachricht %d", i))
			k.poll(t)
		}
		mustSend(t, w, other(w, "1", "kontrolle u8"))
		mustSend(t, w, other(w, "2", "kontrolle u8"))
		if got, charged := ledger(t, w), fake.Charged("zuerich"); int64(got.Cost) != charged {
			t.Errorf("X charges %v, the ledger has %v", amount(charged), got.Cost)
		}
		calls := fake.Requests("GET /2/") + fake.Requests("POST /2/") + fake.Requests("GET /1.1/") + fake.Requests("POST /1.1/")
		if got := ledger(t, w); got.Calls != int64(calls) {
			t.Errorf("%d calls were made, the ledger has %d", calls, got.Calls)
		}
	})
}

func TestACallWithoutAResponseIsChargedAndARefusedOneIsNot(t *testing.T) {
	t.Parallel()
	w, fake := newConnectedAtNoon(t)
	start := ledger(t, w).Cost
	for _, test := range []struct {
		fault bottest.Fault
		want  amount
	}{{bottest.Refuse, 0}, {bottest.TooMany, 0}, {bottest.Internal, 15_000}, {bottest.Truncate, 30_000}, {bottest.HTML, 45_000}} {
		fake.Fail(test.fault)
		if _, err := send(t, w, other(w, string(test.fault), "kontrolle u8")); err == nil {
			t.Error("no error")
		}
		if got := ledger(t, w).Cost - start; got != test.want {
			t.Errorf("after %s the ledger has %v more", test.fault, got)
		}
		fake.Heal()
	}
	k := newTestReader(t, w)
	fake.Fail(bottest.Truncate)
	before := ledger(t, w)
	for range 5 {
		k.mentions(t.Context())
	}
	// The posts are read again, and X charges for them once.
	if after := ledger(t, w); after.Cost != before.Cost || after.Calls != before.Calls+5 {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func TestReadingStopsBeforeTheBudgetIsSpent(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		noon(w)
		w.SetOption(t, "zuerich", "money", 1)
		a := connect(t, w, fake, "zuerich", "zuerich")
		k := newTestReader(t, w)
		var stopped error
		for i := 0; i < 200 && stopped == nil; i++ {
			fake.Write(fmt.Sprintf("rider%d", i), fmt.Sprintf("@zuerich kontrolle %d", i))
			stopped = k.mentions(t.Context())
		}
		bottest.WantError(t, stopped, bots.KindRetryAfter, "error-budget-read")
		if e := bots.AsError(stopped); e.After != time.Hour {
			t.Errorf("the pause is %v", e.After)
		}
		if charged := fake.Charged("zuerich"); charged > int64(oneUnit)*9/10 || charged < int64(oneUnit)*8/10 || int64(ledger(t, w).Cost) != charged {
			t.Errorf("X charges %v, the ledger has %v", amount(charged), ledger(t, w).Cost)
		}
		if page := w.Settings(t, "zuerich", "en"); !strings.Contains(page, "budget for reading is spent") {
			t.Errorf("page: %s", page)
		}

		w.SetOption(t, "zuerich", "money", 2)
		if raised := w.Account(t, "zuerich"); raised.Revision == a.Revision {
			t.Error("raising the budget does not restart the account")
		}
		if err := k.mentions(t.Context()); err != nil {
			t.Errorf("after the budget was raised: %v", err)
		}
		w.SetOption(t, "zuerich", "money", 1)
		bottest.WantError(t, k.mentions(t.Context()), bots.KindRetryAfter, "error-budget-read")
		w.Advance(untilNextMonth(w.Core.Now()))
		if err := k.mentions(t.Context()); err != nil {
			t.Errorf("in the next month: %v", err)
		}
	})
}

func TestPostsReadBeforeTheBudgetEndedAreHandedInAndReadAgain(t *testing.T) {
	t.Parallel()
	w, fake := newConnectedAtNoon(t)
	for i := range 60 {
		fake.Write(fmt.Sprintf("rider%d", i), fmt.Sprintf("@zuerich kontrolle %d", i))
	}
	w.SetOption(t, "zuerich", "money", 1)
	b := w.Bot.(*bot)
	if _, err := b.reserveUnlimited(t.Context(), "zuerich", 500_000); err != nil {
		t.Fatal(err)
	}
	k := newTestReader(t, w)
	bottest.WantError(t, k.mentions(t.Context()), bots.KindRetryAfter, "error-budget-read")
	if n := len(k.got); n == 0 || n >= 60 || k.got[n-1].Text != "kontrolle 59" {
		t.Errorf("%d were handed in: %q", n, k.texts())
	}
	w.SetOption(t, "zuerich", "money", 9)
	if got := newTestReader(t, w).poll(t); len(got) != 60 || got[0] != "kontrolle 0" {
		t.Errorf("%d arrived again", len(got))
	}
}

func TestReadingLeavesATenthOfTheBudgetForPosting(t *testing.T) {
	t.Parallel()
	bothConnectedAtNoon(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		w.SetOption(t, "zuerich", "calls", 20)
		k := newTestReader(t, w)
		for range 17 { // one was the login's
			if err := k.mentions(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		bottest.WantError(t, k.mentions(t.Context()), bots.KindRetryAfter, "error-budget-read")
		if page := w.Settings(t, "zuerich", "en"); !strings.Contains(page, "last tenth is kept for posting") {
			t.Errorf("page: %s", page)
		}
		for i := range 2 {
			mustSend(t, w, other(w, fmt.Sprint(i), fmt.Sprintf("kontrolle linie %d", i)))
		}
		_, err := send(t, w, other(w, "3", "kontrolle linie 3"))
		bottest.WantError(t, err, bots.KindPermanent, "error-budget-post")
	})
}

func TestReadingWithoutNewMessagesIsChargedAsOneMessageADay(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		k := newTestReaderAtNoon(t, w, fake)
		for i := range 30 {
			fake.Tell("marta", "zuerich", fmt.Sprintf("nachricht %d", i))
		}
		k.poll(t)
		start := fake.Charged("zuerich")
		for range 3 {
			w.Advance(24 * time.Hour)
			k.poll(t)
		}
		if cost := fake.Charged("zuerich") - start; cost != 3*priceOf(t, "price_message") {
			t.Errorf("X charges %v in three days", amount(cost))
		}
		if got := ledger(t, w).Cost; int64(got) != fake.Charged("zuerich") {
			t.Errorf("X charges %v, the ledger has %v", amount(fake.Charged("zuerich")), got)
		}
	})
}

func TestReadingStopsAtTheLastCall(t *testing.T) {
	t.Parallel()
	w, fake := newConnectedAtNoon(t)
	w.SetOption(t, "zuerich", "calls", 4) // one was the login's
	k := newTestReader(t, w)
	for range 3 {
		if err := k.mentions(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	bottest.WantError(t, k.mentions(t.Context()), bots.KindRetryAfter, "error-budget-read")
	if got := fake.Requests("GET /2/"); got != 4 {
		t.Errorf("%d calls", got)
	}
}

func TestPostingIsRefusedWhenTheBudgetDoesNotAllowIt(t *testing.T) {
	t.Parallel()
	bothConnectedAtNoon(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		receipt := mustSend(t, w, other(w, "1", "kontrolle u6"))
		w.SetOption(t, "zuerich", "money", 0)
		before := fake.Charged("zuerich")
		_, err := send(t, w, other(w, "2", "kontrolle u8"))
		bottest.WantError(t, err, bots.KindPermanent, "error-budget-post")
		if fake.Charged("zuerich") != before {
			t.Error("X charged for it")
		}
		if err := w.Bot.(bots.Retracter).Retract(t.Context(), w.Account(t, "zuerich"), "", receipt); err != nil {
			t.Errorf("a sent post cannot be retracted: %v", err)
		}
		if got, charged := ledger(t, w).Cost, fake.Charged("zuerich"); int64(got) != charged {
			t.Errorf("X charges %v, the ledger has %v", amount(charged), got)
		}
	})
}

func TestCallsAtTheSameTimeDoNotOverrunTheBudgetTogether(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, "2")
	noon(w)
	w.SetOption(t, "zuerich", "money", 1)
	b := w.Bot.(*bot)
	var group sync.WaitGroup
	var mu sync.Mutex
	paid := 0
	for range 20 {
		group.Go(func() {
			_, err := b.reserve(t.Context(), "zuerich", 150_000)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				paid++
			} else if !errors.Is(err, errBudget) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := ledger(t, w); paid != 6 || got.Cost != 900_000 || got.Calls != 6 {
		t.Errorf("%d were paid, the ledger has %+v", paid, got)
	}
}

func TestACrashCountsTooMuchRatherThanTooLittle(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, "2")
	noon(w)
	b := w.Bot.(*bot)
	reservation, err := b.reserve(t.Context(), "zuerich", 150_000)
	if err != nil {
		t.Fatal(err)
	}
	w.Restart(t) // instead of reservation.commit
	if got := ledger(t, w); got.Cost != 150_000 || got.Calls != 1 {
		t.Errorf("the ledger has %+v", got)
	}
	if err := reservation.commit(t.Context(), 200_000); err != nil { // more than reserved
		t.Fatal(err)
	}
	if got := ledger(t, w); got.Cost != 200_000 {
		t.Errorf("the ledger has %+v", got)
	}
}

func TestTheMetersShowTheSpending(t *testing.T) {
	t.Parallel()
	w, _ := newConnectedAtNoon(t)
	w.SetOption(t, "zuerich", "calls", 12_000)
	mustSend(t, w, other(w, "1", "kontrolle u8"))
	page := w.Settings(t, "zuerich", "en")
	for _, part := range []string{
		`max="5000000" value="25000"`, "0.025 of 5.00 USD</meter>", `max="12000" value="2"`, "2 of 12\u202F000 </meter>", "Money spent this month",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("%q is not in the page: %s", part, page)
		}
	}
	if page := w.Settings(t, "zuerich", "de"); !strings.Contains(page, "0.025 von 5.00 USD") {
		t.Errorf("page: %s", page)
	}
	w.SetOption(t, "zuerich", "money", 0)
	if page := w.Settings(t, "zuerich", "en"); strings.Contains(page, `max="0"`) || !strings.Contains(page, "0.025 of 0.00 USD") {
		t.Errorf("page: %s", page)
	}
}

func TestAMonthIsInUTC(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)
	if month(at) != "2026-12" || month(at.Add(time.Hour)) != "2027-01" || untilNextMonth(at) != 30*time.Minute {
		t.Errorf("%s, %s, %v", month(at), month(at.Add(time.Hour)), untilNextMonth(at))
	}
	if east := at.In(time.FixedZone("east", 3600*9)); month(east) != "2026-12" {
		t.Errorf("in the east it is %s", month(east))
	}
}
