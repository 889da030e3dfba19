package telegram

import (
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
)

func TestAReportThatTelegramRejectsForAllWhoWantItEndsTheBroadcast(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	subscribe(t, w, fake, "marta", "jan")
	fake.Say(botOf("zuerich"), "jan", "/lines m10")
	receive(t, w, "zuerich")
	fake.Fail(bottest.Refuse)
	_, served, err := theBot(w).SendPage(t.Context(), a, about(w, "1", "kontrolle u8"), "")
	if bots.AsError(err).Kind != bots.KindPermanent || served != 0 {
		t.Errorf("%d served: %v", served, err)
	}
}

func TestAReportThatTelegramRejectsForPeopleAndGroupsIsRecordedAsFailed(t *testing.T) {
	t.Parallel()
	for _, refuse := range []bool{true, false} {
		w, fake, a := newConnected(t)
		subscribe(t, w, fake, "marta")
		fake.Restrict("marta")
		chat := addGroup(t, w, fake, channel, "Meldungen")
		fake.Mute(chat, refuse)
		var err error
		for at := "start"; at != "" && err == nil; {
			at, _, err = theBot(w).SendPage(t.Context(), a, other(w, "1", "kontrolle u8"), strings.TrimPrefix(at, "start"))
		}
		if refused := bots.AsError(err).Kind == bots.KindPermanent; refused != refuse {
			t.Errorf("the channel refuses: %v; %v", refuse, err)
		}
	}
}
