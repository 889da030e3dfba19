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
