package telegram

import (
	"testing"

	"linienfunk/ancestors/ancestorstest"
)

func TestAnImportedBotHasItsSubscribersAndReadsOnBehindTheLastUpdate(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	token := fake.AddBot(botOf("zuerich"))
	old := ancestorstest.Ticketfrei(t)
	old.TicketfreiCity(1, "Zürich", "ada@example.org", ancestorstest.Scrypt)
	old.Exec("UPDATE telegram_accounts SET apikey = ?", token)
	old.Exec("UPDATE seen_telegrams SET tg_id = 700123")
	for _, chat := range []int64{fake.Person("marta"), fake.Person("jan"), -100200300} {
		old.Exec("INSERT INTO telegram_subscribers (user_id, subscriber_id) VALUES (1, ?)", chat)
	}
	r := w.Import(t, "zuerich", old.City(1))
	if len(r.Lost) != 1 { // the group
		t.Errorf("%+v", r)
	}
	row, c := account(t, w, "zuerich")
	if row.BotID != fake.BotID(botOf("zuerich")) || nextOffset(row, w.Time()) != 700124 {
		t.Errorf("account %+v", row)
	}
	if n, err := theBot(w).store.countPrivate(t.Context(), "zuerich"); n != 2 || err != nil {
		t.Errorf("%d subscribers, %v", n, err)
	}
	if v, ok, err := theBot(w).store.findChat(t.Context(), "zuerich", fake.Person("jan")); !ok || err != nil || !v.Active {
		t.Errorf("jan: %+v, %v", v, err)
	}
	before := w.Account(t, "zuerich")
	if _, err := theBot(w).updateProfile(t.Context(), row, c); err != nil {
		t.Fatal(err)
	}
	if after := w.Account(t, "zuerich"); after.Label != "@"+botOf("zuerich") || after.Revision == before.Revision {
		t.Errorf("account %+v", after)
	}
}
