package app

import (
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/commands"
)

func TestTheStatusOfTheInstanceCountsWhatWaitsAndWhatIsStored(t *testing.T) {
	t.Parallel()
	p := openBerlin(t, time.Now)
	answer := p.runAsOperator(t.Context(), socketCall{Name: "instance status", Lang: "en"})
	if want := "Version " + version() + ", on 1 running nodes; waiting: 0 reports for the censor, 0 deliveries, 0 mails; stored: "; !strings.HasPrefix(answer.Text, want) {
		t.Errorf("%+v", answer)
	}
	s := answer.Result.(commands.InstanceStatus)
	if s.Database < 100_000 || len(s.Streams) != 2 || s.Streams[0].Name != "SETTINGS" || len(s.Nodes) != 1 || !s.Nodes[0].Running || s.Nodes[0].Version != version() || len(s.Unread) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestTheOperatorSeesWhatIsKnownWhileTheBrokerIsAway(t *testing.T) {
	t.Parallel()
	p := openBerlin(t, time.Now)
	p.bus.Close()
	answer := p.runAsOperator(t.Context(), socketCall{Name: "instance status", Lang: "en"})
	s, ok := answer.Result.(commands.InstanceStatus)
	if !ok || !slices.Equal(s.Unread, []string{"broker"}) || s.Database == 0 || len(s.Nodes) != 1 || !strings.Contains(answer.Text, "Could not be read: broker.") {
		t.Errorf("%+v", answer)
	}
	if list := p.runAsOperator(t.Context(), socketCall{Name: "city search", Lang: "en"}); !strings.Contains(list.Text, "berlin") {
		t.Errorf("%+v", list)
	}
}
