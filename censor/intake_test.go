package censor

import (
	"fmt"
	"testing"

	"linienfunk/report"
)

func newMessage(seq uint64, city string) message {
	return message{Seq: seq, Value: report.Report{City: city, ID: fmt.Sprint(seq)}}
}

func TestAFloodOfOneCityDelaysNoOtherCity(t *testing.T) {
	t.Parallel()
	in := newIntake()
	for seq := range uint64(6000) {
		in.put(newMessage(seq, "zuerich"))
	}
	in.put(newMessage(6000, "ghent"))
	batch := in.take(t.Context(), batchSize)
	if len(batch) != batchSize || batch[0].Seq != 0 || batch[1].Value.City != "ghent" || batch[2].Seq != 1 {
		t.Errorf("%d messages, the first ones %v", len(batch), batch[:3])
	}
}

func TestAMessageThatIsDeliveredAgainWhileItWaitsIsJudgedOnce(t *testing.T) {
	t.Parallel()
	in := newIntake()
	in.put(newMessage(1, "zuerich"))
	in.put(newMessage(1, "zuerich"))
	batch := in.takeNow(batchSize)
	in.put(newMessage(1, "zuerich"))
	if again := in.takeNow(batchSize); len(batch) != 1 || len(again) != 0 {
		t.Errorf("taken %d times, then %d times", len(batch), len(again))
	}
	in.forget(batch...)
	in.put(newMessage(1, "zuerich"))
	if again := in.takeNow(batchSize); len(again) != 1 {
		t.Errorf("put back, and taken %d times", len(again))
	}
}
