package app

import (
	"testing"
	"time"
)

func TestTheStatusOfTheInstanceCountsWhatWaits(t *testing.T) {
	t.Parallel()
	p := openBerlin(t, time.Now)
	answer := p.runAsOperator(t.Context(), socketCall{Name: "instance status", Lang: "en"})
	if want := "Version " + version() + "; waiting: 0 reports for the censor, 0 deliveries, 0 mails."; answer.Text != want {
		t.Errorf("%+v", answer)
	}
}
